"""Streams grids to SpikingRx over gRPC, a window of them in flight, and counts bit errors."""

import threading
import time

import grpc
import numpy as np
from google.protobuf.json_format import ParseDict

from slot import Slot, arguments, credentials, run
from spikingrx.v1 import llr_pb2 as llr
from spikingrx.v1 import llr_pb2_grpc


def requests(slot, options, room):
    """One grid a message; waits while the window is full."""
    config = ParseDict(slot.dmrs, llr.DmrsConfig())
    for i in range(options.grids):
        room.acquire()
        rx = llr.IqTensor(
            datatype=llr.IQ_DATATYPE_CF32_LE, shape=slot.rx.shape, data=slot.turned(i).astype("<c8").tobytes()
        )
        yield llr.StreamLlrRequest(
            model=options.model, grids=[llr.Grid(id=f"grid-{i}", rx=rx, dmrs_config=config)]
        )


def main():
    parser = arguments(__doc__)
    parser.add_argument("--grids", type=int, default=200)
    parser.add_argument("--window", type=int, default=32, help="most grids in flight")
    options = parser.parse_args()
    slot = Slot(options.slot)
    room = threading.Semaphore(options.window)
    answered = errors = wrong = bits = 0
    start = time.perf_counter()
    with grpc.insecure_channel(options.target) as channel:
        service = llr_pb2_grpc.LlrServiceStub(channel)
        answers = service.StreamLlr(requests(slot, options, room), metadata=credentials(options))
        for response in answers:
            for result in response.results:  # those that became ready together
                room.release()
                answered += 1
                if result.WhichOneof("outcome") == "error":
                    errors += 1
                    print(f"{result.id}: {result.error.code}: {result.error.message}")
                elif slot.bits is not None:
                    wrong += slot.bit_errors(np.frombuffer(result.llr.data, "<f4"))
                    bits += slot.bits.size
    seconds = time.perf_counter() - start
    print(f"{answered} grids answered, {errors} with an error, {answered / seconds:.0f} grids/s")
    if bits:
        print(f"BER {wrong / bits:.4f} ({wrong} of {bits} bits)")


run(main)
