"""Limits on how often anybody hears from us, read from `caps.yml` beside this file."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from quanyu.contracts import Purpose

_FILE = Path(__file__).with_name("caps.yml")


class GlobalCap(BaseModel):
    """One row of `caps.yml`: either per address of a channel or per person and purpose."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    channel: str = ""
    purpose: Purpose | None = None
    days: int | None = Field(default=None, ge=1, le=366)
    calendar_month: bool = False
    messages: int = Field(ge=1)
    source: Annotated[str, StringConstraints(min_length=1)]
    as_of: date

    @model_validator(mode="after")
    def _says_whom_and_how_long(self) -> Self:
        if bool(self.channel) == (self.purpose is not None):
            raise ValueError("name either a channel or a purpose")
        if self.calendar_month == (self.days is not None):
            raise ValueError("name either days or calendar_month")
        return self

    @property
    def label(self) -> str:
        """Say of whom it stops that it is full."""
        return f"already {self.messages} in {'calendar month' if self.days is None else f'{self.days} nights'}"

    def first_night(self, business_date: date) -> date:
        """The oldest business date that counts; messages of a business date go out on the day after it."""
        if self.days is not None:
            return date.fromordinal(business_date.toordinal() - self.days + 1)
        sending_day = date.fromordinal(business_date.toordinal() + 1)
        return date.fromordinal(sending_day.replace(day=1).toordinal() - 1)


@cache
def global_caps() -> tuple[GlobalCap, ...]:
    """All rows of `caps.yml`."""
    rows = yaml.safe_load(_FILE.read_text(encoding="utf-8"))["caps"]
    return tuple(GlobalCap.model_validate(row) for row in rows)
