"""The draws of zoneout in Triton: bit for bit those of `gatelet.kernels.zoneout`."""

import triton
import triton.language as tl


@triton.jit
def _mix64(v):
    """The finalizer of SplitMix64."""
    v = (v ^ (v >> 30)) * 0xBF58476D1CE4E5B9
    v = (v ^ (v >> 27)) * 0x94D049BB133111EB
    return v ^ (v >> 31)


@triton.jit
def keeps(seed, stream: tl.constexpr, step, sequence, unit, threshold):
    """Which units keep their old state, (BM, BN), of some sequences (BM,) and units (BN,) at one step."""
    start = tl.load(seed).to(tl.uint64, bitcast=True)
    if stream == 0:
        key = _mix64(start + 0x9E3779B97F4A7C15)
    else:
        key = _mix64(start + 0x3C6EF372FE94F82A)
    key = _mix64(key ^ ((step.to(tl.uint64) << 32) + sequence.to(tl.uint64)))
    low, high = key.to(tl.uint32), (key >> 32).to(tl.uint32)
    v = (unit.to(tl.uint32) * 0x9E3779B9)[None, :] ^ low[:, None]
    v = (v ^ (v >> 16)) * 0x7FEB352D
    v = (v ^ (v >> 15)) ^ high[:, None]
    v = v * 0x846CA68B
    v = v ^ (v >> 16)
    return (v >> 8).to(tl.int32) < threshold
