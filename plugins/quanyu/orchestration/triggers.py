"""Waiting without a worker: for the night's sources, and for the send window."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from airflow.providers.standard.triggers.temporal import DateTimeTrigger
from airflow.sdk import BaseOperator
from airflow.sdk.definitions.context import Context
from airflow.triggers.base import BaseTrigger, TriggerEvent

from quanyu import discovery, landing
from quanyu.activation.definition import SegmentDefinition
from quanyu.activation.send import campaigns
from quanyu.errors import Retryable
from quanyu.orchestration.clock import business_date
from quanyu.orchestration.connections import channels_on, names_on
from quanyu.settings import settings, utc_now

_POLL = timedelta(seconds=5)


class NightSealed(BaseTrigger):
    """Fires when the ledger holds every source of the night, or at the deadline."""

    def __init__(
        self, *, date: str, sources: Sequence[str], deadline: str, poll: float = _POLL.total_seconds()
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow's
        self.date, self.sources, self.deadline, self.poll = date, list(sources), deadline, poll

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Say how to make this trigger again in the triggerer."""
        kept = {"date": self.date, "sources": self.sources, "deadline": self.deadline, "poll": self.poll}
        return f"{type(self).__module__}.{type(self).__qualname__}", kept

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look into the ledger until it is complete. An unreachable warehouse is waited out as well."""
        event = "sealed"
        while not await asyncio.to_thread(self._is_sealed):
            if utc_now() >= datetime.fromisoformat(self.deadline):
                event = "deadline"
                break
            await asyncio.sleep(self.poll)
        yield TriggerEvent(event)  # type: ignore[no-untyped-call]  # Airflow's

    def _is_sealed(self) -> bool:
        try:
            return landing.sealed(settings().dsn, date.fromisoformat(self.date), self.sources)
        except Retryable as error:
            self.log.warning("%s", error)
            return False


class WaitForSources(BaseOperator):
    """Hold the night until every source that is switched on is sealed, or for `patience` hours at most.

    What is missing then is stale: the night goes on with the data of the night before.
    """

    template_fields = ("patience",)

    def __init__(self, *, patience: str = "{{ params.patience_hours }}", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.patience = patience

    def execute(self, context: Context) -> None:
        """Return at once when the ledger is complete, else leave the worker."""
        day, sources = business_date(context), names_on()
        if landing.sealed(settings().dsn, day, sources):
            return
        deadline = context["dag_run"].run_after + timedelta(hours=float(self.patience))
        self.log.info("waiting for %s until %s", ", ".join(sources), deadline)
        self.defer(
            trigger=NightSealed(date=day.isoformat(), sources=sources, deadline=deadline.isoformat()),
            method_name="resume",
        )

    def resume(self, context: Context, event: str) -> None:
        """Go on; at the deadline, enter what is missing, so that exits which rest on it are held."""
        if event == "sealed":
            return
        dsn, day = settings().dsn, business_date(context)
        for name in names_on():
            if not landing.sealed(dsn, day, [name]):
                night = landing.seal(dsn, day, discovery.sources()[name])
                self.log.warning("out of patience: %s is %s (%s)", name, night.status, night.error)


class WaitForWindow(BaseOperator):
    """Hold the messages until they may go out; a frozen clock (demo, tests) is never waited for."""

    def execute(self, context: Context) -> None:
        """Return at once when something may go out or nothing is planned, else leave the worker."""
        day, now = business_date(context), settings().business_now()
        planned = [
            definition for channel in channels_on() for definition in campaigns(settings().dsn, day, channel).values()
        ]
        opens = _best_moment(planned, now, last=day + timedelta(days=1))
        if opens is None or opens <= now or settings().now is not None:
            return
        self.log.info("nothing goes out before %s", opens)
        self.defer(trigger=DateTimeTrigger(moment=opens.astimezone(UTC)), method_name="resume")

    def resume(self, context: Context, event: Any) -> None:
        """Go on."""


def _best_moment(planned: Sequence[SegmentDefinition], now: datetime, *, last: date) -> datetime | None:
    """The first moment from `now` to the end of `last` at which as many segments as possible may be sent."""
    moments = {now} | {
        datetime.combine(now.date() + timedelta(days=days), definition.send_window[0], now.tzinfo)
        for definition in planned
        for days in (0, 1)
    }
    in_time = [moment for moment in moments if now <= moment and moment.date() <= last]
    return min(in_time, key=lambda moment: (-sum(d.is_open(moment) for d in planned), moment), default=None)
