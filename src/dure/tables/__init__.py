"""Any table a person has: workbooks, text files of every encoding and separator, Parquet; values with row and column."""

from dure.tables.duration_column import hours, is_hours
from dure.tables.headers import letter
from dure.tables.number_column import also_in, cell_unit, numbers
from dure.tables.reading import read, sheets, written
from dure.tables.reshape import Look, long, look, spelled, wide_hours
from dure.tables.sheet import Sheet, named, texts
from dure.tables.text_file import encoding_of, separator_of
from dure.tables.time_column import times
from dure.tables.units import conversion, over_an_hour, same_dimension, siblings, split_unit, unit_of

__all__ = [
    "Look",
    "Sheet",
    "also_in",
    "cell_unit",
    "conversion",
    "encoding_of",
    "hours",
    "is_hours",
    "letter",
    "long",
    "look",
    "named",
    "numbers",
    "over_an_hour",
    "read",
    "same_dimension",
    "separator_of",
    "sheets",
    "siblings",
    "spelled",
    "split_unit",
    "texts",
    "times",
    "unit_of",
    "wide_hours",
    "written",
]
