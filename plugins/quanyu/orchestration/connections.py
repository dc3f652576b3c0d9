"""Which sources, channels and audiences are switched on: those whose Airflow connection `quanyu_<name>` exists."""

from __future__ import annotations

from airflow.sdk import Connection as AirflowConnection
from airflow.sdk import get_parsing_context
from airflow.sdk.exceptions import AirflowNotFoundException

from quanyu import discovery
from quanyu.contracts import Audience, Channel, Connection, Source
from quanyu.errors import ConfigurationError
from quanyu.settings import connection_from

_PREFIX = "quanyu_"


def sources_on() -> list[Source]:
    """The sources that are switched on. While a task runs, its own source only: it was on when it was scheduled."""
    running = get_parsing_context().dag_id
    found = discovery.sources().values()
    if running:
        return [source for source in found if running == f"ingest__{source.name}"]
    return [source for source in found if switched_on(source.name)]


def names_on() -> list[str]:
    """The names of all sources that are switched on, also while a task runs."""
    return [name for name in discovery.sources() if switched_on(name)]


def channels_on() -> dict[str, Channel]:
    """The channels that are switched on, by name."""
    return {name: channel for name, channel in discovery.channels().items() if switched_on(channel.connection)}


def audiences_on() -> dict[str, Audience]:
    """The audiences that are switched on, by name."""
    return {name: audience for name, audience in discovery.audiences().items() if switched_on(audience.connection)}


def connection(name: str) -> Connection:
    """Where a platform answers. Raises ConfigurationError when it was switched off meanwhile."""
    found = switched_on(name)
    if found is None:
        raise ConfigurationError(
            f"the Airflow connection {_PREFIX}{name} does not exist.",
            remedy="create it under Admin > Connections; README.md lists the fields.",
        )
    return found


def switched_on(name: str) -> Connection | None:
    """Where a platform answers; None while its connection does not exist."""
    try:
        found = AirflowConnection.get(_PREFIX + name)
    except AirflowNotFoundException:
        return None
    return connection_from(
        name,
        {"host": found.host, "login": found.login, "password": found.password, "extra": found.extra},
    )
