"""The policy of One-ID as two files of dbt_project/seeds say it: refused with the file, the line and the remedy."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PositiveInt, StringConstraints, ValidationError

from quanyu.errors import ConfigurationError

_Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
_Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
_Limit = PositiveInt | None


def _is_regex(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"is no regular expression ({error})") from None
    return pattern


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Line = TypeVar("Line", bound=_Row)


class IdentifierType(_Row):
    """A line of identity_identifier_types.csv; _identity__seeds.yml says what the columns mean."""

    identifier_type: _Word
    scope_kind: _Word
    priority: Annotated[int, Field(ge=0)]
    kind: Literal["unique", "strong", "weak", "attribute"]
    max_accounts: _Limit
    max_per_person: _Limit
    reuse_days: _Limit
    max_daily_accounts: _Limit
    max_daily_stores: _Limit
    max_weekly_accounts: _Limit
    max_weekly_strangers: _Limit
    max_strangers: _Limit


class BlockedValue(_Row):
    """A line of identity_blocked_values.csv."""

    identifier_type: _Word
    pattern: Annotated[_Text, AfterValidator(_is_regex)]
    match: Literal["exact", "regex"]
    reason: _Text


def check_policy(identifier_types: Path, blocked_values: Path) -> None:
    """Read both files and refuse what identity could not go by.

    Raises ConfigurationError that lists every fault with its file and line.
    """
    types, faults = _read(identifier_types, IdentifierType)
    # With a line missing, whatever is blocked of that type would look wrong as well.
    known = None if faults else {row.identifier_type for row in types.values()}
    blocked, more = _read(blocked_values, BlockedValue)
    faults = [*faults, *more]
    for column in ("identifier_type", "priority"):
        faults += _doubles(identifier_types.name, column, types)
    for line, row in blocked.items():
        place = f"{blocked_values.name}, line {line}"
        if known is not None and row.identifier_type not in known:
            faults.append(f"{place}: {row.identifier_type} is no type of {identifier_types.name}")
        if row.identifier_type == "phone" and row.match != "exact":
            faults.append(f"{place}: phones are tokens and match exactly only; list them one by one")
    if faults:
        raise ConfigurationError(f"{'; '.join(faults)}.", remedy="correct these lines; nothing was built.")


def _read(path: Path, model: type[Line]) -> tuple[dict[int, Line], list[str]]:
    """Give the good lines by their number, and a sentence for each fault."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            rows = [(reader.line_num, row) for row in reader]
            faults = list(_wrong_columns(path.name, reader.fieldnames or (), model))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read ({error}).", remedy="name a CSV file in UTF-8.") from None
    found = {}
    for number, row in [] if faults else rows:
        try:
            found[number] = model.model_validate({key: value or None for key, value in row.items()})
        except ValidationError as error:
            faults += [f"{path.name}, line {number}: {_sentence(fault)}" for fault in error.errors()]
    return found, faults


def _wrong_columns(name: str, found: Iterable[str], model: type[_Row]) -> Iterator[str]:
    columns = list(found)
    yield from (f"{name}: the column {column} is missing" for column in model.model_fields if column not in columns)
    yield from (f"{name}: the column {column} is unknown" for column in columns if column not in model.model_fields)
    if len(set(columns)) < len(columns):
        yield f"{name}: a column stands there twice"


def _sentence(fault: Any) -> str:
    # A blocked value is somebody's phone often enough: the place says enough, the value is not repeated.
    where = ".".join(map(str, fault["loc"])) or "the line"
    return f"{where}: {fault['msg'].removeprefix('Value error, ')}"


def _doubles(name: str, column: str, rows: dict[int, IdentifierType]) -> list[str]:
    seen: dict[Any, int] = {}
    faults = []
    for line, row in rows.items():
        value = getattr(row, column)
        if value in seen:
            faults.append(f"{name}, line {line}: {column} {value} stands in line {seen[value]} already")
        seen.setdefault(value, line)
    return faults
