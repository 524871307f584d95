"""Mappings kept beside the files they were confirmed for."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from dure.errors import UserError
from dure.i18n.texts import _
from dure.mapping.proposal import Match, Proposal
from dure.mapping.propose import signature

if TYPE_CHECKING:
    from dure.mapping.column import Column
    from dure.tables import Sheet


def saved(path: Path) -> Path:
    """Where the mapping of a file is kept: beside it."""
    return path.with_name(path.name + ".dure-map.json")


def save(path: Path, proposal: Proposal) -> Path:
    """Keep a confirmed mapping beside the file, readable for people."""
    from dure.content_store import write_atomically

    record = {
        "sheet": proposal.sheet,
        "long": proposal.long,
        "columns": {
            name: {key: value for key, value in asdict(match).items() if key in _DEFAULTS and value != _DEFAULTS[key]}
            for name, match in proposal.matches.items()
        },
        "headers": list(proposal.headers),
    }
    return write_atomically(saved(path), json.dumps(record, ensure_ascii=False, indent=2) + "\n")


_DEFAULTS: dict[str, str | float | None] = {"header": None, "clock": "", "unit": "", "factor": 1.0, "offset": 0.0}


def _match_of(record: dict[str, str | float]) -> Match:
    """One column of a kept mapping. Raises KeyError for a field it does not have."""
    unknown = set(record) - set(_DEFAULTS)
    if unknown:
        raise KeyError(", ".join(sorted(unknown)))
    return Match(
        header=str(record["header"]),
        clock=str(record.get("clock", "")),
        unit=str(record.get("unit", "")),
        factor=float(record.get("factor", 1)),
        offset=float(record.get("offset", 0)),
    )


def load(map_file: Path) -> Proposal:
    """A kept mapping. Raises UserError where it is none."""
    try:
        record = json.loads(map_file.read_text(encoding="utf-8"))
        matches = {str(name): _match_of(match) for name, match in record["columns"].items()}
        return Proposal(
            "",
            str(record.get("sheet", "")),
            tuple(record.get("headers", ())),
            matches,
            long=bool(record.get("long", False)),
            confirmed=True,
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        cure = _("Delete it and confirm the mapping again.")
        raise UserError(
            _("this is no saved mapping ({why})", why=str(error)[:120]), where=str(map_file), cure=cure
        ) from None


def still_fits(proposal: Proposal, sheet: Sheet, columns: Iterable[Column]) -> bool:
    """Whether a kept mapping is of these headers and these columns."""
    names = {column.name for column in columns}
    needed = {column.name for column in columns if column.required}
    return proposal.headers == signature(sheet) and needed <= set(proposal.matches) <= names


def header_mismatch(proposal: Proposal, sheet: Sheet, map_file: Path) -> UserError:
    """That a given mapping was made for other headers, and for which."""
    now = signature(sheet)
    gone = [header for header in proposal.headers if header not in now]
    new = [header for header in now if header not in proposal.headers]
    message = _(
        "the mapping was made for other headers (gone: {gone}; new: {new})",
        gone=", ".join(gone) or "-",
        new=", ".join(new) or "-",
    )
    return UserError(message, where=str(map_file), cure=_("Leave --map out and confirm the mapping again."))
