"""An archive of forecasts, against a server that behaves as the weather service does, its faults included."""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import polars as pl
import pytest

from dure import formats
from dure.cli import app
from dure.errors import UserError
from dure.i18n.texts import speak
from dure.weather import archive, kma_service

DECODED = "Ab+c/9dEfGhIjKlMnOpQrStUvWxYz0123456789==" * 2
ENCODED = DECODED.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")
START = dt.datetime(2026, 7, 4, 12, 30)
GRID = (60, 74)
KEY = "SERVICE_KEY_IS_NOT_REGISTERED_ERROR"


@pytest.fixture(autouse=True)
def _english():
    speak("en")
    yield
    speak(None)


# ---- the service --------------------------------------------------------------------------------------------------------


@cache
def values(issued: dt.datetime) -> list[dict[str, object]]:
    """An issue as the service has it, hours left out in the middle: on the last day every third with numbers for words."""
    items: list[dict[str, object]] = []
    last = 3 if issued.hour < 17 else 4
    for lead in (*range(1, 9), *range(62, 70)):
        valid = issued + dt.timedelta(hours=lead)
        in_words = (valid.date() - issued.date()).days >= last
        if in_words and valid.hour % 3:
            continue
        said = {
            "TMP": str(20 + lead % 7), "UUU": "-3.0", "VVV": "4", "VEC": "143", "WSD": "2" if in_words else "5",
            "SKY": "3", "PTY": "0", "POP": "30", "WAV": "-998.9", "PCP": "1" if in_words else "1mm 미만", "REH": "70",
            "SNO": "적설없음",
        }  # fmt: skip
        said |= {"TMN": "18.0"} if valid.hour == 6 else {"TMX": "29.0"} if valid.hour == 15 else {}
        items += [
            {
                "baseDate": f"{issued:%Y%m%d}", "baseTime": f"{issued:%H%M}", "category": name, "fcstDate": f"{valid:%Y%m%d}",
                "fcstTime": f"{valid:%H%M}", "fcstValue": value, "nx": 60, "ny": 74,
            }
            for name, value in said.items()
        ]  # fmt: skip
    return items


def answer(items: list[dict[str, object]], page: int = 1, rows: int = 1000, total: int | None = None) -> bytes:
    body = {
        "dataType": "JSON", "items": {"item": items[(page - 1) * rows : page * rows]}, "pageNo": page, "numOfRows": rows,
        "totalCount": len(items) if total is None else total,
    }  # fmt: skip
    head = {"resultCode": "00", "resultMsg": "NORMAL_SERVICE"}
    return json.dumps({"response": {"header": head, "body": body}}, ensure_ascii=False).encode()


def refusal(code: str, message: str) -> bytes:
    return json.dumps({"response": {"header": {"resultCode": code, "resultMsg": message}}}).encode()


def gateway(message: str, code: str) -> bytes:
    """What the portal's gateway says, as XML whatever was asked for."""
    return (
        "<OpenAPI_ServiceResponse>\n<cmmMsgHeader>\n<errMsg>SERVICE ERROR</errMsg>\n"
        f"<returnAuthMsg>{message}</returnAuthMsg>\n<returnReasonCode>{code}</returnReasonCode>\n"
        "</cmmMsgHeader>\n</OpenAPI_ServiceResponse>"
    ).encode()


class Clock:
    """Time that passes only where somebody waits."""

    def __init__(self, now: dt.datetime = START) -> None:
        self.now, self.waits, self.end, self.stopped = now, [], None, False

    def __call__(self) -> dt.datetime:
        return self.now

    def is_set(self) -> bool:
        return self.stopped or (self.end is not None and self.now >= self.end)

    def wait(self, timeout: float) -> bool:
        self.waits.append(timeout)
        self.now += dt.timedelta(seconds=timeout)
        return self.is_set()


class Kma(ThreadingHTTPServer):
    """The service on loopback. `faults` are answered first, one a request: (status, body), a pause, or a function."""

    daemon_threads = True

    def __init__(self, clock: Clock) -> None:
        self.clock, self.faults, self.asked, self.rows = clock, [], [], 1000
        super().__init__(("127.0.0.1", 0), _Peer)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/1360000/VilageFcstInfoService_2.0"

    def said(self, query: dict[str, str]) -> bytes:
        if query["serviceKey"] != DECODED:
            return gateway(KEY, "30")
        issued = dt.datetime.strptime(query["base_date"] + query["base_time"], "%Y%m%d%H%M")
        age = self.clock.now - issued
        if issued.hour % 3 != 2 or not dt.timedelta(minutes=10) <= age <= dt.timedelta(days=3, hours=1):
            return refusal("03", "NO_DATA")
        rows = min(self.rows, int(query["numOfRows"]))
        return answer(values(issued), int(query["pageNo"]), rows)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hung up is what these tests are about."""


class _Peer(BaseHTTPRequestHandler):
    server: Kma

    def do_GET(self) -> None:
        query = {name: each[0] for name, each in parse_qs(urlsplit(self.path).query).items()}
        self.server.asked.append(query)
        fault = self.server.faults.pop(0) if self.server.faults else None
        if callable(fault):
            fault = fault(query)
        status, body = fault or (200, self.server.said(query))
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: object) -> None:
        """Silent."""


@contextmanager
def serving(clock: Clock | None = None):
    with Kma(clock or Clock()) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server(clock):
    with serving(clock) as found:
        yield found


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def watching(server, clock, lines, tmp_path):
    def made(key: str = DECODED, **more: object) -> archive.Watch:
        service = kma_service.Service(kma_service.key_of(key), server.url, deadline=5.0)
        kept = archive.Archive(tmp_path / "kept", GRID)
        return archive.Watch(service, kept, say=lines.append, stop=clock, now=clock, **more)

    return made


def last(server: Kma, *, hour: int = 11) -> dt.datetime:
    return server.clock.now.replace(hour=hour, minute=0)


# ---- a pass -------------------------------------------------------------------------------------------------------------


def test_issues_are_every_three_hours_from_two() -> None:
    found = archive.issues(dt.datetime(2026, 7, 1, 2), dt.datetime(2026, 7, 2, 2))
    assert [each.hour for each in found] == [5, 8, 11, 14, 17, 20, 23, 2]
    assert archive.issues(dt.datetime(2026, 7, 1, 2), dt.datetime(2026, 7, 1, 4, 59)) == []


def test_three_days_are_fetched_oldest_first_and_then_nothing(watching, server) -> None:
    found = watching().once()
    assert len(found.kept) == 24
    assert found.kept == sorted(found.kept)
    assert found.kept[-1] == last(server)
    assert (found.failed, found.awaited, found.lost) == ({}, [], [])
    count = len(server.asked)
    assert watching().once().kept == []
    assert len(server.asked) == count


def test_what_is_kept_is_what_the_service_said(watching, tmp_path, server) -> None:
    watching().once()
    raw = pl.read_parquet(tmp_path / "kept" / "20260704-1100.parquet")
    assert raw.to_dicts() == [{name: str(value) for name, value in each.items()} for each in values(last(server))]
    index = pl.read_csv(tmp_path / "kept" / "index.csv")
    assert index["issued"][-1] == "2026-07-04 11:00"
    assert index["state"].unique().to_list() == ["kept"]
    assert index["values"][-1] == raw.height


def test_the_archive_opens_as_the_portals_files_do(watching, tmp_path) -> None:
    watching().once()
    frame = formats.forecast(tmp_path / "kept")
    assert frame.schema == formats.forecast(_portal_file(tmp_path)).schema
    first = frame.filter(issued=dt.datetime(2026, 7, 4, 11), valid=dt.datetime(2026, 7, 4, 12)).row(0, named=True)
    assert (first["grid"], first["lead"], first["wind_u"], first["wind_v"], first["wind_speed"]) == (
        "60_74",
        1,
        -3,
        4,
        5,
    )
    assert (first["rain_low"], first["rain_high"], first["snow"], first["wave_height"]) == (0.1, 1.0, 0.0, None)
    words = frame.filter(issued=dt.datetime(2026, 7, 4, 11), valid=dt.datetime(2026, 7, 7, 3)).row(0, named=True)
    assert (words["wind_speed"], words["wind_speed_low"], words["wind_speed_high"]) == (None, 4, 9)
    assert (words["rain"], words["rain_low"], words["rain_high"]) == (None, 0, 3)


def _portal_file(folder: Path) -> Path:
    path = folder / "한림읍_풍속_202607_202607.csv"
    path.write_text(" format: day,hour,forecast,value  location:60_74 Start : 20260701 \n 1,0200,+6,5.000000 \n")
    return path


@pytest.mark.parametrize("rows", [7, 50, 999])
def test_pages_are_put_together(watching, server, rows) -> None:
    server.rows = rows
    found = kma_service.Service(DECODED, server.url).issue(GRID, last(server))
    assert len(found) == len(values(last(server)))
    assert len(server.asked) == -(-len(found) // rows)


def test_the_key_works_in_both_of_its_forms(watching) -> None:
    assert len(watching(ENCODED).once().kept) == 24
    assert watching(f" '{ENCODED}' \n").once().failed == {}


# ---- faults -------------------------------------------------------------------------------------------------------------

HALF = answer(values(dt.datetime(2026, 7, 1, 14)))[:-200]
PASSING = {
    "server error": (500, b"oops"),
    "bad gateway": (502, b"<html><body>Bad Gateway</body></html>"),
    "too many": (429, b"slow down"),
    "limit": (200, gateway("LIMITED_NUMBER_OF_SERVICE_REQUESTS_EXCEEDS_ERROR", "22")),
    "limit a second": (200, gateway("LIMITED_NUMBER_OF_SERVICE_REQUESTS_PER_SECOND_EXCEEDS_ERROR", "23")),
    "routing": (200, gateway("HTTP ROUTING ERROR", "04")),
    "database": (200, refusal("02", "DB_ERROR")),
    "half": (200, HALF),
    "nothing": (200, b""),
    "a page": (200, b"<!DOCTYPE html><html><p>returnAuthMsg</p></html>"),
    "a bomb": (200, b"<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><resultCode>&b;</resultCode>"),
    "a list": (200, b"[]"),
    "deep": (200, b"[" * 100_000),
    "no items": (200, json.dumps({"response": {"header": {"resultCode": "00"}, "body": {}}}).encode()),
    "moved": (302, b""),
    "another cell": (200, answer([{**each, "nx": 61} for each in values(dt.datetime(2026, 7, 1, 14))])),
    "a value lacks its hour": (200, answer([{"category": "TMP", "nx": 60}])),
}


@pytest.mark.parametrize("name", sorted(PASSING))
def test_what_passes_is_asked_again(watching, server, clock, lines, name) -> None:
    server.faults = [PASSING[name], PASSING[name]]
    found = watching().once()
    assert len(found.kept) == 24
    assert clock.waits[:2] == [2.0, 5.0]
    assert len([line for line in lines if "again in" in line]) == 2


@pytest.mark.parametrize("name", sorted(PASSING))
def test_what_does_not_pass_leaves_nothing_behind(watching, server, lines, tmp_path, name) -> None:
    server.faults = [PASSING[name]] * 1000
    found = watching().once()
    assert found.kept == []
    assert found.failed
    assert not list((tmp_path / "kept").glob("*"))
    assert any("not got" in line for line in lines)


def test_a_silent_server_is_left_after_the_deadline(clock, lines, tmp_path) -> None:
    with serving(clock) as server:
        gate = threading.Event()
        server.faults = [lambda _query: gate.wait(20) and None]
        service = kma_service.Service(DECODED, server.url, deadline=0.3)
        with pytest.raises(kma_service.Later, match=r"no answer within 0\.3 s"):
            service.issue(GRID, last(server))
        gate.set()


def test_nobody_there(clock) -> None:
    with serving(clock) as server:
        url = server.url
    with pytest.raises(kma_service.Later, match="cannot be reached"):
        kma_service.Service(DECODED, url).issue(GRID, START)


def test_a_page_that_comes_twice_is_not_taken_for_the_next(watching, server) -> None:
    issued = last(server)
    server.faults = [(200, answer(values(issued), 1, 60)), (200, answer(values(issued), 1, 60))]
    with pytest.raises(kma_service.Later, match=f"60 of {len(values(issued))} values came"):
        kma_service.Service(DECODED, server.url).issue(GRID, issued)


def test_an_issue_that_changes_while_it_is_read_is_read_again(server) -> None:
    issued = last(server)
    whole = values(issued)
    changed = [{**each, "fcstValue": "99"} for each in whole]
    fewer = (200, answer(whole, 1, 60, total=len(whole) - 3))
    server.faults = [fewer, (200, answer(whole, 2, 60))]
    assert len(kma_service.Service(DECODED, server.url).issue(GRID, issued)) == len(whole)
    server.faults = [(200, answer(whole, 1, 60)), (200, answer(changed[:10] + whole, 1, 60))]
    assert len(kma_service.Service(DECODED, server.url).issue(GRID, issued)) == len(whole)
    server.faults = [(200, answer(whole, 1, 60)), fewer] * 3
    with pytest.raises(kma_service.Later, match="was changed while"):
        kma_service.Service(DECODED, server.url).issue(GRID, issued)


def test_an_issue_with_a_total_that_never_comes_is_not_written(watching, server, tmp_path) -> None:
    short = [(200, answer(values(dt.datetime(2026, 7, 1, 14)), total=5000))]
    server.faults = short * 5000
    found = watching().once()
    assert found.kept == []
    assert not list((tmp_path / "kept").glob("*.parquet"))


REFUSED = {
    "30": (gateway(KEY, "30"), "up to an hour", "한 시간"),
    "30 without a code": (gateway("SERVICE KEY IS NOT REGISTERED ERROR.", ""), "Encoding or Decoding", "Encoding"),
    "30 as json": (refusal("30", KEY), "not registered", "등록"),
    "31": (gateway("DEADLINE_HAS_EXPIRED_ERROR", "31"), "연장신청", "연장신청"),
    "32": (gateway("UNREGISTERED_IP_ERROR", "32"), "address is not registered", "IP"),
    "20": (gateway("SERVICE_ACCESS_DENIED_ERROR", "20"), "활용신청", "활용신청"),
    "12": (gateway("NO_OPENAPI_SERVICE_ERROR", "12"), "KMA_URL", "KMA_URL"),
}


@pytest.mark.parametrize("name", sorted(REFUSED))
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_a_refused_key_is_explained(watching, server, clock, name, lang) -> None:
    body, english, korean = REFUSED[name]
    server.faults = [(200, body)]
    speak(lang)
    with pytest.raises(UserError, match=korean if lang == "ko" else english) as refused:
        watching().once()
    assert clock.waits == []
    assert not hidden(str(refused.value))
    if lang == "ko":
        assert "the key" not in str(refused.value)


@pytest.mark.parametrize(("status", "word"), [(401, "not registered"), (403, "may not use")])
def test_a_gateway_that_refuses_by_status(watching, server, status, word) -> None:
    server.faults = [(status, b"Unauthorized")]
    with pytest.raises(UserError, match=word):
        watching().once()


def test_a_key_that_worked_is_not_given_up_for_one_refusal(watching, server, clock) -> None:
    watched = watching()
    watched.once()
    clock.now += dt.timedelta(hours=3)
    server.faults = [(200, gateway(KEY, "30"))]
    assert list(watched.once().failed) == [dt.datetime(2026, 7, 4, 14)]
    assert watched.once().kept == [dt.datetime(2026, 7, 4, 14)]


def test_an_issue_that_is_late_is_awaited(watching, server, lines) -> None:
    watched = watching()
    watched.once()
    server.clock.now = dt.datetime(2026, 7, 4, 14, 12)
    server.faults = [(200, refusal("03", "NO_DATA"))]
    assert watched.once().awaited == [dt.datetime(2026, 7, 4, 14)]
    assert "2026-07-04 14:00: not issued yet" in lines
    assert watched.once().kept == [dt.datetime(2026, 7, 4, 14)]


@pytest.mark.parametrize("body", [refusal("03", "NODATA_ERROR"), refusal("10", "최근 3일 간의 자료만 제공합니다.")])
def test_an_issue_too_old_for_the_service_is_no_mistake(watching, server, lines, body) -> None:
    server.faults = [(200, body)]
    found = watching().once()
    assert found.absent == [dt.datetime(2026, 7, 1, 14)]
    assert len(found.kept) == 23
    assert any("does not have it" in line for line in lines)


def test_a_wrong_cell_is_a_mistake(watching, server) -> None:
    server.faults = [(200, refusal("10", "INVALID_REQUEST_PARAMETER_ERROR"))] * 100
    with pytest.raises(UserError, match="--grid"):
        watching().once()


# ---- gaps, stops, disks -----------------------------------------------------------------------------------------------


def test_after_two_days_away_everything_is_fetched(watching, clock) -> None:
    watching().once()
    clock.now += dt.timedelta(days=2)
    found = watching().once()
    assert len(found.kept) == 16
    assert found.lost == []


def test_after_five_days_away_what_is_lost_is_said_once(watching, clock, lines, tmp_path) -> None:
    watching().once()
    clock.now += dt.timedelta(days=5)
    watched = watching()
    found = watched.once()
    assert len(found.kept) == 24
    assert len(found.lost) == 16
    said = [line for line in lines if "lost for ever" in line]
    assert said == ["lost for ever, the service has them no longer (16): 2026-07-04 14:00 ~ 2026-07-06 11:00"]
    index = pl.read_csv(tmp_path / "kept" / "index.csv")
    assert index.filter(state="lost").height == 16
    assert index["issued"].is_sorted()
    watched.once()
    assert len([line for line in lines if "lost for ever" in line]) == 1


def test_a_watch_wakes_when_an_issue_is_due_and_waits_in_between(watching, server, clock) -> None:
    clock.end = START + dt.timedelta(hours=30)
    watched = watching()
    watched.forever()
    assert len(watched.archive.held()) == 24 + 10
    assert len(server.asked) < 2 * 34 + 2
    assert max(clock.waits) <= archive.LOOK


def test_a_watch_outlives_an_outage(watching, server, clock, lines) -> None:
    clock.end = START + dt.timedelta(hours=12)
    server.faults = [(500, b"")] * 40
    watched = watching()
    watched.forever()
    assert watched.archive.held()[0] == dt.datetime(2026, 7, 1, 17)  # the one before was forgotten meanwhile
    assert len(watched.archive.held()) == 24 + 4 - 1
    assert "not got" in "\n".join(lines)


def test_the_end_is_heeded_between_two_issues_and_while_waiting(watching, server, clock) -> None:
    watched = watching()

    def stops(_query):
        clock.stopped = len(server.asked) >= 3

    server.faults = [stops] * 3
    watched.forever()
    assert 1 <= len(watched.archive.held()) <= 3
    assert clock.waits == []


@pytest.mark.parametrize("number", [3, 4])  # an issue's file; the index
def test_a_full_disk_leaves_no_half_file(watching, monkeypatch, tmp_path, number) -> None:
    watched = watching()
    real = Path.replace
    count = []

    def full(self, target):
        count.append(target)
        if len(count) == number:
            raise OSError(28, "No space left on device")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(UserError, match="No space left on device"):
        watched.once()
    kept = sorted(each.name for each in (tmp_path / "kept").iterdir())
    assert kept == ["20260701-1400.parquet", "20260701-1700.parquet", "index.csv"][:: 2 if number == 3 else 1]
    monkeypatch.undo()
    assert len(watching().once().kept) == 24 - len(kept) + 1
    assert pl.read_csv(tmp_path / "kept" / "index.csv").height == 24


def test_files_of_others_in_the_folder_are_left_alone(watching, tmp_path) -> None:
    folder = tmp_path / "kept"
    folder.mkdir()
    for name in ("20269999-9999.parquet", "mine.parquet", ".20260701-1400.parquet.x"):
        (folder / name).write_bytes(b"")
    (folder / "index.csv").write_bytes(b"\xff\xfe no index")
    assert len(watching().once().kept) == 24
    assert (folder / "mine.parquet").read_bytes() == b""


def test_a_damaged_file_is_fetched_again(watching, tmp_path) -> None:
    watching().once()
    path = tmp_path / "kept" / "20260703-1100.parquet"
    path.write_bytes(path.read_bytes()[:100])
    assert watching().once().kept == [dt.datetime(2026, 7, 3, 11)]
    assert formats.forecast(tmp_path / "kept").height
    index = pl.read_csv(tmp_path / "kept" / "index.csv").filter(issued="2026-07-03 11:00")
    assert index["values"].to_list() == [pl.read_parquet(path).height]


# ---- the key ------------------------------------------------------------------------------------------------------------


def hidden(text: str) -> bool:
    return any(each in text for each in (DECODED, ENCODED, DECODED[:20], ENCODED[:20]))


def test_the_key_is_written_nowhere(watching, server, lines, tmp_path, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    server.faults = [PASSING[name] for name in sorted(PASSING)] + [(200, gateway(f"{KEY} {DECODED}", "99"))] * 9
    watched = watching(proven=True)
    for _again in range(len(server.faults)):
        watched.once()
    assert len(watched.archive.held()) == 24
    said = "\n".join([*lines, repr(watched), repr(watched.service), caplog.text])
    assert not hidden(said)
    assert not any(hidden(path.read_bytes().decode("latin-1")) for path in (tmp_path / "kept").iterdir())


@pytest.mark.parametrize("key", ["", "  ", None, "two words", "키", "a\nb"])
def test_what_is_no_key_is_not_shown(key) -> None:
    with pytest.raises(UserError) as refused:
        kma_service.key_of(key)
    assert "KMA_KEY" in str(refused.value)
    assert not (key or "").strip() or key not in str(refused.value)


# ---- the command --------------------------------------------------------------------------------------------------------


@pytest.fixture
def dure(monkeypatch, capsys, server, tmp_path):
    real = archive.Watch
    monkeypatch.setenv("KMA_KEY", ENCODED)
    monkeypatch.setenv("KMA_URL", server.url)
    monkeypatch.setattr(
        archive, "Watch", lambda *given, **more: real(*given, **more | {"now": server.clock, "pauses": ()})
    )
    monkeypatch.chdir(tmp_path)

    def run(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["dure", *map(str, words)])
        before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        code = 0
        try:
            app.main()
        except SystemExit as left:
            code = int(left.code or 0)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        out, err = capsys.readouterr()
        return code, out, err

    return run


def test_once(dure, tmp_path) -> None:
    code, out, err = dure("data", "watch", "kma", "--grid", "60,74", "--once")
    assert (code, err) == (0, "")
    assert "2026-07-04 11:00: kept" in out
    assert len(list((tmp_path / "forecasts" / "kma" / "60_74").glob("*.parquet"))) == 24
    assert not hidden(out)
    code, out, _err = dure("--lang", "ko", "data", "watch", "kma", "--grid", "60,74", "--once")
    assert code == 0
    assert "보관" in out


def test_two_cells_in_one_folder_do_not_mix(dure, server, tmp_path) -> None:
    assert dure("data", "watch", "kma", "--grid", "60,74", "--once")[0] == 0
    server.faults = [lambda query: (200, answer([{**each, "nx": 61} for each in _asked(query)]))] * 24
    code, out, _err = dure("data", "watch", "kma", "--grid", "61,74", "--once")
    assert code == 0
    assert "61_74: 24 more" in out
    frame = formats.forecast(tmp_path / "forecasts")
    assert frame.group_by("grid").len()["len"].n_unique() == 1
    assert sorted(frame["grid"].unique()) == ["60_74", "61_74"]


def _asked(query: dict[str, str]) -> list[dict[str, object]]:
    return values(dt.datetime.strptime(query["base_date"] + query["base_time"], "%Y%m%d%H%M"))


def test_once_that_was_interrupted_does_not_look_complete(dure, server, tmp_path) -> None:
    server.faults = [lambda _query: os.kill(os.getpid(), signal.SIGINT)]
    code, out, err = dure("data", "watch", "kma", "--grid", "60,74", "--once", "--json")
    assert (code, out) == (130, "")
    assert "Stopped." in err
    assert len(list((tmp_path / "forecasts" / "kma" / "60_74").glob("*.parquet"))) < 24


def test_once_as_json(dure, server) -> None:
    server.faults = [(500, b"")]
    code, out, err = dure("data", "watch", "kma", "--grid", "60,74", "--once", "--json", "--out", "here")
    said = json.loads(out)
    assert code == 1
    assert said["failed"] == {"2026-07-01 14:00": "the service answers with HTTP 500"}
    assert "not got" in err
    code, out, _err = dure("data", "watch", "kma", "--grid", "60,74", "--once", "--json", "--out", "here")
    assert (code, len(json.loads(out)["kept"])) == (0, 24)


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_a_wrong_key_ends_the_command_with_one_error(dure, monkeypatch, lang) -> None:
    monkeypatch.setenv("KMA_KEY", ENCODED.replace("A", "B", 1))
    code, out, err = dure("--lang", lang, "data", "watch", "kma", "--grid", "60,74")
    assert (code, out) == (2, "")
    assert KEY in err
    assert ("한 시간" if lang == "ko" else "an hour") in err
    assert "Traceback" not in err
    assert not hidden(err.replace("B", "A", 1))


@pytest.mark.parametrize(
    ("grid", "word"),
    [
        ("60", "no cell"), ("60,74,1", "no cell"), ("0,74", "outside 1 to 149"), ("150,74", "outside 1 to 149"),
        ("60,254", "outside 1 to 253"), ("33.4,126.5", "degrees"), ("", "no cell"), ("６０,74", "60"),
    ],
)  # fmt: skip
def test_a_grid_that_is_none(grid, word) -> None:
    if grid == "６０,74":
        assert kma_service.grid_of(grid) == GRID
        return
    with pytest.raises(UserError, match=word):
        kma_service.grid_of(grid)


def test_without_a_key(dure, monkeypatch) -> None:
    monkeypatch.delenv("KMA_KEY")
    code, _out, err = dure("data", "watch", "kma", "--grid", "60,74", "--once")
    assert code == 2
    assert "export KMA_KEY" in err


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_watch_in_its_own_order(tmp_path, number) -> None:
    clock = Clock(archive.korean_now())
    with serving(clock) as server:
        environment = {**os.environ, "KMA_KEY": ENCODED, "KMA_URL": server.url, "DURE_LANG": "en"}
        words = [sys.executable, "-m", "dure", "data", "watch", "kma", "--grid", "60,74", "--out", str(tmp_path / "a")]
        with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
            said = []
            for line in run.stdout:
                said.append(line)
                if "next look" in line:
                    run.send_signal(number)
                    break
            out, err = run.communicate(timeout=60)
    assert run.returncode == 0, err
    assert "Stopped." in err
    assert "Traceback" not in err
    assert len(list((tmp_path / "a" / "60_74").glob("*.parquet"))) == 24
    assert not hidden("".join(said) + out + err)
