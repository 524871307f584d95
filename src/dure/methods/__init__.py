"""Parts of methods that several trades use, each written like its paper. Open to projects; numpy is all they need."""

from dure.methods.arrays import kept_arrays, load_arrays, save_arrays
from dure.methods.columns import column_scale, known_mean
from dure.methods.loss import pinball

__all__ = ["column_scale", "kept_arrays", "known_mean", "load_arrays", "pinball", "save_arrays"]
