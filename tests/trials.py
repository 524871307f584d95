"""A small trial made by hand, for tests of evidence, report and exports: two methods and a rival, sites, blocks."""

import numpy as np
import polars as pl

from dure.record import About, Kpi, Verdict, plain
from dure.trial.types import Trial
from dure.trial.verdicts import verdicts

LABELS = {
    "basic": {"ko": "기본 검사 전 확률", "en": "Basic probability"},
    "ours": {"ko": "빠진 값을 견디는 모델", "en": "Patient model"},
    "boosting": {"ko": "그래디언트 부스팅", "en": "Gradient boosting"},
}
KPIS = [
    {
        "name": {"ko": "평균 절대 오차", "en": "mean absolute error"},
        "unit": "kWh",
        "better": "lower",
        "of": "errors / cases",
        "limit": None,
    },
    {
        "name": {"ko": "맞힌 비율", "en": "share right"},
        "unit": "%",
        "better": "higher",
        "of": "100 * hits / cases",
        "limit": [50, None],
    },
]


def outcomes(sites=("A", "B"), blocks=12, cases=20, gains=None):
    """Sums a method, site and week; `gains` a site: how much smaller the offer's errors are."""
    rows = []
    for number, site in enumerate(sites):
        noise = np.random.default_rng(number)
        base = 100 + noise.normal(0, 10, blocks)
        gain = (gains or {}).get(site, 10.0) + noise.normal(0, 4, blocks)
        for method, share in (("basic", 0.0), ("ours", 1.0), ("boosting", 0.5)):
            rows += [
                {
                    "method": method,
                    "round": "summer",
                    "sealed": True,
                    "site": site,
                    "block": f"W{week:02d}",
                    "cases": cases,
                    "unanswered": float(method == "ours" and week == 3),
                    "errors": float(base[week] - share * gain[week]),
                    "hits": cases - 3.0 - (method == "basic") * (week % 2),
                }
                for week in range(blocks)
            ]
    order = {"basic": 0, "ours": 1, "boosting": 2}
    return pl.DataFrame(rows).sort(pl.col("method").replace_strict(order), maintain_order=True)


def about(**more):
    return About.from_json(_ABOUT | more)


def verdict(**more):
    """A deciding verdict of a method `a` against `today`; `more` are its fields as JSON has them."""
    return Verdict.from_json(_VERDICT | more)


_ABOUT = {
    "id": "gangwon.heart", "version": "1.0.0", "title": {"ko": "심장 위험", "en": "Heart risk"}, "dure": "0.1.0", "code": "ab" * 32,
    "profile": "full", "seeds": [0], "ground": "benchmark", "assurance": "self-run", "replay": 0.0, "unanswered_limit": 0.05, "looks": 1,
    "practice": {"source": "Genders et al., BMJ 2012", "year": 2012, "who": {"ko": "외래 진료실", "en": "clinics"},
                 "stronger": {"ko": "알려지지 않음", "en": "none known"}},
    "labels": LABELS, "rivals": ["boosting"], "block_word": "week", "rounds": ["summer"], "settings": {}, "notes": [],
    "remarks": {"B": [{"ko": "병이 없는 사람이 8명뿐입니다.", "en": "Only 8 are without disease."}]},
    "data": [{"name": "hospitals", "sha256": "cd" * 32, "origin": "wheel", "licence": "CC-BY-4.0", "credit": "UCI <Heart> & co.",
              "access": "open", "version": "0.1.0"}],
    "left_out": [{"round": "summer", "case": "p-17", "cause": "declined", "why": "no age"}],
    "unanswered_by": {"ours": {"late": 2}}, "span": {}, "sites": {},
}  # fmt: skip
_VERDICT = {
    "kpi": {"ko": "평균 오차", "en": "mean error"}, "unit": "kWh", "better": "lower", "method": "a", "against": "today", "site": "",
    "round": "sealed", "verdict": "better", "because": "interval and swap", "gain": {"low": 8.1, "mean": 12.3, "high": 16.0},
    "level": 0.95, "resolution": 4.9, "smaller": 2.0, "more_blocks": 301, "rare": 8.0, "undo": 31.2, "blocks": 24,
    "block_word": "week", "sampled": "block", "sites": 1, "cases": 4032, "unanswered": {"share": 0.0, "by": {}},
    "methods": {"today": 100.0, "a": 87.7}, "looks": 0, "assurance": "self-run", "ground": "field", "of": "errors / cases",
    "broken": None, "decides": True,
}  # fmt: skip


def trial(table=None, **more):
    table = outcomes() if table is None else table
    said, kpis = about(**more), tuple(plain.from_json(Kpi, kpi) for kpi in KPIS)
    cases = pl.DataFrame(
        {
            "seed": [0],
            "round": ["summer"],
            "site": ["A"],
            "block": ["W00"],
            "case": ["p-1"],
            "method": ["ours"],
            "cause": [""],
            "errors": [1.0],
        }
    )
    answers = pl.DataFrame(
        {
            "seed": [0],
            "round": ["summer"],
            "site": ["A"],
            "case": ["p-1"],
            "time": [None],
            "method": ["ours"],
            "answer": ["{}"],
        }
    )
    costs = pl.DataFrame(
        {
            "seed": [0],
            "round": ["summer"],
            "method": ["ours"],
            "build_seconds": [1.0],
            "play_seconds": [2.0],
            "steps": [3],
        }
    )
    return Trial("gangwon.heart", "1.0.0", table, cases, answers, costs, kpis, said, verdicts(table, kpis, said))
