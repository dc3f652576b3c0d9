"""What exists in the sandbox world. Times are aware (Asia/Shanghai), money is integer fen, phones 11 digits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

SHOP = "shop-1"
APPID = "wx0quanyu00000001"
CORP = "ww0quanyu00000001"
BRAND = "quanyu"
OPEN_PLATFORM = "open_platform"
ADVERTISER = "adv-1"

Account = tuple[str, str, str]
"""(account_type, scope, account_id), as in the identity models."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody. `phones` are the person's own, oldest first; `persona` says which story they live."""

    id: str
    persona: str
    name: str
    phones: tuple[str, ...]
    birthday: date
    unionid: str
    store: str
    household: str = ""

    @property
    def phone(self) -> str:
        """The number in use on the last day of the world."""
        return self.phones[-1]


@dataclass(frozen=True, slots=True)
class Follower:
    """A fan of the official account; `unionid` is None for those the platform does not say it of."""

    openid: str
    unionid: str | None
    subscribed_at: datetime
    unsubscribed_at: datetime | None
    scene: str
    qr_scene_str: str
    person: str

    def follows(self, at: datetime) -> bool:
        """Whether the fan is subscribed just before `at`."""
        return self.subscribed_at < at and (self.unsubscribed_at is None or self.unsubscribed_at >= at)


@dataclass(frozen=True, slots=True)
class Contact:
    """A customer in the address book of one member of staff (WeCom); a customer may be in several."""

    external_userid: str
    unionid: str | None
    staff_userid: str
    name: str
    remark: str
    remark_mobiles: tuple[str, ...]
    added_at: datetime
    deleted_at: datetime | None
    state: str
    add_way: int
    person: str

    def exists(self, at: datetime) -> bool:
        """Whether the relation stands just before `at`."""
        return self.added_at < at and (self.deleted_at is None or self.deleted_at >= at)


@dataclass(frozen=True, slots=True)
class Card:
    """One version of a store member's card; the newest `updated_at` is in force."""

    member_card: str
    name: str
    phone: str
    birthday: date | None
    registered_at: datetime
    registered_store: str
    tmall_ouid: str
    sms_consent: str
    sms_consent_at: datetime | None
    consent_text_version: str
    updated_at: datetime
    person: str


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """One line of a receipt: sell_way A sale, B return, C gift; `fen` is never negative."""

    item_no: str
    quantity: int
    fen: int
    sell_way: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """A till receipt. `phone` is what the clerk typed, `late` marks what an offline till uploads a day later."""

    store: str
    receipt_no: str
    sold_at: datetime
    lines: tuple[ReceiptLine, ...]
    pay_way: str
    member_card: str
    phone: str
    guide_id: str
    original_receipt_no: str
    late: bool
    person: str

    @property
    def uploaded_on(self) -> date:
        """The day whose evening brings the receipt into the outbox."""
        return self.sold_at.date() + timedelta(days=int(self.late))


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit a store noticed; `phone` is clear here and leaves the store as MD5."""

    store: str
    visit_id: str
    visited_at: datetime
    member_card: str
    unionid: str
    phone: str
    guide_id: str
    channel: str
    person: str


@dataclass(frozen=True, slots=True)
class Creative:
    """An advertisement on Xiaohongshu."""

    creativity_id: str
    creativity_name: str
    unit_id: str
    campaign_id: str
    campaign_name: str
    note_id: str


@dataclass(frozen=True, slots=True)
class CreativeDay:
    """The final figures of one creative, day and placement; the platform reports less on the first days."""

    creative: Creative
    day: date
    placement: str
    fee_fen: int
    impression: int
    click: int
    like: int
    comment: int
    collect: int
    follow: int
    share: int
