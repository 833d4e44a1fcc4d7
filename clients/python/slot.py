"""A slot of samples/ as numpy arrays, and what the examples share."""

import argparse
import json
import sys
from pathlib import Path

import grpc
import numpy as np

HERE = Path(__file__).parent
SAMPLES = HERE.parent.parent / "samples"
sys.path.insert(0, str(HERE / "stubs"))


def arguments(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--target", default="localhost:8001", help="gRPC address of the service")
    parser.add_argument("--model", default="spikingrx-qpsk-2rx")
    parser.add_argument("--token", help="API key or token, where the service wants one")
    parser.add_argument("--slot", default=SAMPLES / "slot", type=Path, help="path without .cf32")
    return parser


def credentials(options):
    """Metadata of every call."""
    return [("authorization", f"Bearer {options.token}")] if options.token else []


def run(main):
    """Says in one line why a call failed."""
    try:
        main()
    except grpc.RpcError as error:
        sys.exit(f"{error.code().name}: {error.details()}")


class Slot:
    """rx: complex64 [nRx, nSym, nSc]; dmrs: the configuration of its pilots; bits: those sent, codeword order."""

    def __init__(self, path):
        described = json.loads(Path(f"{path}.cf32.json").read_text())
        self.rx = np.fromfile(f"{path}.cf32", "<c8").reshape(described["shape"])
        self.dmrs = described["dmrs"]["config"]
        truth = Path(f"{path}.truth.json")
        bits = json.loads(truth.read_text())["bits"] if truth.exists() else None
        self.bits = None if bits is None else np.frombuffer(bits.encode(), np.uint8) - ord("0")

    def turned(self, seed):
        """The slot as a receiver with another phase would have it: no receiver should mind."""
        return self.rx * np.complex64(np.exp(2j * np.pi * np.random.default_rng(seed).random()))

    def bit_errors(self, llrs):
        """LLR = ln P(b=0)/P(b=1): positive means 0."""
        return int(np.count_nonzero((llrs < 0) != self.bits))
