"""What a segment says of itself in `config(meta=...)`, read strictly: an unknown or missing key is an error."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_serializer,
    field_validator,
    model_validator,
)

from quanyu.contracts import SHANGHAI, Purpose
from quanyu.errors import ConfigurationError
from quanyu.warehouse import Connection

Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]

# Measures on commercial short messages; platforms refuse marketing outside these hours as well.
EARLIEST, LATEST = time(8), time(22)

# Providers file a message under the day of the call, and are asked by that day: a call must not cross midnight.
LAST_CALL = time(23)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Cap(_Strict):
    """At most `messages` of the segment's purpose to one person in `days` nights, this one included."""

    days: int = Field(ge=1, le=366)
    messages: int = Field(ge=1)

    def first_night(self, business_date: date) -> date:
        """The oldest business date that counts."""
        return date.fromordinal(business_date.toordinal() - self.days + 1)

    @property
    def label(self) -> str:
        """Say of whom it stops that it is full."""
        return f"already {self.messages} in {self.days} nights"


class SizeBand(_Strict):
    """The size that needs no second look: bounds, and the relative change since the last night."""

    min: int = Field(ge=0)
    max: int = Field(ge=0)
    change: float = Field(gt=0)

    @model_validator(mode="after")
    def _is_a_band(self) -> Self:
        if self.min > self.max:
            raise ValueError("min is larger than max")
        return self

    def breach(self, audience: int, last_night: int | None) -> str:
        """Why this size needs a person; empty when it does not."""
        if not self.min <= audience <= self.max:
            return f"audience {audience} is outside {self.min} to {self.max}"
        if last_night and abs(audience - last_night) > self.change * last_night:
            return f"audience went from {last_night} to {audience}, more than {self.change:.0%}"
        return ""


class SegmentDefinition(_Strict):
    """The meta of one segment. `consent` is the purpose a person must have agreed to; `priority`: lower wins.

    `audiences` are the lists outside that mirror the segment, each of which asks for the consent of its audience; one
    without channels feeds those alone, and may say what they ask for.
    """

    why: Text
    owner: Text
    purpose: Purpose
    channels: tuple[Text, ...]
    templates: Mapping[str, Text]
    audiences: tuple[Text, ...] = ()
    consent: Literal[Purpose, "advertising"]
    holdout: float = Field(ge=0, lt=1)
    cap: Cap
    send_window: tuple[time, time]
    priority: int
    sources: tuple[Text, ...]
    act_version: int = Field(ge=1)
    size_band: SizeBand

    @field_validator("send_window", mode="before")
    @classmethod
    def _hours_are_written_out(cls, value: Any) -> Any:
        if not isinstance(value, list | tuple) or not all(re.fullmatch(r"\d\d:\d\d", str(hour)) for hour in value):
            raise ValueError("write two times as '09:00', '20:00'")
        return value

    @field_serializer("send_window")
    def _written_out(self, hours: tuple[time, time]) -> list[str]:
        return [f"{hour:%H:%M}" for hour in hours]

    @model_validator(mode="after")
    def _parts_fit_together(self) -> Self:
        if set(self.templates) != set(self.channels) or len(set(self.channels)) != len(self.channels):
            raise ValueError("channels and templates must name the same channels, each once")
        if not self.channels and not self.audiences:
            raise ValueError("name at least one channel or audience")
        if self.channels and self.consent == "advertising":
            raise ValueError("consent to advertising is no consent to messages, it is for a segment without channels")
        opens, closes = self.send_window
        if not opens < closes:
            raise ValueError("send_window must open before it closes")
        if self.purpose != "service" and not EARLIEST <= opens < closes <= LATEST:
            raise ValueError(f"send_window of {self.purpose} must lie within {EARLIEST:%H:%M} and {LATEST:%H:%M}")
        if closes > LAST_CALL:
            raise ValueError(f"send_window must close by {LAST_CALL:%H:%M}")
        return self

    def is_open(self, now: datetime) -> bool:
        """Whether `now` lies within the send window, in Asia/Shanghai."""
        opens, closes = self.send_window
        return opens <= now.astimezone(SHANGHAI).time() < closes

    def open_for(self, now: datetime) -> timedelta:
        """How long the window stays open from `now`; zero when it is closed."""
        if not self.is_open(now):
            return timedelta()
        local = now.astimezone(SHANGHAI)
        return datetime.combine(local.date(), self.send_window[1], SHANGHAI) - local


def parse(segment: str, meta: Mapping[str, Any]) -> SegmentDefinition:
    """Read one segment's meta. Raises ConfigurationError naming the segment and each wrong key."""
    try:
        return SegmentDefinition.model_validate(meta)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'meta'}: {e['msg']}" for e in error.errors())
        raise ConfigurationError(
            f"segment {segment}: {wrong}.",
            remedy=f"correct the meta in dbt_project/models/segments/{segment}.sql; see docs/adding-a-segment.md.",
        ) from None


def load(connection: Connection) -> dict[str, SegmentDefinition]:
    """All segments that dbt built, the most important first."""
    rows = connection.execute("select segment, meta from ops.segment order by segment").fetchall()
    known = {segment: parse(segment, meta) for segment, meta in rows}
    return dict(sorted(known.items(), key=lambda item: (item[1].priority, item[0])))
