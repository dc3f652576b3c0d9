"""The only reader of the environment. One frozen object; an unknown `QUANYU_` key is an error."""

from __future__ import annotations

import base64
import json
import os
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from quanyu.contracts import SHANGHAI, Connection
from quanyu.errors import ConfigurationError

PROJECT = Path(__file__).resolve().parents[2]
"""The checkout: where `dags/`, `dbt_project/` and `expectations/` are."""

_PREFIX = "QUANYU_"
_CONNECTION_PREFIX = "AIRFLOW_CONN_QUANYU_"


class Settings(BaseSettings):
    """What an operator may set, each as `QUANYU_<FIELD>`."""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, frozen=True)

    home: Path = Field(default=PROJECT / "var", description="state of the local stack: Postgres, logs, reports")
    warehouse_url: SecretStr = Field(description="postgresql://user:password@host:port/database")
    vault_key: SecretStr = Field(description="32 bytes, base64: keys the tokens and the vault's ciphertexts")
    phone_digests: SecretStr = Field(
        default=SecretStr("{}"),
        description='salted hashes of phones that platforms hand out, as JSON: {"<name>": "sha256:<salt>{phone}"}',
    )
    now: datetime | None = Field(default=None, description="freezes the sender's clock (demo and tests only)")
    history_days: int = Field(default=30, ge=0, description="days read when an entity lands for the first time")
    bi_url: SecretStr | None = Field(
        default=None, description="the login that Superset reads the marts with; without it `make bi` makes one"
    )
    sources: Path | None = Field(default=None, description="folder of a brand's own sources, one YAML file each")

    @field_validator("vault_key")
    @classmethod
    def _key_is_32_bytes(cls, value: SecretStr) -> SecretStr:
        if len(base64.b64decode(value.get_secret_value(), validate=True)) != 32:
            raise ValueError("must be 32 bytes in base64 (make one: openssl rand -base64 32)")
        return value

    @field_validator("phone_digests")
    @classmethod
    def _digests_are_named_texts(cls, value: SecretStr) -> SecretStr:
        try:
            digests = json.loads(value.get_secret_value())
        except ValueError:
            digests = None
        if not isinstance(digests, dict) or not all(isinstance(recipe, str) for recipe in digests.values()):
            raise ValueError('must be a JSON object of texts, for example {"shop": "md5:salt{phone}"}')
        return value

    @field_validator("now")
    @classmethod
    def _now_is_aware(cls, value: datetime | None) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("needs a time zone, for example 2026-11-21T10:00:00+08:00")
        return value

    @property
    def vault_key_bytes(self) -> bytes:
        """The 32 bytes of the vault key."""
        return base64.b64decode(self.vault_key.get_secret_value())

    @property
    def digests(self) -> dict[str, str]:
        """How platforms hash phones beside the plain hashes: name -> `algorithm:text`."""
        return dict(json.loads(self.phone_digests.get_secret_value()))

    @property
    def dsn(self) -> str:
        """The warehouse as a libpq URL, password included."""
        return self.warehouse_url.get_secret_value()

    def business_now(self) -> datetime:
        """The sender's clock in Asia/Shanghai: real time unless `QUANYU_NOW` freezes it."""
        return (self.now or datetime.now(UTC)).astimezone(SHANGHAI)


def utc_now() -> datetime:
    """Real time, for signatures and time stamps; never for the logic of a business date."""
    return datetime.now(UTC)


@cache
def settings() -> Settings:
    """Read the environment once. Raises ConfigurationError naming each wrong key and never its value."""
    known = {_PREFIX + name.upper() for name in Settings.model_fields}
    unknown = sorted(key for key in os.environ if key.startswith(_PREFIX) and key not in known)
    if unknown:
        raise ConfigurationError(
            f"unknown setting {', '.join(unknown)}.", remedy=f"remove it; known are {', '.join(sorted(known))}."
        )
    try:
        return Settings()  # type: ignore[call-arg]  # the fields come from the environment
    except ValidationError as error:
        wrong = "; ".join(f"{_PREFIX}{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors())
        raise ConfigurationError(f"{wrong}.", remedy="set it in the environment or in .env; see README.") from None


def is_clock_frozen() -> bool:
    """Whether `QUANYU_NOW` is set; asked where DAG files are read, which needs no warehouse."""
    return bool(os.environ.get(_PREFIX + "NOW"))


def sources_folder() -> Path | None:
    """The folder of a brand's own sources; None when it has none. Needs no other setting, and no warehouse.

    Raises ConfigurationError when it is no folder: a night without half its systems would look like a good one.
    """
    said = os.environ.get(_PREFIX + "SOURCES")
    if not said:
        return None
    folder = PROJECT / said
    if not folder.is_dir():
        raise ConfigurationError(
            f"{_PREFIX}SOURCES is no folder ({folder}).", remedy="name the folder of the YAML files, or unset it."
        )
    return folder


def environment_connection(name: str) -> Connection | None:
    """The connection `quanyu_<name>` from `AIRFLOW_CONN_QUANYU_<NAME>` (JSON), for runs without Airflow."""
    text = os.environ.get(_CONNECTION_PREFIX + name.upper())
    if text is None:
        return None
    try:
        return connection_from(name, json.loads(text))
    except (ValueError, TypeError, AttributeError):
        raise ConfigurationError(
            f"{_CONNECTION_PREFIX}{name.upper()} is not an Airflow connection in JSON.",
            remedy='write it as {"conn_type": "http", "host": "https://...", "login": "...", "extra": {}}.',
        ) from None


def connection_from(name: str, fields: dict[str, Any]) -> Connection:
    """Airflow's connection fields (host holds the whole URL, extra a JSON object) as our noun."""
    extra = fields.get("extra") or {}
    return Connection(
        name=name,
        url=str(fields.get("host") or ""),
        login=str(fields.get("login") or ""),
        password=str(fields.get("password") or ""),
        extra=json.loads(extra) if isinstance(extra, str) else extra,
    )
