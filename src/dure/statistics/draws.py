"""Random draws, the same on every machine: resampled blocks and swapped signs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from dure.statistics.types import Array

EXACT = 11  # up to so many blocks every exchange is tried (2^11 = 2048), beyond it `resamples` are drawn
CHUNK = 200_000  # blocks x resamples held at once: a few megabytes, which stay in the processor's cache


def random_bits(seed: int, stream: int) -> np.random.PCG64:
    """A stream of random words, the same on every machine."""
    return np.random.PCG64(np.random.SeedSequence((seed, stream)))


def resample_counts(bits: np.random.PCG64, rows: int, size: int) -> Array:
    """How often each of `size` blocks is drawn, (rows, size); the upper 32 bits of a word scaled to a place."""
    drawn = ((bits.random_raw(rows * size) >> np.uint64(32)) * np.uint64(size) >> np.uint64(32)).astype(np.int64)
    drawn += np.repeat(np.arange(rows) * size, size)
    return np.bincount(drawn, minlength=rows * size).reshape(rows, size).astype(float)


def swap_signs(units: int, bits: np.random.PCG64, resamples: int) -> Iterator[Array]:
    """Zeros and ones, (rows, units): every exchange there is, or as many as are drawn."""
    if units <= EXACT:
        yield (np.arange(2**units)[:, None] >> np.arange(units) & 1).astype(float)
        return
    for rows in chunk_rows(resamples, units):
        yield (bits.random_raw(rows * units) >> np.uint64(63)).astype(float).reshape(rows, units)


def chunk_rows(resamples: int, size: int) -> list[int]:
    """`resamples` in parts that are held at once."""
    part = max(CHUNK // size, 1)
    return [min(part, resamples - start) for start in range(0, resamples, part)]
