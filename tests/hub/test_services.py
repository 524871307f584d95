"""Services: a process each, versions in every answer, today's practice where the process fails."""

from __future__ import annotations

import asyncio
import json
import os
import signal

import psutil
import pytest

from dure.errors import UserError
from dure.hub.models import process_pool
from dure.hub.models.model_process import ANSWERED, REFUSED
from dure.hub.models.process_pool import Asked, Busy, Limits, Services
from dure.project.loader import load
from dure.runs import run
from dure.serving.service import open_service
from dure.trial import types

LIMITS = Limits(seconds=30)
TIDE = Asked("honam.tide", "regression")
CALM = b'{"week_ago": 10, "change": 1}'
# What a request makes the model do, by its `week_ago`.
HANGS, DIES, FILLS, RAISES, PRINTS = 1001, 1002, 1003, 1004, 1005
MOODY = '''
def regression(history, seed, work):
    """Least squares, in a mood."""
    import os, time
    calm = even(history, seed, work)

    def answer(asked):
        if asked.week_ago == 1001:
            time.sleep(600)
        if asked.week_ago == 1002:
            os._exit(3)
        if asked.week_ago == 1003:
            held = bytearray(700_000_000)
            time.sleep(600)
        if asked.week_ago == 1004:
            raise RuntimeError("in no mood")
        if asked.week_ago == 1005:
            print("in the way")
            os.write(1, b"of the answer")
            assert os.read(0, 1) == b""
        return calm(asked)

    return answer


def even('''


@pytest.fixture
def tide(altered, dure_home):
    """A forecast with moods; its folder."""
    return altered("\ndef regression(", MOODY)


def served(use, limits=LIMITS):
    """What `use` gives of services of its own, of which no process is left after."""

    async def within():
        pool = Services()
        try:
            return await use(pool, lambda request, asked=TIDE: pool.answer(asked, limits, request))
        finally:
            await pool.close()
            assert not [
                each
                for each in psutil.Process().children()
                if "dure.hub.models.model_process" in " ".join(each.cmdline())
            ]

    return asyncio.run(within())


def moody(mood):
    return json.dumps({"week_ago": mood, "change": 1}).encode()


def test_a_service_answers_as_the_method_does_and_says_its_versions(tide):
    project = load("honam.tide")
    service = open_service(project, method=None, inputs=run.Inputs(), tell=types.quiet)
    alone = service.answer(project.request(week_ago=10, change=1), where="").said
    kind, said = served(lambda _pool, ask: ask(CALM))
    assert (kind, json.loads(said)) == (ANSWERED, alone | {"service": 0})
    assert {"project", "version", "code", "data", "method", "response"} == set(alone)


def test_requests_are_answered_in_their_order_by_one_process(tide):
    async def many(_pool, ask):
        requests = [json.dumps({"week_ago": number, "change": 0}).encode() for number in range(300)]
        return await asyncio.gather(*map(ask, requests))

    got = [json.loads(said)["response"]["landings"] for kind, said in served(many)]
    assert got == sorted(got)
    assert len(set(got)) == 300


@pytest.mark.parametrize(
    ("request_", "where"), [(b'{"week_ago": "ten"}', "[week_ago]"), (b"{", ""), (b'{"weekago": 1}', "[weekago]")]
)
def test_a_request_that_cannot_be_used_is_refused_with_its_place(tide, request_, where):
    kind, said = served(lambda _pool, ask: ask(request_))
    assert (kind, json.loads(said)["where"]) == (REFUSED, where)


@pytest.mark.parametrize(
    ("mood", "cause", "why"),
    [
        (HANGS, "late", "it took more than 2 s"),
        (DIES, "crashed", "its process ended"),
        (FILLS, "crashed", "it held more than 600 MB"),
        (RAISES, "crashed", "RuntimeError: in no mood"),
    ],
)
def test_where_the_method_fails_the_practice_answers_and_says_so(tide, mood, cause, why):
    async def use(_pool, ask):
        return await ask(moody(mood)), await ask(CALM)

    (kind, said), (_kind, after) = served(use, Limits(seconds=2, megabytes=600))
    told = json.loads(said)
    assert (kind, told["method"], told["response"]["landings"]) == (ANSWERED, "last_week", mood)
    assert (told["instead_of"], told["cause"], told["why"]) == ("regression", cause, why)
    assert json.loads(after)["method"] == "regression"


def test_what_a_project_prints_and_reads_is_no_part_of_the_answers(tide):
    async def use(_pool, ask):
        return await ask(moody(PRINTS)), await ask(CALM)

    assert [json.loads(said)["method"] for _kind, said in served(use)] == ["regression"] * 2


def test_everybody_who_waits_for_a_killed_process_gets_an_answer(tide):
    async def use(pool, ask):
        process = await pool._process(TIDE, Limits())
        waiting = [asyncio.create_task(ask(moody(HANGS))) for _ in range(20)]
        await asyncio.wait(waiting, timeout=0.2)  # all of them are asked by then
        os.kill(process.process.pid, signal.SIGKILL)
        return await asyncio.gather(*waiting)

    assert {json.loads(said)["method"] for _kind, said in served(use)} == {"last_week"}


def test_a_service_that_cannot_be_started_leaves_the_practice_and_rests(altered, dure_home):
    altered("    weights = np", "    raise RuntimeError('no fit')\n    weights = np")

    async def use(pool, ask):
        first = await ask(CALM)
        assert TIDE in pool._resting
        return first, await ask(CALM)

    for _kind, said in served(use):
        told = json.loads(said)
        assert (told["method"], told["cause"], told["why"]) == ("last_week", "unavailable", "RuntimeError: no fit")


def test_where_not_even_the_practice_can_be_asked_it_says_so(altered, dure_home):
    altered("PROJECT = Project(", "raise RuntimeError('nothing works')\nPROJECT = Project(")
    with pytest.raises(UserError, match="nothing works"):
        served(lambda _pool, ask: ask(CALM))


def test_an_idle_service_ends_and_is_begun_again(tide, monkeypatch):
    monkeypatch.setattr(process_pool, "IDLE", 0.2)

    async def use(pool, ask):
        await ask(CALM)
        process = await pool._process(TIDE, Limits())
        await process.process.wait()
        return await ask(CALM)

    kind, said = served(use)
    assert (kind, json.loads(said)["method"]) == (ANSWERED, "regression")


def test_too_many_that_wait_are_told_at_once(tide, monkeypatch):
    monkeypatch.setattr(process_pool, "MOST_WAITING", 2)

    async def use(_pool, ask):
        await ask(CALM)
        return await asyncio.gather(*(ask(CALM) for _ in range(3)), return_exceptions=True)

    got = served(use)
    assert [isinstance(each, Busy) for each in got] == [False, False, True]


def test_the_answer_is_in_the_readers_language(tide):
    from dure.i18n.texts import speak

    async def use(_pool, ask):
        await ask(CALM)
        speak("ko")
        return await ask(b'{"week_ago": "ten", "change": 1}')

    try:
        _kind, said = served(use)
    finally:
        speak(None)
    assert "숫자" in json.loads(said)["what"]
