"""What a YAML file may say of a source: keys, and which of them go together. Unknown keys are errors."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from quanyu.contracts import Mode, Personal
from quanyu.declared.naming import Naming

_NAME = r"^[a-z][a-z0-9_]*$"
_FILES_ONLY = frozenset(
    ("format", "encoding", "delimiter", "sheet", "header_row", "nulls", "undeclared", "done", "may_be_missing", "since")
)
_KEYS = ("text", "integer", "date", "time")
_HOUR = r"^([01]\d|2[0-3]):[0-5]\d$"

_TYPES = ("text", "integer", "number", "money", "boolean", "date", "time", "object", "array")

Format = Literal["csv", "tsv", "excel", "jsonl", "parquet"]


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # "Asia" is a folder of zones
        raise ValueError(f"{name!r} is no time zone, write for example Asia/Shanghai") from None
    return name


def _encoding(name: str) -> str:
    try:
        "".encode(name)
        codecs.getincrementaldecoder(name)()
    except LookupError:
        raise ValueError(f"{name!r} is no encoding, write for example gb18030") from None
    return name


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _type(name: str) -> str:
    if name.removesuffix("?") not in _TYPES:
        raise ValueError(
            f"{name!r} is no type, write one of {', '.join(_TYPES)}, with a trailing ? when it may be empty"
        )
    return name


class Column(_Strict):
    """One column: its type (with a trailing ? when it may be empty), its header in the file, what is personal in it.

    text, integer, boolean, object and array (in a flat file: as JSON) land as such; number and money (yuan) land as
    decimal text, never as a float; date as 2026-11-20; time as 2026-11-20T23:59:58+08:00.
    """

    type: Annotated[str, AfterValidator(_type)] = "text"
    personal: Personal | None = None
    header: str | None = Field(default=None, alias="from", min_length=1)

    @property
    def kind(self) -> str:
        """The type without its question mark."""
        return self.type.removesuffix("?")

    @property
    def is_optional(self) -> bool:
        """Whether it may be empty or absent."""
        return self.type.endswith("?")


def _column(said: Any) -> Any:
    return {"type": said} if isinstance(said, str) else said


class DeclaredEntity(_Strict):
    """One kind of record, from files or from a table.

    `files` is a name with {day} (see `naming`), and optionally {seq} (a later number corrects an earlier one) and
    {part} (a store; a part that drops nothing was closed); a snapshot may do without {day}. `may_be_missing`: a day
    without a file is a day without records; days before `since` have none. `done: required` waits for `<file>.done`
    with `md5 size rows`. `changed_by` is the column by which a table is read.
    """

    files: str | None = None
    format: Format | None = None
    encoding: Annotated[str, AfterValidator(_encoding)] | None = None
    delimiter: Annotated[str, Field(pattern=r'^[^"\r\n]$')] | None = None
    sheet: str | None = None
    header_row: int = Field(default=1, ge=1)
    nulls: tuple[str, ...] = ()
    undeclared: Literal["keep", "drop"] = "keep"
    done: Literal["required", "absent"] = "absent"
    may_be_missing: bool = False
    since: date | None = None
    table: str | None = None
    changed_by: str | None = None
    mode: Mode
    key: tuple[str, ...] = Field(min_length=1)
    version: str | None = None
    reread_days: int = Field(default=0, ge=0)
    ready_at: Annotated[str, Field(pattern=_HOUR)] | None = None
    columns: dict[str, Annotated[Column, BeforeValidator(_column)]] = Field(min_length=1)

    @model_validator(mode="after")
    def _is_sound(self) -> DeclaredEntity:
        if (self.files is None) == (self.table is None):
            raise ValueError("say either `files` or `table`")
        named = [*self.key, *([self.version] if self.version else []), *([self.changed_by] if self.changed_by else [])]
        if missing := sorted(set(named) - set(self.columns)):
            raise ValueError(f"{', '.join(missing)} is named as key, version or changed_by and is no column")
        if self.version and self.mode is not Mode.INCREMENT:
            raise ValueError("a version belongs to mode increment")
        if self.version and self.columns[self.version].kind not in {"text", "date", "time"}:
            raise ValueError(f"the version {self.version} is compared as text, so it must be a time, a date or a text")
        if self.version and self.columns[self.version].is_optional:
            raise ValueError(f"the version {self.version} is never empty: drop its ?")
        self._columns_are_sound()
        return self._of_files() if self.files is not None else self._of_a_table()

    def _columns_are_sound(self) -> None:
        for name, column in self.columns.items():
            if name in self.key and (column.is_optional or column.kind not in _KEYS):
                raise ValueError(f"the key {name} must be a required {', '.join(_KEYS)}")
            if column.personal and column.kind not in {"text", "date"}:
                raise ValueError(f"{name} is personal, so it must be a text or a date")
        paths = [name for name in self.columns if "." in name or "[]" in name]
        if paths and not self.is_nested:
            raise ValueError(f"{paths[0]} is a path, and only jsonl and parquet are nested; name its header in `from`")
        if renamed := [name for name in paths if self.columns[name].header]:
            raise ValueError(f"{renamed[0]} is a path, which `from` cannot rename")
        headers = [column.header or name for name, column in self.columns.items()]
        if twice := sorted({header for header in headers if headers.count(header) > 1}):
            raise ValueError(f"two columns come from the header {twice[0]}")

    def _of_files(self) -> DeclaredEntity:
        if not self.naming.has_day and self.mode is not Mode.SNAPSHOT:
            raise ValueError("`files` needs {day}; only a snapshot may be one file that is written again and again")
        if self.since and self.mode is Mode.SNAPSHOT:
            raise ValueError("`since` belongs to the days of an increment or of mode daily")
        if self.changed_by:
            raise ValueError("`changed_by` belongs to a table")
        if self.format is None:
            raise ValueError("say the `format`: csv, tsv, excel, jsonl or parquet")
        is_text = self.format in {"csv", "tsv", "jsonl"}
        fits = {
            "encoding": is_text,
            "delimiter": self.format in {"csv", "tsv"},
            "sheet": self.format == "excel",
            "header_row": self.format in {"csv", "tsv", "excel"},
        }
        if odd := [key for key, does_fit in fits.items() if key in self.model_fields_set and not does_fit]:
            raise ValueError(f"`{odd[0]}` means nothing for {self.format}")
        if self.may_be_missing and self.mode is Mode.SNAPSHOT:
            raise ValueError("a snapshot whose file is missing would delete everybody, so none `may_be_missing`")
        return self

    def _of_a_table(self) -> DeclaredEntity:
        if self.mode is not Mode.SNAPSHOT and not self.changed_by:
            raise ValueError("say `changed_by`, the column that tells when a row changed, or read it as a snapshot")
        if odd := sorted(_FILES_ONLY & self.model_fields_set):
            raise ValueError(f"{', '.join(odd)}: belong to files")
        return self

    @property
    def has_parts(self) -> bool:
        """Whether a day has a file of each store, say, that was open."""
        return "{part}" in (self.files or "")

    @property
    def is_nested(self) -> bool:
        """Whether its rows may hold objects and lists, into which columns are paths."""
        return self.format in {"jsonl", "parquet"}

    @property
    def titles(self) -> frozenset[str]:
        """The headers, or the outermost names, from which its columns come."""
        return frozenset(
            column.header or (name.partition(".")[0].partition("[")[0] if self.is_nested else name)
            for name, column in self.columns.items()
        )

    @property
    def naming(self) -> Naming:
        """What its files are called. Raises ValueError saying what is wrong with `files`."""
        return Naming.of(self.files or "")


class Declaration(_Strict):
    """A source: its name, what it is, the zone of times that name none, and its entities."""

    name: Annotated[str, Field(pattern=_NAME, max_length=30)]
    about: Annotated[str, Field(min_length=10)]
    time_zone: Annotated[str, AfterValidator(_zone)] = "Asia/Shanghai"
    entities: Mapping[Annotated[str, Field(pattern=_NAME, max_length=30)], DeclaredEntity] = Field(min_length=1)

    @model_validator(mode="after")
    def _has_one_connection(self) -> Declaration:
        if len({entity.table is None for entity in self.entities.values()}) > 1:
            raise ValueError("files and tables lie at different addresses: declare two sources")
        return self
