"""Forms of requests and responses, and the large things in them that are carried by hash."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler
from pydantic_core import core_schema

if TYPE_CHECKING:
    import polars as pl


class Form(BaseModel):
    """Base of every request and response: unknown fields, NaN and infinity are refused.

    An instance is validated again whenever it passes through `ask`. That is both the check and the copy: what a method
    does to its request reaches nobody else.
    """

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, revalidate_instances="always")


Row = TypeVar("Row", bound=BaseModel)


class Table(Generic[Row]):
    """A large table inside a request or response: rows of one Form, carried by the hash of their content.

    `Table[Row]` accepts a Polars frame, a list of rows, or ``{"sha256": ...}`` of content already stored; as JSON it is
    its hash and number of rows. The frame is read when asked for.
    """

    def __init__(self, sha256: str, rows: int) -> None:
        self.sha256, self.rows = sha256, rows

    @property
    def frame(self) -> pl.DataFrame:
        """The rows, one column a field."""
        import polars as pl

        from dure.content_store import stored

        return pl.read_parquet(stored(self.sha256))

    @classmethod
    def of(cls, frame: pl.DataFrame) -> Table[Any]:
        """Store `frame` and carry it by its hash."""
        import io

        from dure.content_store import store

        buffer = io.BytesIO()
        frame.write_parquet(buffer)
        return cls(store(buffer.getvalue()), frame.height)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        """Validate rows against the Row type, once, when the table comes in."""
        import typing

        from pydantic import TypeAdapter

        (row,) = typing.get_args(source)
        rows = TypeAdapter(list[row])  # type: ignore[valid-type]

        def validate(value: Any) -> Table[Any]:
            import polars as pl

            if isinstance(value, Table):
                return value
            if isinstance(value, Mapping) and set(value) <= {"sha256", "rows"} and "sha256" in value:
                return _known_table(str(value["sha256"]))
            plain = value.to_dicts() if isinstance(value, pl.DataFrame) else value
            validated = rows.validate_python(plain)
            return cls.of(pl.DataFrame([entry.model_dump() for entry in validated]))  # type: ignore[attr-defined]  # Row is a form

        return core_schema.no_info_plain_validator_function(
            validate,
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda table: {"sha256": table.sha256, "rows": table.rows}
            ),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, _core: Any, _handler: Any) -> dict[str, Any]:
        """An object with the hash; a form shows it as an upload."""
        return {
            "type": "object",
            "properties": {"sha256": {"type": "string"}, "rows": {"type": "integer"}},
            "required": ["sha256"],
            "contentMediaType": "application/vnd.apache.parquet",
        }


def _known_table(sha256: str) -> Table[Any]:
    import polars as pl

    from dure.content_store import stored

    return Table(sha256, pl.scan_parquet(stored(sha256)).select(pl.len()).collect().item())


class File:
    """A file inside a request or response (an image, a signal), carried by the hash of its content."""

    def __init__(self, sha256: str) -> None:
        self.sha256 = sha256

    @property
    def path(self) -> Path:
        """Where the content lies on this machine."""
        from dure.content_store import stored

        return stored(self.sha256)

    @classmethod
    def of(cls, content: bytes) -> File:
        """Store `content` and carry it by its hash."""
        from dure.content_store import store

        return cls(store(content))

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        """Accept bytes, a path's content is never read from a string, or ``{"sha256": ...}``."""

        def validate(value: Any) -> File:
            if isinstance(value, File):
                return value
            if isinstance(value, bytes):
                return cls.of(value)
            if isinstance(value, Mapping) and set(value) == {"sha256"}:
                from dure.content_store import stored

                stored(str(value["sha256"]))
                return cls(str(value["sha256"]))
            raise ValueError('a file is given as its content or as {"sha256": ...}')

        return core_schema.no_info_plain_validator_function(
            validate,
            serialization=core_schema.plain_serializer_function_ser_schema(lambda file: {"sha256": file.sha256}),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, _core: Any, _handler: Any) -> dict[str, Any]:
        """An object with the hash; a form shows it as an upload."""
        return {"type": "object", "properties": {"sha256": {"type": "string"}}, "required": ["sha256"]}
