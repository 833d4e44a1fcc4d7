"""One slot through the Open Inference Protocol: plain tensors, whatever the model calls them."""

import grpc
import numpy as np

from slot import Slot, arguments, credentials, run
from inference import grpc_service_pb2 as oip
from inference import grpc_service_pb2_grpc


def gold(c_init, length):
    """c(n) of TS 38.211 5.2.1."""
    x1 = np.zeros(1600 + length + 31, np.uint8)
    x2 = np.zeros_like(x1)
    x1[0] = 1
    x2[:31] = [(c_init >> i) & 1 for i in range(31)]
    for n in range(1600 + length):
        x1[n + 31] = x1[n + 3] ^ x1[n]
        x2[n + 31] = x2[n + 3] ^ x2[n + 2] ^ x2[n + 1] ^ x2[n]
    return x1[1600:][:length] ^ x2[1600:][:length]


def pilots(config, n_sym, n_sc):
    """DMRS of type 1 on port 0, from TS 38.211 7.4.1.1: complex [nSym, nSc], zero where there is none."""
    grid = np.zeros((n_sym, n_sc), np.complex64)
    for symbol in config["symbolPositions"]:
        per_slot = 14 * config["slot"] + symbol + 1
        c_init = ((per_slot * (2 * config["nId"] + 1) << 17) + 2 * config["nId"] + config["nScid"]) % 2**31
        c = 1 - 2.0 * gold(c_init, n_sc)
        grid[symbol, ::2] = (c[0::2] + 1j * c[1::2]) / np.sqrt(2)
    return grid


def planes(grids):
    """complex [n, nSym, nSc] as float32 [1, 2n, nSym, nSc]: re, im of the first, re, im of the second, …"""
    return np.stack([grids.real, grids.imag], 1).reshape(1, -1, *grids.shape[1:]).astype("<f4")


def main():
    options = arguments(__doc__).parse_args()
    slot = Slot(options.slot)
    dmrs = pilots(slot.dmrs, *slot.rx.shape[1:])
    tensors = {"rx_grid": planes(slot.rx), "dmrs": planes(dmrs[None])}
    request = oip.ModelInferRequest(model_name=options.model, id="slot")
    for name, values in tensors.items():
        request.inputs.add(name=name, datatype="FP32", shape=values.shape)
        request.raw_input_contents.append(values.tobytes())
    with grpc.insecure_channel(options.target) as channel:
        service = grpc_service_pb2_grpc.GRPCInferenceServiceStub(channel)
        server = service.ServerMetadata(oip.ServerMetadataRequest(), metadata=credentials(options))
        answer = service.ModelInfer(request, metadata=credentials(options))
    shape = answer.outputs[0].shape  # [1, Qm, nSym, nSc]
    llr = np.frombuffer(answer.raw_output_contents[0], "<f4").reshape(shape)[0]
    batch = answer.parameters["batch_size"].int64_param
    print(f"{server.name} {server.version}: {answer.model_name}/{answer.model_version}, batch of {batch}, llr {list(shape)}")
    if slot.bits is not None:
        # Codeword order: data elements frequency first, then symbols, and the bits of each.
        codeword = llr.transpose(1, 2, 0)[dmrs == 0].reshape(-1)
        wrong = slot.bit_errors(codeword)
        print(f"BER {wrong / slot.bits.size:.4f} ({wrong} of {slot.bits.size} bits)")


run(main)
