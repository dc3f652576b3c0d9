"""The nouns of the pipeline. Imports nothing of ours, does nothing, knows no database and no Airflow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Literal, Protocol, runtime_checkable
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def ready_from(day: date, hour: time) -> datetime:
    """The moment from which a platform has `day`, when it is ready at `hour` (Asia/Shanghai) of the next morning."""
    return datetime.combine(day + timedelta(days=1), hour, SHANGHAI)


Record = dict[str, Any]
"""One object as the platform said it (JSON types; ids beyond 2^53 stay `int` or `str`)."""


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open span of time `[start, end)`, both aware."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None or self.start >= self.end:
            raise ValueError(f"a window needs aware times with start < end, got {self.start} .. {self.end}")

    @classmethod
    def of_days(cls, first: date, last: date) -> Window:
        """The business days `first` to `last`, both included, in Asia/Shanghai."""
        return cls(
            datetime.combine(first, time(), SHANGHAI),
            datetime.combine(last + timedelta(days=1), time(), SHANGHAI),
        )

    def split(self, longest: timedelta) -> Iterator[Window]:
        """Cut into consecutive windows no longer than `longest`, oldest first."""
        start = self.start
        while start < self.end:
            end = min(start + longest, self.end)
            yield Window(start, end)
            start = end

    def days(self) -> Iterator[date]:
        """Business days the window touches, oldest first."""
        day = self.start.astimezone(SHANGHAI).date()
        last = (self.end - timedelta(microseconds=1)).astimezone(SHANGHAI).date()
        while day <= last:
            yield day
            day += timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a platform's token call handed out; `refresh_token` is empty where a token can be minted at any time."""

    access_token: str = field(repr=False)
    expires_at: datetime
    refresh_token: str = field(default="", repr=False)


class TokenSlot(Protocol):
    """The grant of one account, while nobody else may renew it."""

    def get(self) -> Grant | None:
        """The newest grant that was kept; None when there is none, or a person authorised anew since."""
        ...

    def put(self, grant: Grant) -> None:
        """Keep a grant for every process; it stands when the block ends without an exception."""
        ...


class TokenStore(Protocol):
    """Where grants are kept between runs. A refresh token works once, so one process renews and all others read."""

    def exclusive(self, account: str, seed: str) -> AbstractContextManager[TokenSlot]:
        """Hold the account's grant; `seed` names what the connection itself holds, another one a new authorisation."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Where a platform answers and with which credentials; made from the Airflow connection `quanyu_<name>`.

    `tokens` keeps renewed grants; None (a source run alone) keeps them for as long as the client lives.
    """

    name: str
    url: str
    login: str = ""
    password: str = field(default="", repr=False)
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)
    tokens: TokenStore | None = field(default=None, repr=False, compare=False)

    @property
    def account(self) -> str:
        """The platform account that scopes its identifiers: shop, appid, corp id, advertiser."""
        return str(self.extra.get("account") or self.login)


class Personal(StrEnum):
    """What a personal field holds; decides its normal form and how it lands (see `vault`).

    PHONE_MD5, PHONE_SHA256 and PHONE_SM3 are hashes of the 11 digits and nothing else; PHONE_DIGEST is any other hash
    of a phone, salted by the platform: it meets the phone by QUANYU_PHONE_DIGESTS.
    """

    PHONE = "phone"
    PHONE_MD5 = "phone_md5"
    PHONE_SHA256 = "phone_sha256"
    PHONE_SM3 = "phone_sm3"
    PHONE_DIGEST = "phone_digest"
    NAME = "name"
    EMAIL = "email"
    ADDRESS = "address"
    ID_NUMBER = "id_number"
    TEXT = "text"
    BIRTHDAY = "birthday"


class Mode(StrEnum):
    """What one reading of an entity means for the rows read before.

    increment: rows changed in the window; absent rows are unchanged.
    snapshot:  the whole population; a row that is absent was deleted.
    daily:     all rows of each day in the window; an absent row of such a day was withdrawn.
    """

    INCREMENT = "increment"
    SNAPSHOT = "snapshot"
    DAILY = "daily"


@dataclass(frozen=True, slots=True)
class Page:
    """Records as one answer brought them; `day` is the business day they belong to (mode `daily` only)."""

    records: Sequence[Record]
    day: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """One kind of record of a source.

    Paths are dotted (`external_contact.name`); `[]` walks a list (`follow_info.remark_mobiles[]`).
    `fields` maps a path to `text | integer | number | boolean | object | array`; a trailing `?` marks a
    field that may be absent or null. A required field that is missing or has another type is drift.
    `version` is the path of the platform's own change time, compared as text; None: the date of the load.
    `reread_days` full days before the business date are read again each night.
    `ready_at` is the hour in Asia/Shanghai from which the platform has the day before: a night that runs earlier
    leaves that day to the next one, instead of waiting for it.
    """

    name: str
    key: tuple[str, ...]
    mode: Mode
    fields: Mapping[str, str]
    read: Callable[[Any, Window], Iterator[Page]]
    version: str | None = None
    personal: Mapping[str, Personal] = field(default_factory=dict)
    reread_days: int = 0
    ready_at: time | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A system we read: its name, what it is (its module docstring), how to connect, what it holds."""

    name: str
    about: str
    entities: tuple[Entity, ...]
    connect: Callable[[Connection], AbstractContextManager[Any]]


@dataclass(frozen=True, slots=True)
class DedupKey:
    """The provider drops a repeat of the same key within `window`."""

    window: timedelta


@dataclass(frozen=True, slots=True)
class Query:
    """The provider can be asked, `lag` after the call and for `window`, what became of a message."""

    window: timedelta
    lag: timedelta


@dataclass(frozen=True, slots=True)
class Neither:
    """The provider can neither drop repeats nor be asked."""


Ability = DedupKey | Query | Neither


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message to one person, as a channel needs it. `address` is in clear and lives in memory only.

    `template` is the text, or `code:first,second` where the platform has the text: its code and the names of its
    variables in their order. `provider_key` is the key that the provider issued for the batch (`ReservesKeys`).
    """

    key: str
    address: str = field(repr=False)
    template: str
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    sender: str = ""
    provider_key: str = ""
    provider_id: str = ""
    sent_on: date | None = None

    @property
    def code(self) -> str:
        """The platform's code of an approved template."""
        return self.template.partition(":")[0]

    @property
    def values(self) -> list[str]:
        """The values of an approved template's variables, in its order."""
        return [self.params[name] for name in self.template.partition(":")[2].split(",") if name]


class Verdict(StrEnum):
    """What is known of a message after a call.

    accepted:  the provider took it (submitted, not yet delivered).
    refused:   the provider will never deliver it; `code` says why.
    later:     nothing happened and the same call may work later.
    unknown:   it may have gone out.
    delivered, failed, expired: final, from a receipt.
    read, clicked: what the person did with it, from a receipt; it was delivered then.
    """

    ACCEPTED = "accepted"
    REFUSED = "refused"
    LATER = "later"
    UNKNOWN = "unknown"
    DELIVERED = "delivered"
    FAILED = "failed"
    EXPIRED = "expired"
    READ = "read"
    CLICKED = "clicked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What the provider says of one message; `code` is the provider's own."""

    key: str
    verdict: Verdict
    provider_id: str = ""
    code: str = ""
    at: datetime | None = None


class ChannelClient(Protocol):
    """A connected channel: three verbs, a receipt per message each."""

    def send(self, batch_key: str, batch: Sequence[Message]) -> list[Receipt]:
        """Hand one batch over. Raises Throttled (nothing was sent) or DeliveryUnknown (it may have been)."""
        ...

    def ask(self, batch_key: str, batch: Sequence[Message]) -> list[Receipt]:
        """Find out what became of a batch whose answer was lost. Only for `Query` channels."""
        ...

    def receipts(self, sent: Sequence[Message]) -> Iterator[Receipt]:
        """Final verdicts that are known by now; messages still under way are left out."""
        ...


@runtime_checkable
class ReservesKeys(Protocol):
    """A client of a `DedupKey` channel whose provider issues the keys: asked once per batch, kept before the call."""

    def reserve(self, batch_key: str) -> str:
        """Get a key under which this batch, and no other, can be handed over again."""
        ...


@runtime_checkable
class Paced(Protocol):
    """A client that makes a call for each message: so many a second at the most."""

    @property
    def pace(self) -> float:
        """Calls per second."""
        ...


Purpose = Literal["care", "service", "marketing"]
PURPOSES: frozenset[Purpose] = frozenset({"care", "service", "marketing"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A destination: what it addresses, what it can promise, how many messages one call takes.

    `connection` names the Airflow connection (`quanyu_<connection>`) that switches it on.
    `address_type` is the kind of address in `bridge_customer_addresses`.
    All messages of a batch share template and sender; `params` differ only when `is_personal`.
    `has_receipts`: somebody tells in the end whether a message arrived; where nobody does, "sent" is the last word.
    `is_coded`: a template is a code of the platform, which approved the text before (seed `message_templates`).
    `purposes` are those the platform lets a brand write for.
    """

    name: str
    about: str
    connection: str
    address_type: str
    ability: Ability
    largest_batch: int
    smallest_batch: int = 1
    is_personal: bool = False
    is_coded: bool = False
    has_receipts: bool = True
    purposes: frozenset[Purpose] = PURPOSES
    connect: Callable[[Connection], AbstractContextManager[ChannelClient]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Somebody who belongs into a list. `address` is in clear and lives in memory only; `key` stands for it outside.

    `sender` is the member of staff whose customer it is, where a platform keeps its lists per relation.
    """

    key: str
    address: str = field(repr=False)
    sender: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteList:
    """A list at a platform: `name` is ours, `id` the platform's; empty while `add` has yet to make it."""

    name: str
    id: str = ""


class AudienceClient(Protocol):
    """A connected platform with lists. Lists are sets: adding twice or removing a stranger changes nothing.

    Each member gets a receipt: accepted, refused with the platform's code, later (nothing happened) or unknown. An
    unknown one with a `provider_id` is under way at the platform, which is asked by that (`SettlesLater`).
    """

    def open(self, name: str) -> RemoteList:
        """Find the list of a name; make it when there is none. Safe to repeat."""
        ...

    def add(self, to: RemoteList, members: Sequence[Member]) -> list[Receipt]:
        """Put members into a list. Raises what `ChannelClient.send` raises, with the receipts so far."""
        ...

    def remove(self, of: RemoteList, members: Sequence[Member]) -> list[Receipt]:
        """Take members out of a list; somebody whom the platform no longer knows counts as out."""
        ...


@runtime_checkable
class SettlesLater(Protocol):
    """A platform that takes files and works on them afterwards."""

    def settle(self, tickets: Sequence[str]) -> list[Receipt]:
        """Find out what became of `provider_id`s, which are the keys of the receipts; those under way are left out.

        Unknown: the platform has nothing under that id.
        """
        ...


@runtime_checkable
class TellsMembers(Protocol):
    """A platform that can be asked who is in a list. What it tells is believed over what it once answered."""

    def members(self, of: RemoteList) -> Iterable[str] | None:
        """The addresses in a list; None when it is longer than the platform lists."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """A destination whose lists equal a segment every morning, see `quanyu.activation.mirror`.

    `connection` names the Airflow connection (`quanyu_<connection>`) that switches it on. Whom a list may hold are
    addresses of the channel `name` in `bridge_customer_addresses`, with consent for the purpose `consent` there.
    Below `smallest_list` nobody is added. `lag` is how long a list that was just made may not be found by its name.
    """

    name: str
    about: str
    connection: str
    address_type: str
    consent: str
    largest_batch: int
    longest_name: int
    smallest_list: int = 1
    lag: timedelta = timedelta()
    connect: Callable[[Connection], AbstractContextManager[AudienceClient]]
