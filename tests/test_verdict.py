"""The statistics of a verdict: small cases by hand, symmetries, and a small part of the gate (docs/gate.md is the whole)."""

import math
from itertools import pairwise

import gate
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dure.errors import UserError
from dure.statistics import bootstrap, draws, types
from dure.statistics.blocks import autocorrelation, skewness, time_blocks
from dure.statistics.multiplicity import holm
from dure.statistics.power import detectable_gain
from dure.statistics.rules.rule_1 import census, compare
from dure.statistics.types import Pair

MEAN = "loss / cases"
RMS = "sqrt(squares / cases)"
VALUES = st.integers(-64, 64).map(lambda eighth: eighth / 8)
GAINS = st.lists(VALUES, min_size=6, max_size=14)


def of_gains(gains, sizes=None):
    """A pair whose offer loses `gains` less a case, block by block."""
    cases = np.ones(len(gains)) if sizes is None else np.array(sizes, dtype=float)
    practice = 10 * cases
    return Pair(
        {"loss": practice - cases * np.array(gains, dtype=float), "cases": cases}, {"loss": practice, "cases": cases}
    )


def shuffled(pair, order):
    offer, practice = ({name: values[order] for name, values in side.items()} for side in (pair.offer, pair.practice))
    return Pair(offer, practice)


def forecasts(rng, blocks):
    """Squared errors of two forecasts, blocks of unequal size."""
    cases = rng.integers(1, 20, blocks).astype(float)
    return Pair(*({"squares": rng.chisquare(cases) * scale, "cases": cases} for scale in (0.8, 1.0)))


def test_six_blocks_by_hand():
    found = compare([of_gains([1, 2, 3, 4, 5, 6])], MEAN, "lower")
    error = math.sqrt(3.5 / 6)  # the six gains have variance 3.5
    assert (found.verdict, found.because, found.blocks, found.units, found.unit) == (
        "better",
        "interval and swap",
        6,
        6,
        "block",
    )
    assert found.mean == pytest.approx(3.5)
    assert found.p_better == 1 / 64  # only the exchange of nothing gains as much
    assert found.p_worse == 1
    assert found.resolution == pytest.approx(4.91 * error)
    assert found.rare == 2
    assert 0 < found.low < 3.5 < found.high


def test_the_exchange_by_hand():
    found = compare([of_gains([1, 1, 1, 1, 1, -1])], MEAN, "lower")
    assert found.p_better == 7 / 64  # six ones, or five and a minus one
    assert found.p_worse == 63 / 64


def test_the_interval_is_the_textbooks_for_means():
    gains = np.sort(np.random.default_rng(3).normal(1, 2, 9))
    counts = draws.resample_counts(draws.random_bits(0, 0), 999, 9)
    found = compare([of_gains(gains)], MEAN, "lower")
    order = np.lexsort(np.vstack([np.ones(9), 10 - gains]))
    drawn = [np.repeat(gains[order], row.astype(int)) for row in counts]
    scaled = np.sort([(sample.mean() - gains.mean()) / (sample.std(ddof=1) / 3) for sample in drawn])
    error = gains.std(ddof=1) / 3
    assert found.low == pytest.approx(gains.mean() - scaled[974] * error)
    assert found.high == pytest.approx(gains.mean() - scaled[24] * error)


def test_the_jackknife_leaves_one_copy_of_a_block_out():
    rng = np.random.default_rng(5)
    pair, drawn = forecasts(rng, 7), [0, 0, 2, 3, 3, 3, 6]
    kpi = types.kpi_sums(RMS, "lower")
    site = types.SiteSums(types.stacked(pair.offer, kpi), types.stacked(pair.practice, kpi))
    gain, squared = bootstrap.jackknife(kpi, site, np.bincount(drawn, minlength=7)[None, :].astype(float))

    def by_loop(blocks):
        def number(sums):
            return math.sqrt(sum(sums["squares"][blocks]) / sum(sums["cases"][blocks]))

        return number(pair.practice) - number(pair.offer)

    without = np.array([by_loop(drawn[:place] + drawn[place + 1 :]) for place in range(7)])
    assert gain[0] == pytest.approx(by_loop(drawn))
    assert squared[0] == pytest.approx(6 / 7 * np.sum((without - without.mean()) ** 2))


@settings(deadline=None, max_examples=40)
@given(GAINS, st.integers(0, 3))
def test_exchanging_the_methods_mirrors_the_finding(gains, seed):
    pair = of_gains(gains)
    found, turned = (
        compare([pair], MEAN, "lower", seed=seed),
        compare([Pair(pair.practice, pair.offer)], MEAN, "lower", seed=seed),
    )
    assert turned.verdict == {"better": "worse", "worse": "better"}.get(found.verdict, found.verdict)
    if found.mean:
        low, mean, high = (None if each is None else -each for each in (found.high, found.mean, found.low))
        assert (turned.low, turned.mean, turned.high) == (low, mean, high)
        assert (turned.p_better, turned.p_worse, turned.undo) == (found.p_worse, found.p_better, found.undo)


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_the_order_of_blocks_changes_no_digit(data):
    gains = data.draw(GAINS)
    order = data.draw(st.permutations(range(len(gains))))
    pair = of_gains(gains, sizes=[1 + place % 4 for place in range(len(gains))])
    assert compare([shuffled(pair, list(order))], MEAN, "lower") == compare([pair], MEAN, "lower")


@settings(deadline=None, max_examples=40)
@given(GAINS, st.sampled_from([0.25, 2.0, 1024.0]))
def test_a_change_of_unit_changes_the_unit_only(gains, scale):
    pair = of_gains(gains)
    grown = Pair(*({"loss": side["loss"] * scale, "cases": side["cases"]} for side in (pair.offer, pair.practice)))
    found, other = compare([pair], MEAN, "lower"), compare([grown], MEAN, "lower")
    assert (other.verdict, other.because, other.p_better, other.more_blocks) == (
        found.verdict,
        found.because,
        found.p_better,
        found.more_blocks,
    )
    for name in ("low", "mean", "high", "resolution", "undo"):
        before, after = getattr(found, name), getattr(other, name)
        assert after == (None if before is None else before * scale)


@settings(deadline=None, max_examples=40)
@given(GAINS)
def test_the_interval_of_a_verdict_leaves_zero_out(gains):
    found = compare([of_gains(gains)], MEAN, "lower")
    assert found.verdict != "better" or (found.low > 0 and found.p_better <= 0.025)
    assert found.verdict != "worse" or (found.high < 0 and found.p_worse <= 0.025)


def test_higher_is_better_where_it_is_said():
    pair = of_gains([1, 2, 3, 4, 5, 6])
    assert compare([pair], MEAN, "higher").verdict == "worse"


def test_the_seed_decides_the_digits():
    pair = of_gains(np.random.default_rng(0).normal(size=20))
    assert compare([pair], MEAN, "lower", seed=1) == compare([pair], MEAN, "lower", seed=1)
    assert compare([pair], MEAN, "lower", seed=1) != compare([pair], MEAN, "lower", seed=2)


def test_random_numbers_are_the_same_everywhere():
    assert draws.resample_counts(draws.random_bits(0, 0), 2, 5).astype(int).tolist() == [
        [2, 1, 0, 1, 1],
        [0, 0, 1, 2, 2],
    ]


@pytest.mark.parametrize(
    ("blocks", "level", "because"), [(5, 0.95, "under six blocks"), (7, 0.99, "under eight blocks")]
)
def test_too_few_blocks(blocks, level, because):
    found = compare([of_gains([1.0] * blocks)], MEAN, "lower", level=level)
    assert (found.verdict, found.because, found.more_blocks, found.low, found.p_better) == (
        "too few",
        because,
        1,
        None,
        None,
    )
    assert found.mean == pytest.approx(1)
    assert compare([of_gains([1.0] * (blocks + 1))], MEAN, "lower", level=level).verdict == "better"


def test_no_difference_in_any_block():
    found = compare([of_gains([0] * 9)], MEAN, "lower")
    assert (found.verdict, found.because, found.low, found.mean, found.high) == ("not shown", "no difference", 0, 0, 0)


def test_a_difference_of_rounding_is_none():
    practice, cases = np.full(9, 0.3), np.ones(9)
    found = compare(
        [Pair({"loss": np.full(9, 0.1 + 0.2), "cases": cases}, {"loss": practice, "cases": cases})], MEAN, "lower"
    )
    assert found.because == "no difference"


def test_a_block_without_cases_is_no_obstacle():
    pair = of_gains([1, 2, 3, 4, 5, 6, 0], sizes=[4, 4, 4, 4, 4, 4, 0])
    assert compare([pair], MEAN, "lower").verdict == "better"


def test_an_undefined_kpi_is_not_shown():
    pair = of_gains([1] * 8, sizes=[0] * 8)
    found = compare([pair], MEAN, "lower")
    assert (found.verdict, found.because, found.mean) == ("not shown", "undefined", None)


def test_a_kpi_that_hangs_on_one_block_has_no_interval():
    found = compare([of_gains([1] * 8, sizes=[5] + [0] * 7)], MEAN, "lower")
    assert (found.verdict, found.low, found.high) == ("not shown", None, None)


def test_the_number_over_sites_is_the_mean_of_their_numbers():
    found = compare([of_gains([1, 2, 3, 4]), of_gains([5, 6, 7, 8], sizes=[9] * 4)], MEAN, "lower")
    assert found.mean == pytest.approx((2.5 + 6.5) / 2)
    assert (found.unit, found.units, found.blocks) == ("block", 8, 8)
    assert found.p_better == 1 / 256  # blocks are exchanged within their sites


def test_six_sites_are_the_units():
    gains = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    sites = [of_gains([gain, gain, gain]) for gain in gains]
    found, blocks = compare(sites, MEAN, "lower"), compare([of_gains(gains)], MEAN, "lower")
    assert (found.unit, found.units, found.blocks) == ("site", 6, 18)
    assert found.p_better == 1 / 64
    assert found.resolution == pytest.approx(blocks.resolution)
    assert compare(sites[::-1], MEAN, "lower") == found


@pytest.mark.parametrize(
    ("blocks", "verdict", "because"),
    [([3, 3], "too few", "under six blocks"), ([4, 3], "better", "interval and swap"), ([9, 2], "too few", "a site under three blocks"),
     ([2, 2, 2, 2], "too few", "under six blocks"), ([3, 3, 3], "better", "interval and swap")],
)  # fmt: skip
def test_few_sites_need_the_freedom_of_six_blocks(blocks, verdict, because):
    rng = np.random.default_rng(2)
    found = compare([of_gains(rng.normal(5, 0.1, count)) for count in blocks], MEAN, "lower")
    assert (found.verdict, found.because) == (verdict, because)


def test_the_smaller_gain_needs_as_many_more_blocks_as_said():
    gains = np.random.default_rng(8).normal(0.2, 1, 20)
    found = compare([of_gains(gains)], MEAN, "lower")
    assert found.smaller == found.mean < found.resolution
    for more, enough in ((found.more_blocks, True), (found.more_blocks - 1, False)):
        blocks = 20 + more
        assert bool(detectable_gain(blocks) * gains.std(ddof=1) / math.sqrt(blocks) <= found.smaller) is enough


@pytest.mark.parametrize("blocks", [9, 24])
def test_one_more_block_undoes_the_verdict(blocks):
    gains = np.random.default_rng(blocks).normal(1, 0.8, blocks)
    found = compare([of_gains(gains)], MEAN, "lower")
    assert found.verdict == "better"
    assert compare([of_gains([*gains, -0.7 * found.undo])], MEAN, "lower").verdict == "better"
    assert compare([of_gains([*gains, -1.3 * found.undo])], MEAN, "lower").verdict == "not shown"


def test_what_undoes_a_total_is_in_the_unit_of_a_block():
    gains = np.random.default_rng(1).normal(1, 0.8, 12)
    mean, total = (compare([of_gains(gains)], of, "lower") for of in (MEAN, "loss"))
    assert total.mean == pytest.approx(12 * mean.mean)
    assert total.undo == pytest.approx(mean.undo, rel=0.1)  # to first order


def test_one_more_block_undoes_a_root_mean_square():
    rng = np.random.default_rng(0)
    cases = np.full(20, 12.0)
    offer, practice = rng.chisquare(12, 20) * 0.5, rng.chisquare(12, 20)
    found = compare([Pair({"squares": offer, "cases": cases}, {"squares": practice, "cases": cases})], RMS, "lower")

    def with_a_block_losing(loss):
        usual, size = practice.mean(), np.append(cases, 12.0)
        bad = 12 * (math.sqrt(usual / 12) + loss) ** 2
        pair = Pair(
            {"squares": np.append(offer, bad), "cases": size}, {"squares": np.append(practice, usual), "cases": size}
        )
        return compare([pair], RMS, "lower").verdict

    assert with_a_block_losing(0.7 * found.undo) == "better"
    assert with_a_block_losing(1.3 * found.undo) == "not shown"


def test_many_blocks_name_no_rare_loss():
    found = compare([of_gains(np.random.default_rng(0).normal(1, 1, 50))], MEAN, "lower")
    assert (found.verdict, found.rare, found.undo) == ("better", None, None)


def test_parts_held_at_once_change_no_digit(monkeypatch):
    pair = forecasts(np.random.default_rng(4), 40)
    whole = compare([pair], RMS, "lower")
    monkeypatch.setattr(draws, "CHUNK", 1000)
    parts = compare([pair], RMS, "lower")
    assert (parts.low, parts.high) == pytest.approx((whole.low, whole.high), rel=1e-12)  # the sums' order may differ
    assert (parts.p_better, parts.verdict) == (whole.p_better, whole.verdict)


def test_callers_mistakes():
    pair = of_gains([1] * 6)
    with pytest.raises(UserError, match="no sum named los"):
        compare([pair], "los / cases", "lower")
    with pytest.raises(ValueError, match="level"):
        compare([pair], MEAN, "lower", level=0.9)
    with pytest.raises(ValueError, match="resamples"):
        compare([pair], MEAN, "lower", resamples=100)
    with pytest.raises(ValueError, match="blocks"):
        compare([Pair(pair.offer, of_gains([1] * 7).practice)], MEAN, "lower")
    with pytest.raises(ValueError, match="no site"):
        compare([], MEAN, "lower")


@pytest.mark.parametrize(
    ("bands", "verdict", "because"),
    [([1, 2], "better", "census"), ([3, -1], "not shown", "census, worse in a band"), ([-3, 1], "worse", "census"),
     ([1, 0], "better", "census"), ([0, 0], "not shown", "census, equal"), ([1, -1], "not shown", "census, equal")],
)  # fmt: skip
def test_a_census_counts(bands, verdict, because):
    found = census([of_gains([gain]) for gain in bands], MEAN, "lower")
    assert (found.verdict, found.because, found.low, found.p_better) == (verdict, because, None, None)
    assert found.mean == pytest.approx(np.mean(bands))


def test_a_band_no_case_fell_into_has_no_voice():
    empty = of_gains([0], sizes=[0])
    assert census([of_gains([1]), empty], MEAN, "lower").verdict == "better"
    assert census([empty], MEAN, "lower").because == "undefined"


@pytest.mark.parametrize(
    ("steps", "rho", "blocks"),
    [(47, 0, None), (48, 0, 6), (60, 0, 7), (120, 0, 15), (1000, 0, 15), (120, 0.6, 7), (60, 0.6, None), (95, 0.6, None), (96, 0.6, 6),
     (120, -0.5, 15), (1000, 1.0, None), (1000, math.nan, 15)],
)  # fmt: skip
def test_steps_are_cut_into_blocks(steps, rho, blocks):
    labels = time_blocks(steps, rho)
    assert (labels is None) if blocks is None else (labels.max() + 1 == blocks and len(labels) == steps)


@given(st.integers(48, 3000), st.floats(0, 0.95))
def test_blocks_of_time_are_equal_and_long_enough(steps, rho):
    labels = time_blocks(steps, rho)
    if labels is None:
        assert steps < 6 * math.ceil(4 * (1 + rho) / (1 - rho))
        return
    sizes = np.bincount(labels)
    assert all(later - before in (0, 1) for before, later in pairwise(labels.tolist()))
    assert sizes.max() - sizes.min() <= 1
    assert sizes.min() >= 4 * (1 + rho) / (1 - rho) - 1e-6
    assert 6 <= len(sizes) <= 15


def test_autocorrelation_by_hand():
    assert autocorrelation([1, -1, 1, -1]) == -0.75
    assert autocorrelation([2, 2, 2]) == autocorrelation([]) == 0
    rng = np.random.default_rng(0)
    series = [0.0]
    for shock in rng.normal(size=20_000):
        series.append(0.6 * series[-1] + shock)
    assert autocorrelation(series) == pytest.approx(0.6, abs=0.02)


def test_skewness_by_hand():
    assert skewness([0, 0, 1]) == pytest.approx(math.sqrt(3))
    assert skewness([-1, 0, 1]) == pytest.approx(0)
    assert skewness([0.1, 0.1, 0.1, 0.1]) == skewness([1, 2]) == 0
    assert skewness(np.random.default_rng(0).exponential(size=200_000)) == pytest.approx(2, abs=0.1)


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]).tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]).tolist() == [1, 1]
    assert holm([]).tolist() == []


# The gate, a small part of it.

CELLS = {(cell.shape, cell.blocks): cell for cell in gate.cells()}
REPLICATIONS = 400
SOME = [
    ("normal", 6), ("normal", 15), ("t3", 11), ("symmetric, mostly zero", 15), ("unequal sizes, ratio of sums", 8), ("skewness 1", 8),
    ("exponential losses (skewness 2)", 6), ("lognormal losses (6)", 11), ("root mean square, bad blocks", 8), ("AR(1) 0.6, cut by the rule", 120),
    ("3 sites, blocks within them", 12), ("8 sites, sites themselves", 32), ("normal, a gain of the stated resolution", 8),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("shape", "blocks"), SOME)
def test_the_gate(shape, blocks):
    cell = CELLS[shape, blocks]
    share = gate.shares(cell, REPLICATIONS)
    if cell.kind == "power":  # with three standard errors of so few replications
        assert 74 <= share["better"] <= 86
    else:
        assert gate.passes(cell, share, REPLICATIONS)


def by_percentiles(pairs, of, seed, level):
    """The rule most people would take: percentiles of the resampled gain."""
    kpi = types.kpi_sums(of, "lower")
    sites, turned = types.site_sums(pairs, kpi)
    gains, _errors = bootstrap.resampled(sites, kpi, draws.random_bits(seed, 0), 999)
    low, high = np.sort(gains)[[24, 974]] * (1 - 2 * turned)
    return "better" if min(low, high) > 0 else "worse" if max(low, high) < 0 else "not shown"


def by_one_judge(judge):
    """One of the rule's two judges alone."""

    def rule(pairs, of, seed, level):
        found = compare(pairs, of, "lower", seed=seed, level=level)
        if judge == "swap":
            return "better" if found.p_better <= 0.025 else "worse" if found.p_worse <= 0.025 else "not shown"
        up, down = found.low is not None and found.low > 0, found.high is not None and found.high < 0
        return "better" if up else "worse" if down else "not shown"

    return rule


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rule", "shape", "blocks"),
    [(by_percentiles, "normal", 6), (by_one_judge("interval"), "symmetric, mostly zero", 15), (by_one_judge("swap"), "exponential losses (skewness 2)", 30)],
    ids=["percentiles", "interval alone", "swap alone"],
)  # fmt: skip
def test_the_gate_refuses_other_rules(rule, shape, blocks):
    cell = CELLS[shape, blocks]
    assert not gate.passes(cell, gate.shares(cell, 1000, rule), 1000)


def test_a_row_of_the_gates_page():
    cell, share = CELLS["normal", 6], {"better": 3.6, "worse": 1.0, "too few": 0.0}
    assert gate.line(cell, share, 2000) == "| normal | 6 | 3.60 | 1.00 | 4.60 | 0.0 | 3.55 / 6.46 | **NO** |"
