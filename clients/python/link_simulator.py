"""A link simulator of its own: QPSK slots over a fading channel to SpikingRx over REST, bit errors by SNR."""

import argparse
import sys
import urllib.error
import urllib.parse
import urllib.request

import numpy as np

SYMBOLS, ANTENNAS, DMRS_SYMBOLS = 14, 2, (2, 11)


def qpsk(bits):
    """bits [..., 2] to symbols [...], TS 38.211 5.1.3."""
    signs = 1 - 2.0 * bits
    return (signs[..., 0] + 1j * signs[..., 1]) / np.sqrt(2)


def pilot_grid(random, n_sc):
    """Known symbols on every second subcarrier of the DMRS symbols, complex64 [nSym, nSc]; zero elsewhere."""
    pilots = np.zeros((SYMBOLS, n_sc), np.complex64)
    for symbol in DMRS_SYMBOLS:
        pilots[symbol, ::2] = qpsk(random.integers(0, 2, (n_sc // 2, 2)))
    return pilots


def channel(random, n_sc, spacing_hz=30e3, spread_s=100e-9):
    """Eight Rayleigh taps with an exponential profile, still for a slot: complex [nRx, 1, nSc], mean power 1."""
    delays = np.linspace(0, 4 * spread_s, 8)
    powers = np.exp(-delays / spread_s)
    taps = random.normal(size=(ANTENNAS, 8, 2)) @ [1, 1j] * np.sqrt(powers / powers.sum() / 2)
    return (taps @ np.exp(-2j * np.pi * spacing_hz * np.outer(delays, np.arange(n_sc))))[:, None, :]


def llrs(options, received, pilots):
    """The service's LLRs, float32 [grids, G]; received: complex64 [grids, nRx, nSym, nSc]."""
    query = {"model": options.model, "shape": ",".join(map(str, received.shape[1:])), "grids": len(received)}
    # Each grid's samples, then its pilots.
    body = b"".join(grid.astype("<c8").tobytes() + pilots.astype("<c8").tobytes() for grid in received)
    headers = {"content-type": "application/octet-stream"}
    if options.token:
        headers["authorization"] = f"Bearer {options.token}"
    url = f"{options.url}/v1/llr?{urllib.parse.urlencode(query)}"
    with urllib.request.urlopen(urllib.request.Request(url, body, headers)) as answer:
        return np.frombuffer(answer.read(), "<f4").reshape(len(received), -1)


def measure(options, random, snr_db):
    """Bit error rates of SpikingRx and of maximum ratio combining that knows the channel."""
    n_sc, n0 = 12 * options.prb, 10 ** (-snr_db / 10)
    pilots = pilot_grid(random, n_sc)
    data = pilots == 0  # in this order, frequency first, LLRs come
    bits = random.integers(0, 2, (options.slots, data.sum(), 2))
    sent = np.broadcast_to(pilots, (options.slots, SYMBOLS, n_sc)).copy()
    sent[:, data] = qpsk(bits)
    h = np.stack([channel(random, n_sc) for _ in range(options.slots)])
    noise = random.normal(size=(options.slots, ANTENNAS, SYMBOLS, n_sc, 2)) @ [1, 1j] * np.sqrt(n0 / 2)
    received = h * sent[:, None] + noise
    combined = (h.conj() * received).sum(1)[:, data]
    known = np.stack([combined.real, combined.imag], -1)
    answer = llrs(options, received.astype(np.complex64), pilots).reshape(bits.shape)
    # ln P(b=0)/P(b=1): positive means 0.
    return np.mean((answer < 0) != bits), np.mean((known < 0) != bits)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://localhost:8000")
    parser.add_argument("--model", default="spikingrx-qpsk-2rx")
    parser.add_argument("--token", help="API key or token, where the service wants one")
    parser.add_argument("--prb", type=int, default=4)
    parser.add_argument("--slots", type=int, default=32, help="slots at each SNR, sent in one request")
    parser.add_argument("--snr", default="0,4,8,12", help="dB, received energy per resource element and antenna over N0")
    options = parser.parse_args()
    random = np.random.default_rng(1)
    print("SNR (dB)  SpikingRx  channel known")
    for snr_db in map(float, options.snr.split(",")):
        print("%8.1f  %9.4f  %13.4f" % (snr_db, *measure(options, random, snr_db)))


try:
    main()
except urllib.error.HTTPError as error:
    sys.exit(f"{error.code}: {error.read().decode()}")
