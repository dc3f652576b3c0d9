"""What a YAML file may say of a source. Unknown keys are errors; an error names the file, the place and the remedy."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from quanyu.contracts import Mode, Personal
from quanyu.errors import ConfigurationError

_NAME = r"^[a-z][a-z0-9_]*$"
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_PLACEHOLDERS = {"day", "seq", "part"}

Format = Literal["csv", "tsv", "excel", "jsonl", "parquet"]


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"{name!r} is no time zone, write for example Asia/Shanghai") from None
    return name


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Column(_Strict):
    """One column: its type (with a trailing ? when it may be empty), its header in the file, what is personal in it.

    text, integer, boolean and object, array (JSON Lines) land as such; number lands as decimal text, so that money is
    never a float; date as 2026-11-20; time as 2026-11-20T23:59:58+08:00.
    """

    type: Annotated[str, Field(pattern=r"^(text|integer|number|boolean|date|time|object|array)\??$")] = "text"
    personal: Personal | None = None
    header: str | None = Field(default=None, alias="from")

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

    `files` is a name with {day} (yyyymmdd), and optionally {seq} (a later number corrects an earlier one) and {part}
    (a store; a part that drops nothing was closed). `may_be_missing`: a day without a file is a day without records.
    `done: required` waits for `<file>.done` with `md5 size rows`. `changed_by` is the column by which a table is read.
    """

    files: str | None = None
    format: Format | None = None
    encoding: str | None = None
    delimiter: str | None = Field(default=None, min_length=1, max_length=1)
    sheet: str | None = None
    done: Literal["required", "absent"] = "absent"
    may_be_missing: bool = False
    table: str | None = None
    changed_by: str | None = None
    mode: Mode
    key: tuple[str, ...] = Field(min_length=1)
    version: str | None = None
    reread_days: int = Field(default=0, ge=0)
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
        return self._of_files() if self.files is not None else self._of_a_table()

    def _of_files(self) -> DeclaredEntity:
        placeholders = _PLACEHOLDER.findall(self.files or "")
        if "day" not in placeholders or set(placeholders) - _PLACEHOLDERS:
            raise ValueError("`files` needs {day} and knows {seq} and {part} beside it")
        if self.changed_by:
            raise ValueError("`changed_by` belongs to a table")
        if self.format is None:
            raise ValueError("say the `format`: csv, tsv, excel, jsonl or parquet")
        return self

    def _of_a_table(self) -> DeclaredEntity:
        if self.mode is not Mode.SNAPSHOT and not self.changed_by:
            raise ValueError("say `changed_by`, the column that tells when a row changed, or read it as a snapshot")
        if self.format or self.done == "required" or self.encoding or self.delimiter or self.sheet:
            raise ValueError("format, encoding, delimiter, sheet and done belong to files")
        return self

    @property
    def pattern(self) -> re.Pattern[str]:
        """The names of its files, with the groups day, seq and part."""
        groups = {"day": r"(?P<day>\d{8})", "seq": r"(?P<seq>\d+)", "part": r"(?P<part>.+?)"}
        pieces = _PLACEHOLDER.split(self.files or "")
        return re.compile(
            "".join(groups[piece] if number % 2 else re.escape(piece) for number, piece in enumerate(pieces))
        )


class Declaration(_Strict):
    """A source: its name, what it is, the zone of times that name none, and its entities."""

    name: Annotated[str, Field(pattern=_NAME, max_length=30)]
    about: Annotated[str, Field(min_length=10)]
    time_zone: Annotated[str, AfterValidator(_zone)] = "Asia/Shanghai"
    entities: Mapping[Annotated[str, Field(pattern=_NAME, max_length=30)], DeclaredEntity] = Field(min_length=1)


def read_declaration(path: Path) -> Declaration:
    """Read a file. Raises ConfigurationError naming every wrong place."""
    name = f"{path.parent.name}/{path.name}"
    try:
        said = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigurationError(
            f"{path} does not exist.", remedy="name a YAML file that describes a source."
        ) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark else ""
        raise ConfigurationError(f"{name} is no YAML{where}.", remedy="check indentation and quotes there.") from None
    try:
        return Declaration.model_validate(said)
    except ValidationError as error:
        wrong = "; ".join(_said(name, dict(problem)) for problem in error.errors())
        raise ConfigurationError(f"{wrong}.", remedy="docs/bring-your-own.md lists every key.") from None


def _said(name: str, problem: dict[str, Any]) -> str:
    place = ".".join(str(part) for part in problem["loc"]) or "the file"
    return f"{name}, {place}: {problem['msg'].removeprefix('Value error, ')}"
