"""What a method has fitted, kept as one .npz file of numpy arrays: read back, nothing in it is executed."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from dure.content_store import write_atomically


def save_arrays(path: Path, /, **arrays: Any) -> None:
    """Write arrays by name, aside and renamed: a kill leaves the old file or the new one. Raises ValueError for objects."""
    buffer = io.BytesIO()
    named: dict[str, Any] = {name: np.asarray(array) for name, array in arrays.items()}
    np.savez(buffer, allow_pickle=False, **named)
    write_atomically(path, buffer.getvalue())


def load_arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of `save_arrays` by name."""
    with np.load(path, allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


def kept_arrays(path: Path, fit: Callable[[], Mapping[str, Any]]) -> dict[str, np.ndarray]:
    """What was fitted before and is kept at `path`, else `fit()`, written down."""
    if not path.is_file():
        save_arrays(path, **fit())
    return load_arrays(path)
