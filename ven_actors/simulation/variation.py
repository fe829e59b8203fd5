"""Seeded variation without state: a number depends on its key and its moment, on nothing else.

Integer hashing (splitmix64), not a random generator: the same on every machine and in every version of numpy.
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
import numpy.typing as npt

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11 = (np.uint64(bits) for bits in (30, 27, 31, 11))


def keys(seed: int, name: str, count: int) -> npt.NDArray[np.uint64]:
    """`count` (at most 8) 64-bit keys that belong to this seed and name."""
    digest = blake2b(f"{seed}\0{name}".encode(), digest_size=8 * count).digest()
    return np.frombuffer(digest, dtype="<u8").astype(np.uint64)


def uniform(of: npt.NDArray[np.uint64], *moment: int) -> npt.NDArray[np.float64]:
    """Numbers in [-1, 1), one per key, of this moment; shape of `of`."""
    salt = 0
    for part in moment:
        salt = _mix((salt ^ (part & _MASK)) + _GOLDEN)
    z = of ^ np.uint64(salt)
    z ^= z >> _S30
    z *= _FIRST
    z ^= z >> _S27
    z *= _SECOND
    z ^= z >> _S31
    z >>= _S11
    return z.astype(np.float64) * 2.0**-52 - 1.0


def _mix(value: int) -> int:
    z = value & _MASK
    z = (z ^ z >> 30) * int(_FIRST) & _MASK
    z = (z ^ z >> 27) * int(_SECOND) & _MASK
    return z ^ z >> 31
