"""Workbooks (XLSX, XLSM, XLSB, XLS, ODS), read with calamine."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dure.errors import UserError
from dure.i18n.texts import _
from dure.tables.grid import Grid


def workbook_grids(path: Path) -> list[Grid]:
    """Every worksheet, hidden ones included. Raises UserError where the workbook is locked or cannot be read."""
    import python_calamine

    try:
        with python_calamine.CalamineWorkbook.from_path(path) as book:
            grids = []
            for metadata in book.sheets_metadata:
                if metadata.typ == python_calamine.SheetTypeEnum.WorkSheet:
                    sheet = book.get_sheet_by_name(metadata.name)
                    columns: list[Sequence[Any]] = list(zip(*sheet.to_python(skip_empty_area=False), strict=True))
                    hidden = metadata.visible != python_calamine.SheetVisibleEnum.Visible
                    name = unicodedata.normalize("NFC", metadata.name)
                    grids.append(Grid(name, columns, list(sheet.merged_cell_ranges or ()), hidden))
            return grids
    except python_calamine.PasswordError:
        message, cure = (
            _("the workbook is protected by a password"),
            _("Save a copy without the password and give that."),
        )
    except (python_calamine.CalamineError, OSError) as error:
        message = _("the workbook cannot be read ({why})", why=str(error)[:120])
        cure = _("Open it in a spreadsheet program and save it as .xlsx or .csv.")
    raise UserError(message, where=f"‘{path.name}’", cure=cure)
