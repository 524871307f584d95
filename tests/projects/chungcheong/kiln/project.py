"""A slow learner with checkpoints: two kilns, lots of tiles, gradient descent step by step."""

import json
import random

from pydantic import Field

from dure import Case, Form, Kpi, Made, Project, Round, Source
from dure.content_store import write_atomically

STEPS, KEPT = 400, 20  # steps of fitting; a checkpoint after every KEPT


def firings():
    mix, rows = random.Random(7), []
    for number in range(480):
        heat, hours = mix.uniform(-1, 1), mix.uniform(-1, 1)
        shrinkage = 7 + 2 * heat + hours + 1.5 * heat * hours + (number % 2) * 0.3 + mix.gauss(0, 0.4)
        rows.append([number, heat, hours, shrinkage])
    return json.dumps(rows).encode()


FIRINGS = Source("kiln-firings", ("소성 기록", "Firings"), Made(firings))


class Request(Form):
    heat: float = Field(ge=-1, le=1, title="peak temperature, scaled")
    hours: float = Field(ge=-1, le=1, title="hours at the peak, scaled")


class Response(Form):
    shrinkage: float = Field(title="shrinkage", json_schema_extra={"unit": "%"})


def history(data, _until=None):
    rows = json.loads(data.path("kiln-firings").read_text(encoding="utf-8"))
    return [
        Case(
            str(number),
            Request(heat=heat, hours=hours),
            shrinkage,
            block=f"lot {number // 8}",
            site="AB"[number // 8 % 2],
        )
        for number, heat, hours, shrinkage in rows
    ]


def rounds(data):
    every = history(data)
    yield Round("third quarter", every[:240], every[240:360])
    yield Round("fourth quarter", every[:360], every[360:], sealed=True)


def rule(_history, _seed, _work):
    """The plant's rule of thumb."""
    return lambda asked: Response(shrinkage=7 + 2 * asked.heat)


def terms(asked):
    return (1.0, asked.heat, asked.hours, asked.heat * asked.hours)


def descent(history, _seed, work):
    """Least squares by gradient descent."""
    place = work.folder / "checkpoint.json"
    kept = json.loads(place.read_text(encoding="utf-8")) if place.is_file() else {"step": 0, "weights": [0.0] * 4}
    known, weights = [(terms(case.request), case.truth) for case in history], kept["weights"]
    for step in range(kept["step"] + 1, STEPS + 1):
        errors = [(sum(w * x for w, x in zip(weights, row, strict=True)) - truth, row) for row, truth in known]
        weights = [w - 0.5 * sum(e * row[i] for e, row in errors) / len(known) for i, w in enumerate(weights)]
        if step % KEPT == 0:
            write_atomically(place, json.dumps({"step": step, "weights": weights}))
        work.tell(step / STEPS, f"step {step}")
    return lambda asked: Response(shrinkage=sum(w * x for w, x in zip(weights, terms(asked), strict=True)))


PROJECT = Project(
    request=Request, response=Response, sources=(FIRINGS,), history=history, rounds=rounds, practice=rule, model=descent,
    score=lambda case, got: {"squares": (got.shrinkage - case.truth) ** 2},
    kpis=(Kpi("root mean square error", "%", "lower", "sqrt(squares / cases)", limit=(None, 1.0)),),
)  # fmt: skip
