"""What a plan says, row by row. People and accounts are named by their keys; no row holds a personal value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, order=True)
class AccountMove:
    """An account that stands for somebody else afterwards; empty is nobody."""

    account_key: str
    account_type: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, order=True)
class PersonChange:
    """What becomes of a One-ID, told by the accounts that go from one to the other; empty is nobody.

    merged: `before` is gone, in a One-ID that was there.    split: `after` is new, out of a One-ID that stays.
    renamed: `before` is gone and `after` is new.            moved: both stay, accounts change hands.
    born, joined: accounts of nobody become those of `after`, which is new or was there.
    gone, left: accounts of `before`, which is gone or stays, become nobody's.
    """

    change: str
    before: str
    after: str
    accounts: int


@dataclass(frozen=True, slots=True, order=True)
class AudienceChange:
    """A One-ID that a segment gains or loses."""

    segment: str
    change: str
    one_id: str


@dataclass(frozen=True, slots=True, order=True)
class MessageChange:
    """A message of the night that appears or vanishes, or that waits for a person on one side only (held, freed)."""

    channel: str
    segment: str
    change: str
    one_id: str
    key: str


@dataclass(frozen=True, slots=True, order=True)
class OrderMove:
    """An order that counts for somebody else afterwards; empty is nobody."""

    order_key: str
    channel: str
    net_fen: int
    before: str
    after: str


@dataclass(frozen=True, slots=True, order=True)
class FigureMove:
    """A figure of a mart that differs; None where the mart has no such row. `key` is channel, or day|channel|stage.

    fct_orders         net revenue and buyers with a name, by the order's channel
    dim_customers      customers and all their net revenue, by the channel of their first order
    fct_touchpoints   the same, by the channel that met them first
    fct_funnel_daily   each of its figures
    """

    mart: str
    figure: str
    key: str
    before: int | None
    after: int | None


@dataclass(frozen=True, slots=True)
class Preview:
    """All that a rule or a decision would change in the night of `business_date`, each list in its own order."""

    business_date: date
    channels: tuple[str, ...]
    """The channels that messages were planned for."""
    waiting: tuple[str, ...]
    """Decisions that were taken before, wait for the next build, and are part of what it changes."""
    accounts: tuple[AccountMove, ...]
    people: tuple[PersonChange, ...]
    audiences: tuple[AudienceChange, ...]
    messages: tuple[MessageChange, ...]
    orders: tuple[OrderMove, ...]
    figures: tuple[FigureMove, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing would change."""
        return not (self.accounts or self.people or self.audiences or self.messages or self.orders or self.figures)
