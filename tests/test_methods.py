"""Parts of methods that several trades use: truths by hand, and what is kept comes back."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from dure.methods import column_scale, kept_arrays, known_mean, load_arrays, pinball, save_arrays

LEVELS = np.arange(1, 20) / 20


def test_the_pinball_loss_by_hand():
    """Below the truth a level costs its share of the distance, above it the rest of it: half of it on average."""
    forecast = np.full((1, 19), 0.4)
    assert pinball(forecast, np.array([0.9]), [0.5])[0] == pytest.approx(0.5 * 0.5)
    assert pinball(forecast[:, :1], np.array([0.9]), [0.1])[0] == pytest.approx(0.1 * 0.5)
    assert pinball(forecast[:, :1], np.array([0.0]), [0.1])[0] == pytest.approx(0.9 * 0.4)
    assert pinball(forecast, np.array([0.9]), LEVELS)[0] == pytest.approx(0.5 * 0.5)


@given(arrays_of.arrays(float, st.integers(20, 60), elements=st.floats(-100, 100)), st.floats(-20, 20))
def test_no_constant_costs_less_than_the_quantiles_of_what_came(truth, shift):
    usual = np.quantile(truth, LEVELS, method="inverted_cdf")
    costs = [pinball(np.tile(usual + offset, (truth.size, 1)), truth, LEVELS).mean() for offset in (0, shift)]
    assert costs[0] <= costs[1] + 1e-9


def test_a_mean_is_of_what_is_known_and_says_nothing_where_nothing_is():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert known_mean(np.array([[1.0, np.nan, np.nan], [3.0, 4.0, np.nan]]), 0).tolist()[:2] == [2.0, 4.0]
        assert np.isnan(known_mean(np.full((2, 3), np.nan), 1)).all()


def test_a_column_that_is_always_the_same_has_a_scale():
    mean, spread = column_scale(np.array([[1.0, 5.0], [3.0, 5.0]]))
    assert (mean.tolist(), spread.tolist()) == ([2.0, 5.0], [1.0, 1.0])


def test_what_is_kept_comes_back_and_is_not_fitted_again(tmp_path):
    place, fits = tmp_path / "fit.npz", []

    def fit():
        fits.append(1)
        return {"power": [1.5, 2.5], "names": np.array(["a", "바람"]), "07": np.zeros((2, 3), np.float32)}

    first, again = kept_arrays(place, fit), kept_arrays(place, fit)
    assert len(fits) == 1
    for arrays in (first, again, load_arrays(place)):
        assert arrays["power"].tolist() == [1.5, 2.5]
        assert arrays["names"].tolist() == ["a", "바람"]
        assert (arrays["07"].dtype, arrays["07"].shape) == (np.float32, (2, 3))


def test_objects_are_neither_written_nor_read(tmp_path):
    with pytest.raises(ValueError, match="allow_pickle"):
        save_arrays(tmp_path / "fit.npz", bad=np.array([{}, []], dtype=object))
    assert not list(tmp_path.iterdir())
    np.savez(tmp_path / "other.npz", bad=np.array([{}], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle"):
        load_arrays(tmp_path / "other.npz")
