"""The short-term forecast service of the Korea Meteorological Administration (기상청_단기예보 조회서비스 2.0, data.go.kr).

One whole issue is asked for, page by page, with the user's own key. Its gateway answers mistakes as XML with status 200
whatever was asked for; each is told here in words, with what to do. The key stands in the request and nowhere else: not in
a text, not in an error, not in a log.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus, unquote

import requests

from dure.errors import UserError
from dure.i18n.texts import _
from dure.trial import own_network_guard, remote
from dure.trial.ask import Unanswered

if TYPE_CHECKING:
    from pydantic import JsonValue

URL = "https://apis.data.go.kr/1360000/VilageFcstInfoService_2.0"
ROWS = 1000  # values a page; an issue has about that many
PAGES = 100  # no issue has more, whatever the service counts
SIZE = (149, 253)  # cells of the grid, from 1,1 in the south-west (the guide: NX, NY)

Item = dict[str, str]
Grid = tuple[int, int]


class Later(Exception):
    """Not now: the service is down, over its limit, or delivered half of it. `why` is for people."""

    def __init__(self, why: str, *, half: bool = False) -> None:
        super().__init__(why)
        self.why, self.half = why, half


class NoData(Exception):
    """The service has no such issue: not yet, or no longer."""


class Refused(UserError):
    """The service refuses the request or its key, by a code of the guide: waiting alone will not help."""

    def __init__(self, what: str, *, code: str, cure: str) -> None:
        super().__init__(what, where=_("the forecast service"), cure=cure)
        self.code = code


def grid_of(text: str) -> Grid:
    """``60,74`` as the numbers of a grid cell. Raises UserError where it is none."""
    cure = _("Find nx and ny of your place in the table that comes with the service's guide, such as --grid 60,74.")
    parts = re.fullmatch(r"\s*(\d{1,6})\s*,\s*(\d{1,6})\s*", text)
    if parts is None:
        if re.fullmatch(r"\s*-?\d+(\.\d*)?\s*,\s*-?\d+(\.\d*)?\s*", text):
            cure = _("These look like degrees; the service counts cells of 5 km.") + " " + cure
        raise UserError(_("{text} is no cell of the grid", text=text[:40]), where="--grid", cure=cure)
    x, y = int(parts[1]), int(parts[2])
    for name, value, most in (("nx", x, SIZE[0]), ("ny", y, SIZE[1])):
        if not 1 <= value <= most:
            message = _("{name} is {value}, outside 1 to {most}", name=name, value=value, most=most)
            raise UserError(message, where="--grid", cure=cure)
    return x, y


def key_of(text: str | None) -> str:
    """The key as it is before a request encodes it: data.go.kr shows it in both forms, and either may be given.

    Raises UserError, without showing it, where it can be none.
    """
    get = _("Apply for 기상청_단기예보 조회서비스 at data.go.kr, then: export KMA_KEY=... (the key under 마이페이지).")
    key = (text or "").strip().strip("'\"").strip()
    if not key:
        raise UserError(_("the service wants your own key"), where="KMA_KEY", cure=get)
    if re.search(r"%[0-9A-Fa-f]{2}", key):  # a key is made of letters, digits, + / and =
        key = unquote(key)
    if not re.fullmatch(r"[A-Za-z0-9+/=_.~-]+", key):
        message = _("this is no key: it holds spaces or other signs that no key has")
        raise UserError(message, where="KMA_KEY", cure=_("Copy it again, in one piece.") + " " + get)
    return key


@dataclass
class Service:
    """The service, asked with one key.

    Parameters
    ----------
    key
        As `key_of` gives it.
    url
        Where the service is, or whatever stands before it.
    deadline
        Seconds that one page may take.
    """

    key: str = field(repr=False)
    url: str = URL
    deadline: float = 30.0
    _session: requests.Session = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._session = own_network_guard.session(public=False)

    def issue(self, grid: Grid, issued: datetime) -> list[Item]:
        """All values of the forecast issued then (Korean time), in the service's own order and words.

        Raises NoData, Later (nothing of it came whole) or Refused.
        """
        for _again in range(3):  # the service may change an issue between two pages
            items = self._all_pages(grid, issued)
            if items is not None:
                return items
        raise Later(_("the forecast was changed while it was being read"), half=True)

    def _all_pages(self, grid: Grid, issued: datetime) -> list[Item] | None:
        """All pages; None where they are not of one piece."""
        values: dict[tuple[str, ...], Item] = {}
        expected: int | None = None
        for page in range(1, PAGES + 1):
            items, total = _content(self._page(grid, issued, page), grid, issued)
            if total != (expected := total if expected is None else expected):
                return None
            before = len(values)
            for item in items:
                same = values.setdefault((item["fcstDate"], item["fcstTime"], item["category"]), item)
                if same != item:
                    return None
            if len(values) >= expected:
                break
            if len(values) == before:  # an empty page, or one that came before
                break
        if len(values) != expected:
            raise Later(_("{found} of {wanted} values came", found=len(values), wanted=expected or 0), half=True)
        return list(values.values())

    def _page(self, grid: Grid, issued: datetime, page: int) -> JsonValue:
        """One page as the service answers it. Raises as `issue` does."""
        params: dict[str, str | int] = {
            "serviceKey": self.key, "pageNo": page, "numOfRows": ROWS, "dataType": "JSON",
            "base_date": f"{issued:%Y%m%d}", "base_time": f"{issued:%H%M}", "nx": grid[0], "ny": grid[1],
        }  # fmt: skip
        try:
            with _unlogged(self.key), own_network_guard.bounded(self.deadline, public=False):
                response = self._session.get(
                    f"{self.url.rstrip('/')}/getVilageFcst",
                    params=params,
                    headers={"accept": "application/json", "accept-encoding": "identity"},
                    timeout=self.deadline,
                    allow_redirects=False,
                    stream=True,
                )
                with response:
                    status, body = response.status_code, remote.read(response)
        except Unanswered as error:
            if error.cause == "late":
                raise Later(_("no answer within {seconds} s", seconds=f"{self.deadline:g}")) from None
            raise Later(_("the service cannot be reached ({why})", why=error.why)) from None
        return _answer_of(status, body)


@contextmanager
def _unlogged(key: str) -> Iterator[None]:
    """Within, the library below logs no request: its lines hold the whole address, and so the key."""
    log = logging.getLogger("urllib3.connectionpool")
    secrets = {key, quote(key, safe=""), quote(key), quote_plus(key)}

    def is_keyless(record: logging.LogRecord) -> bool:
        line = record.getMessage()
        return not any(secret in line for secret in secrets)

    log.addFilter(is_keyless)
    try:
        yield
    finally:
        log.removeFilter(is_keyless)


# ---- what an answer says ----------------------------------------------------------------------------------------------


def _answer_of(status: int, body: bytes) -> JsonValue:
    """The JSON of an answer that is one. Raises NoData, Later or Refused for what the service says instead."""
    text = body.decode("utf-8", errors="replace").lstrip("\ufeff \t\r\n")
    if text.startswith("<") and any(fault := _in_xml(text)):
        _refuse(*fault)
    if status == requests.codes.too_many_requests:
        _refuse("22", "")
    if status in (requests.codes.unauthorized, requests.codes.forbidden):
        _refuse("30" if status == requests.codes.unauthorized else "20", "")
    if status != requests.codes.ok:
        raise Later(_("the service answers with HTTP {status}", status=status))
    if text.startswith("<"):
        _refuse("", "")
    try:
        answer: JsonValue = json.loads(text)
    except (ValueError, RecursionError):
        raise Later(_("the answer is broken off, or no JSON"), half=True) from None
    header = _inside(answer, "response", "header")
    code, message = header.get("resultCode"), header.get("resultMsg")
    if str(code).strip() not in ("0", "00", "0000"):
        _refuse(str(code).strip(), str(message))
    return answer


def _in_xml(text: str) -> tuple[str, str]:
    """Code and message of an XML answer, looked for as text: a stranger's XML is not expanded."""
    if "<!" in text.replace("<![CDATA[", ""):  # DOCTYPE, ENTITY: the service sends none
        return "", ""
    code, message = (
        _tagged(text, names) for names in (("returnReasonCode", "resultCode"), ("returnAuthMsg", "resultMsg"))
    )
    return ("", "") if code.strip("0") == "" and "ERROR" not in message.upper() else (code, message)


def _tagged(text: str, names: tuple[str, ...]) -> str:
    """What stands in the first of these elements that is there; empty where none is."""
    matches = (re.search(rf"<{name}>\s*(?:<!\[CDATA\[)?\s*([\w .]{{1,80}})", text) for name in names)
    return next((match[1].strip() for match in matches if match), "")


def _refuse(code: str, message: str) -> None:
    """Raise what a code or, where it has none, a message of the service means. Its own words are not repeated."""
    spelled = re.sub(r"[^A-Z]+", "_", message.upper()).strip("_")
    known = {
        code.zfill(2) if code.isdecimal() else "",
        *(number for number, name in CODES.items() if name in spelled and spelled),
    }
    number = next((candidate for candidate in CODES if candidate in known), "")
    label = f"{number} {CODES.get(number, '')}".strip()
    if number == "03":
        raise NoData
    if number in ("22", "23"):
        raise Later(_("the service's limit of requests is reached ({code})", code=label))
    if number in _CURES:
        text, cure = _CURES[number]
        raise Refused(_(text, code=label), code=number, cure=_(cure))
    raise Later(
        _("the service has a fault of its own ({code})", code=label or _("an answer that is not the service's"))
    )


CODES = {
    "23": "LIMITED_NUMBER_OF_SERVICE_REQUESTS_PER_SECOND_EXCEEDS_ERROR",
    "22": "LIMITED_NUMBER_OF_SERVICE_REQUESTS_EXCEEDS_ERROR",
    "30": "SERVICE_KEY_IS_NOT_REGISTERED_ERROR",
    "31": "DEADLINE_HAS_EXPIRED",
    "32": "UNREGISTERED_IP_ERROR",
    "33": "UNSIGNED_CALL_ERROR",
    "20": "SERVICE_ACCESS_DENIED_ERROR",
    "21": "TEMPORARILY_DISABLE_THE_SERVICEKEY_ERROR",
    "10": "INVALID_REQUEST_PARAMETER_ERROR",
    "11": "NO_MANDATORY_REQUEST_PARAMETERS_ERROR",
    "12": "NO_OPENAPI_SERVICE_ERROR",
    "03": "NODATA_ERROR",
    "01": "APPLICATION_ERROR",
    "02": "DB_ERROR",
    "04": "HTTP_ERROR",
    "05": "SERVICETIME_OUT",
    "99": "UNKNOWN_ERROR",
}
"""The guide's codes; those without a cure below pass by themselves."""

_CURES = {
    "30": (
        "the key is not registered ({code})",
        "A new key takes up to an hour, sometimes a day, until every server knows it. Else look whether KMA_KEY holds all of it "  # noqa: ISC004
        "and belongs to 기상청_단기예보 조회서비스; either form will do (Encoding or Decoding), but not one encoded twice.",
    ),
    "31": ("the key's time is over ({code})", "Prolong it at data.go.kr: 마이페이지, 활용신청 현황, 연장신청."),
    "32": (
        "this machine's address is not registered with the key ({code})",
        "Add it at data.go.kr, or use the key where it is registered.",
    ),
    "33": ("the request was not signed ({code})", "Copy the key again from data.go.kr, in one piece."),
    "20": (
        "the key may not use this service ({code})",
        "Apply for 기상청_단기예보 조회서비스 at data.go.kr (활용신청); a new approval takes up to an hour, sometimes a day.",
    ),
    "21": ("the key is blocked for the time being ({code})", "Wait, or ask data.go.kr why."),
    "10": (
        "the service does not take this cell or this time ({code})",
        "Check --grid; the service keeps about three days.",
    ),
    "11": (
        "the request lacks something ({code})",
        "If KMA_URL is set: whatever stands there must pass on what it is asked.",
    ),
    "12": (
        "there is no such service ({code})",
        "If KMA_URL is set, check it; else look at data.go.kr whether it has moved.",
    ),
}


def _inside(node: JsonValue, *names: str) -> dict[str, JsonValue]:
    """An object within objects. Raises Later where there is none."""
    for name in names:
        node = node.get(name) if isinstance(node, dict) else None
    if not isinstance(node, dict):
        raise Later(_("the answer lacks {name}", name=".".join(names)), half=True)
    return node


def _content(answer: JsonValue, grid: Grid, issued: datetime) -> tuple[list[Item], int]:
    """The values of one page, and how many the issue has. Raises Later where they are not what was asked for."""
    body = _inside(answer, "response", "body")
    items, total = _inside(body, "items").get("item"), body.get("totalCount")
    entries = [items] if isinstance(items, dict) else items or []
    try:
        count = int(str(total))
        if not isinstance(entries, list):
            raise TypeError(entries)
        values = [_item(entry) for entry in entries]
    except (ValueError, TypeError, KeyError, AttributeError):
        raise Later(_("the answer is not made as the guide says"), half=True) from None
    own = {"baseDate": f"{issued:%Y%m%d}", "baseTime": f"{issued:%H%M}", "nx": str(grid[0]), "ny": str(grid[1])}
    if any(item[name] != value for item in values for name, value in own.items()):
        raise Later(_("the answer is to another question: another cell or another issue"), half=True)
    return values, count


_PATTERNS = {
    "baseDate": r"\d{8}", "baseTime": r"\d{4}", "category": r"[A-Z0-9]{2,5}", "fcstDate": r"\d{8}", "fcstTime": r"\d{4}",
    "fcstValue": r".{0,40}", "nx": r"\d{1,3}", "ny": r"\d{1,3}",
}  # fmt: skip


def _item(fields: JsonValue) -> Item:
    """One value, all its fields as text. Raises ValueError where a field is not made as the guide says, KeyError where it lacks."""
    if not isinstance(fields, dict):
        raise TypeError(fields)
    item = {name: "null" if fields[name] is None else str(fields[name]).strip() for name in _PATTERNS}
    for name, pattern in _PATTERNS.items():
        if not re.fullmatch(pattern, item[name]):
            raise ValueError(name)
    return item
