"""A hub asked from Python: ``Client("https://dure.example.org", token).answer("gangwon.heart", {...})``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypedDict, Unpack
from urllib.parse import urlsplit

import requests

from dure.errors import UserError
from dure.i18n.texts import _, language

if TYPE_CHECKING:
    from pydantic import JsonValue

PATIENCE = 120.0  # seconds for an answer


def safe(url: str) -> str:
    """The address of a hub to which a token may go. Raises UserError where it would travel in the open."""
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        message = _("the token would travel in the open")
        raise UserError(message, where=url, cure=_("Give the address of the hub with https://."))
    return url.rstrip("/")


class RequestParts(TypedDict, total=False):
    """What goes with a request, as `requests` takes it."""

    json: JsonValue | Mapping[str, JsonValue]
    params: Mapping[str, str]
    data: bytes | IO[bytes]
    headers: Mapping[str, str]
    stream: bool


class Client:
    """A hub, for somebody who holds a token of it.

    Every method raises UserError in the reader's language: what cannot be done, where, and what to do next.
    """

    def __init__(self, url: str, token: str) -> None:
        self.url, self.session = safe(url), requests.Session()
        self.session.headers.update({"authorization": f"Bearer {token}", "accept-language": language()})

    def ask(self, method: str, path: str, **options: Unpack[RequestParts]) -> Any:
        """Any route of the API (`/api/v1` stands before it); its JSON."""
        return self._response(method, path, **options).json()

    def answer(self, project: str, request: Mapping[str, JsonValue]) -> dict[str, Any]:
        """The answer to a request: response, method, versions, and an id by which the truth can be told later."""
        answer: dict[str, Any] = self.ask("POST", f"/projects/{project}/answer", json=request)
        return answer

    def feedback(self, project: str, truths: Mapping[str, JsonValue]) -> dict[str, Any]:
        """Tell what really happened, by the ids of answers."""
        entries: JsonValue = [{"id": name, "truth": truth} for name, truth in truths.items()]
        receipt: dict[str, Any] = self.ask("POST", f"/projects/{project}/feedback", json=entries)
        return receipt

    def send(self, path: Path) -> str:
        """Keep a file at the hub; its SHA-256."""
        with path.open("rb") as file:
            return str(self.ask("POST", "/files", params={"name": path.name}, data=file)["sha256"])

    def fetch(self, sha256: str, out: Path) -> None:
        """A file that the hub keeps; the whole of it, or nothing."""
        aside = out.with_name(f".{out.name}.part")
        try:
            with self._response("GET", f"/files/{sha256}", stream=True) as response, aside.open("wb") as file:
                for block in response.iter_content(1 << 20):
                    file.write(block)
            aside.replace(out)
        except requests.RequestException as error:
            raise UserError(_("the hub cannot be reached ({why})", why=type(error).__name__), where=self.url) from None
        finally:
            aside.unlink(missing_ok=True)

    def answer_table(self, project: str, table: Path, out: Path) -> dict[str, Any]:
        """Answer every row of a table into another one (CSV, XLSX, Parquet by its ending); the run as it ended."""
        batch = {"file": self.send(table), "to": out.suffix.lstrip(".")}
        run = list(self.follow(self.ask("POST", f"/projects/{project}/batches", json=batch)["id"]))[-1]
        if run["state"] != "done":
            raise UserError(run["said"] or _(run["state"]), where=table.name)
        self.fetch(run["result"]["sha256"], out)
        return run

    def run(self, project: str, *, sealed: bool = False, seeds: Sequence[int] | None = None) -> str:
        """Ask for a trial; the id of its run."""
        chosen: JsonValue = None if seeds is None else [*seeds]
        return str(self.ask("POST", "/runs", json={"project": project, "sealed": sealed, "seeds": chosen})["id"])

    def follow(self, run: str) -> Iterator[dict[str, Any]]:
        """A run, whenever something about it is new, until it has ended."""
        with self._response("GET", f"/runs/{run}/events", stream=True) as response:
            for line in response.iter_lines():
                if line.startswith(b"data: "):
                    yield json.loads(line[6:])

    def _response(self, method: str, path: str, **options: Unpack[RequestParts]) -> requests.Response:
        try:
            response = self.session.request(method, f"{self.url}/api/v1{path}", timeout=PATIENCE, **options)
        except requests.RequestException as error:
            raise UserError(_("the hub cannot be reached ({why})", why=type(error).__name__), where=self.url) from None
        if response.ok:
            return response
        problem = response.json() if response.headers.get("content-type") == "application/problem+json" else {}
        message = str(problem.get("title", response.status_code))
        raise UserError(message, where=problem.get("where", self.url), cure=problem.get("cure", ""))
