"""One contract for every channel: what it must deliver, keep to itself and find out, against the sandbox's platforms.

A channel that is added is tested here without an edit, save a line in `CALLS` for it and one in `ADDRESSES` for a new
kind of address.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from quanyu import discovery, warehouse
from quanyu.activation import collect_receipts, settle
from quanyu.activation.settle import SettleReport
from quanyu.contracts import Channel, DedupKey, Neither, Paced, Personal, Query
from quanyu.errors import ConfigurationError, DeliveryUnknown, NeedsPerson, QuanyuError, Throttled
from quanyu.fan import Fan
from quanyu.settings import utc_now
from tests.fixtures.activation_night import DAY, TEN, Night
from tests.sandbox import running_sandbox
from tests.sandbox.email_smtp import mailbox
from tests.sandbox.jpush import JPush
from tests.sandbox.server import Sandbox
from tests.sandbox.world.openids import MINI_APPID, openid
from tests.sandbox.world.systems.tracking import app_user_id, registration_id
from tests.sandbox.world.systems.wecom import groups

FOUND = discovery.channels()
CHANNELS = [pytest.param(channel, id=channel.name) for channel in FOUND.values()]


@dataclass(frozen=True)
class Sending:
    """The endpoint that sends, the fault by which its platform says "nothing more today" (if it ever does), and a
    template for it; faults that cannot befall it, whether it tells later what became of a message, whether its silence
    proves that nothing was sent, and a secret that is not the right one.
    """

    endpoint: str
    spent: str = ""
    template: str = "好久不见，{gift}等您来取"
    cannot: frozenset[str] = frozenset()
    has_receipts: bool = True
    proves_absence: bool = True
    wrong_secret: str = "not-the-secret"


TITLED = "好久不见\n\n{gift}等您来取"
# A PUT is answered without a body, and repeated in silence when its connection breaks.
STORE = frozenset({"truncated", "reset", "reply_lost"})

CALLS = {
    "aliyun_call": Sending("ImportTaskNumberDatas", "isv.DAY_LIMIT_CONTROL", "118000000000000001"),
    "aliyun_sms": Sending("SendBatchSms", "isv.DAY_LIMIT_CONTROL", "SMS_999000001"),
    "official_account_mass": Sending("/cgi-bin/message/mass/send", "quota"),
    "official_account_template": Sending("/cgi-bin/message/template/send", "quota", "TM_MEMBER_GIFT"),
    "subscription_message": Sending("/cgi-bin/message/subscribe/send", "quota", "SUB_CART_LEFT"),
    "tencent_sms": Sending("SendSms", "LimitExceeded.AppDailyLimit", "2480001", proves_absence=False),
    "wecom_broadcast": Sending("/cgi-bin/externalcontact/add_msg_template", "quota"),
    "wecom_group": Sending("/cgi-bin/externalcontact/add_msg_template", "quota"),
    "jpush": Sending("POST /v3/push"),
    "getui": Sending("/push/single/cid", has_receipts=False),
    "email_smtp": Sending(
        "DATA", template=TITLED, cannot=frozenset({"truncated", "http_500", "html"}), has_receipts=False
    ),
    "webhook": Sending(
        "/events",
        "quota",
        # An empty answer cannot be cut short.
        cannot=frozenset({"truncated"}),
        wrong_secret="whsec_bm90LXRoZS1zZWNyZXQtYXQtYWxsLTAxMjM0NQ==",
    ),
    "file_export": Sending("PUT", cannot=STORE),
    "in_app_popup": Sending("PUT", template=TITLED, cannot=STORE, has_receipts=False),
}


@dataclass(frozen=True)
class Recipient:
    """An address as the platform shows it (`shown`) and as our warehouse keeps it."""

    one_id: str
    shown: str
    address: str
    sender: str = ""


def followers(sandbox: Sandbox, _night: Night) -> Iterator[Recipient]:
    yield Recipient("stranger", "oStranger", "oStranger")
    for fan in sandbox.world.followers:
        if fan.follows(sandbox.clock.end):
            yield Recipient(fan.person, fan.openid, fan.openid)


def contacts(sandbox: Sandbox, _night: Night) -> Iterator[Recipient]:
    staff = sandbox.world.contacts[0].staff_userid
    yield Recipient("stranger", "wmStranger", "wmStranger", staff)
    for contact in sandbox.world.contacts:
        if contact.exists(sandbox.clock.end):
            yield Recipient(contact.person, contact.external_userid, contact.external_userid, contact.staff_userid)


def mini_program_users(sandbox: Sandbox, _night: Night) -> Iterator[Recipient]:
    yield Recipient("stranger", "oStranger", "oStranger")
    for person in sandbox.world.people:
        user = openid(sandbox.world, MINI_APPID, person.id)
        yield Recipient(person.id, user, user)


def app_users(sandbox: Sandbox, _night: Night) -> Iterator[Recipient]:
    for person in sandbox.world.people:
        user = app_user_id(sandbox.world, person.id)
        yield Recipient(person.id, user, user)


def customer_groups(sandbox: Sandbox, _night: Night) -> Iterator[Recipient]:
    there = [group for group in groups(sandbox.world) if group.created_at < sandbox.clock.end]
    yield Recipient("stranger", "wrStranger", "wrStranger", there[0].owner)
    for group in there:
        yield Recipient(f"of-{group.chat_id}", group.chat_id, group.chat_id, group.owner)


def phones(sandbox: Sandbox, night: Night) -> Iterator[Recipient]:
    # A valid number, but this account has no international messages.
    yield Recipient("stranger", "85251234567", night.phone("+85251234567"))
    for person in sandbox.world.people:
        yield Recipient(person.id, person.phone, night.phone(person.phone))


def mailboxes(sandbox: Sandbox, night: Night) -> Iterator[Recipient]:
    for one_id in ["stranger", *(person.id for person in sandbox.world.people)]:
        address = "nobody@mailbox.example" if one_id == "stranger" else mailbox(one_id)
        token = night.vault.tokenise(Personal.EMAIL, address)
        with warehouse.connect(night.dsn) as connection:
            night.vault.store(connection, [token])
        yield Recipient(one_id, address, token.token)


def installs(sandbox: Sandbox, _night: Night) -> Iterator[Recipient]:
    yield Recipient("stranger", "rStranger", "rStranger")
    for person in sandbox.world.people:
        install = registration_id(sandbox.world, person.id)
        yield Recipient(person.id, install, install)


def themselves(sandbox: Sandbox, _night: Night) -> Iterator[Recipient]:
    for person in sandbox.world.people:
        yield Recipient(person.id, person.id, person.id)


ADDRESSES: dict[str, Callable[[Sandbox, Night], Iterator[Recipient]]] = {
    "openid": followers,
    "mini_program_openid": mini_program_users,
    "chat_id": customer_groups,
    "external_userid": contacts,
    "phone": phones,
    "registration_id": installs,
    "getui_cid": installs,
    "email": mailboxes,
    "one_id": themselves,
    "app_user_id": app_users,
}


@dataclass
class Town:
    """A sandbox, a warehouse with one planned segment, and the real client between them."""

    sandbox: Sandbox
    night: Night
    channel: Channel
    caplog: pytest.LogCaptureFixture
    waits: list[float] = field(default_factory=list)
    recipients: dict[str, Recipient] = field(default_factory=dict)
    passed: timedelta = timedelta()

    def plan(self, *, stranger: bool = False, limit: int = 12) -> None:
        """Plan a message to each of a few people, and to somebody the platform does not know."""
        for recipient in ADDRESSES[self.channel.address_type](self.sandbox, self.night):
            if len(self.recipients) == limit + stranger:
                break
            is_new = recipient.shown not in {known.shown for known in self.recipients.values()}
            if (stranger or recipient.one_id != "stranger") and is_new and recipient.one_id not in self.recipients:
                self.recipients[recipient.one_id] = recipient
        for recipient in self.recipients.values():
            self.night.person(
                recipient.one_id, on=self.channel.name, address=recipient.address, sender=recipient.sender
            )
        purpose = "marketing" if "marketing" in self.channel.purposes else "care"
        self.night.segment(
            "seg_quiet",
            {one_id: {"gift": "好茶"} for one_id in self.recipients},
            channels=[self.channel.name],
            templates={self.channel.name: self.sending.template},
            purpose=purpose,
            consent=purpose,
        )
        self.night.plan(self.channel)

    def send(self) -> Any:
        """Send through the real client."""
        with self.channel.connect(self.connection) as client:
            return self.night.send(client, self.channel, ticks=self.real, sleep=self.wait)

    def wait(self, seconds: float) -> None:
        """Sleep at once: the time has passed when it returns."""
        self.waits.append(seconds)
        self.passed += timedelta(seconds=seconds)

    def settle(self) -> SettleReport:
        """Settle through the real client."""
        with self.channel.connect(self.connection) as client:
            return settle(self.night.dsn, self.channel, client, lambda: TEN, self.night.vault, ticks=self.real)

    def resolve(self) -> None:
        """Let the provider's time pass and settle; what never arrived is sent again."""
        self.elapse(timedelta(minutes=10))
        self.settle()
        if "pending" in self.night.states().values():
            self.send()

    def receipts(self) -> Any:
        """Collect through the real client."""
        with self.channel.connect(self.connection) as client:
            return collect_receipts(self.night.dsn, self.channel, client, lambda: TEN, self.night.vault)

    def real(self) -> Any:
        """Real time, and what was let pass."""
        return utc_now() + self.passed

    def elapse(self, span: timedelta) -> None:
        """Let time pass here and there."""
        self.passed += span
        self.sandbox.clock.elapse(span.total_seconds())

    @property
    def sending(self) -> Sending:
        """How the channel sends."""
        return CALLS[self.channel.name]

    @property
    def connection(self) -> Any:
        """The connection that switches the channel on."""
        return self.sandbox.connection(self.channel.connection)

    def fault(self, kind: str, **how: Any) -> None:
        """Break the sending call."""
        self.sandbox.fault(self.channel.connection, kind, match=self.sending.endpoint, **how)

    def calls(self) -> int:
        """How often the sending call reached the platform."""
        seen = self.sandbox.journal(self.channel.connection)
        return sum(entry["path"] == self.sending.endpoint for entry in seen)

    def delivered(self) -> list[str]:
        """Who got something, as often as they did."""
        return sorted(delivery["recipient"] for delivery in self.sandbox.deliveries(self.channel.connection))

    def expected(self) -> list[str]:
        """Everybody but the stranger, once."""
        return sorted(known.shown for known in self.recipients.values() if known.one_id != "stranger")


@pytest.fixture(params=CHANNELS)
def town(
    request: pytest.FixtureRequest, dsn: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> Iterator[Town]:
    caplog.set_level(logging.DEBUG)
    with running_sandbox(people=60, business_date=DAY) as sandbox:
        town = Town(sandbox, Night(dsn), request.param, caplog)
        if isinstance(push := sandbox.platforms["jpush"], JPush):
            # One install in 25 gives out on some day; which ones is no affair of these tests.
            push.failed = 0.0
        monkeypatch.setattr("time.sleep", town.wait)
        approved = {(town.channel.name, town.sending.template): "{gift}等您来取，拒收请回复R"}
        monkeypatch.setattr("quanyu.activation.templates.approved", lambda: approved)
        yield town


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_channel_says_what_it_is_and_can_do(channel: Channel) -> None:
    assert len(channel.about) > 100
    assert channel.address_type in ADDRESSES
    assert isinstance(channel.ability, DedupKey | Query | Neither)
    assert 1 <= channel.smallest_batch <= channel.largest_batch
    assert channel.name in CALLS


def test_everybody_gets_the_message_once_however_often_it_is_sent(town: Town) -> None:
    town.plan()
    assert town.send().states == {"sent": len(town.recipients)}
    town.send()
    assert town.delivered() == town.expected()
    assert town.night.parts("seg_quiet") == {"sent": len(town.recipients)}


def test_parameters_and_templates_arrive_as_text(town: Town) -> None:
    town.plan(limit=2)
    town.send()
    assert all("好茶" in delivery["content"] for delivery in town.sandbox.deliveries(town.channel.connection))


def test_one_unknown_recipient_is_refused_alone_with_the_platforms_own_code(town: Town) -> None:
    town.plan(stranger=True)
    if "stranger" not in town.recipients:
        pytest.skip("the platform takes whoever is named")
    town.send()
    if town.night.states()["stranger"] == "sent":
        # Some platforms say it with the receipts only.
        town.sandbox.advance_to(DAY + timedelta(days=1))
        town.receipts()
    states = town.night.states()
    assert states.pop("stranger") == "failed_final"
    assert set(states.values()) <= {"sent", "delivered"}
    assert town.night.one("select code from activation.message where one_id = 'stranger'")
    assert town.delivered() == town.expected()


def test_a_client_of_single_calls_says_how_many_it_makes_in_a_second(town: Town) -> None:
    with town.channel.connect(town.connection) as client:
        assert isinstance(client, Paced) == any(isinstance(held, Fan) for held in vars(client).values())


def test_a_passing_throttle_is_waited_out(town: Town) -> None:
    town.plan(limit=4)
    town.fault("throttle")
    town.send()
    assert town.delivered() == town.expected()
    assert sum(town.waits) > 0, "no second call without a wait"


def test_no_call_is_made_while_the_platform_takes_nothing_more(town: Town) -> None:
    if not town.sending.spent:
        pytest.skip("the platform has no such answer that we know of")
    town.plan(limit=4)
    town.fault(town.sending.spent, times=9)
    with pytest.raises(Throttled) as caught:
        town.send()
    assert caught.value.until is not None
    made = town.calls()
    assert set(town.night.states().values()) == {"pending"}
    with pytest.raises(Throttled):
        town.send()
    assert town.calls() == made
    town.sandbox.clear(town.channel.connection)
    town.passed = caught.value.until - utc_now()
    town.send()
    assert town.delivered() == town.expected()


@pytest.mark.parametrize("kind", ["reply_lost", "truncated", "reset", "http_500", "html"])
def test_a_lost_answer_is_resolved_by_what_the_channel_can_do(town: Town, kind: str) -> None:
    if kind in town.sending.cannot:
        pytest.skip("this cannot befall the platform")
    town.plan()
    town.fault(kind)
    assert town.send().states["sending"] > 0
    town.resolve()
    if isinstance(town.channel.ability, Neither):
        assert "parked" in town.night.states().values()
        assert len(town.delivered()) == len(set(town.delivered()))
    elif not town.sending.proves_absence:
        found = {town.recipients[one_id].shown for one_id, state in town.night.states().items() if state != "sending"}
        assert found <= set(town.delivered())
        assert len(town.delivered()) == len(set(town.delivered()))
    else:
        # Asking may bring the final word at once; a carrier's refusal is one.
        assert set(town.night.states().values()) <= {"sent", "delivered", "failed_final"}
        assert town.delivered() == town.expected(), "nobody lost, nobody twice"


def test_a_platform_that_is_down_got_nothing_and_gets_everything_later(town: Town) -> None:
    town.plan(limit=4)
    town.sandbox.fault(town.channel.connection, "down")
    with pytest.raises(QuanyuError):
        town.send()
    assert set(town.night.states().values()) == {"pending"}
    town.sandbox.clear(town.channel.connection)
    town.send()
    assert town.delivered() == town.expected()


def test_receipts_find_their_message(town: Town) -> None:
    if not town.sending.has_receipts:
        pytest.skip("the platform never tells")
    town.plan()
    town.send()
    town.sandbox.advance_to(DAY + timedelta(days=1))
    if confirm := getattr(town.sandbox.platforms[town.channel.connection], "confirm", None):
        confirm()
    town.receipts()
    states = town.night.states()
    assert set(states.values()) & {"delivered", "failed_final"}
    known = dict(town.night.rows("select one_id, provider_id from activation.message"))
    outcomes = {
        delivery["recipient"]: (delivery["outcome"], delivery["provider_id"])
        for delivery in town.sandbox.deliveries(town.channel.connection)
    }
    for one_id, state in states.items():
        outcome, provider_id = outcomes[town.recipients[one_id].shown]
        assert known[one_id] == provider_id
        if state == "failed_final":
            assert outcome in {"failed", "not_a_friend", "over_cap"}
    before = town.night.rows("select * from activation.receipt order by key")
    town.receipts()
    assert town.night.rows("select * from activation.receipt order by key") == before


def test_a_message_whose_answer_was_lost_gets_its_receipt_too(town: Town) -> None:
    if not town.sending.has_receipts:
        pytest.skip("the platform never tells")
    town.plan(limit=4)
    town.fault("reply_lost", times=9)
    with pytest.raises(DeliveryUnknown) if len(senders(town)) >= 3 else no_error():
        town.send()
    town.sandbox.clear(town.channel.connection)
    town.resolve()
    if isinstance(town.channel.ability, Neither):
        assert set(town.night.states().values()) == {"parked"}
        return
    town.sandbox.advance_to(DAY + timedelta(days=1))
    if confirm := getattr(town.sandbox.platforms[town.channel.connection], "confirm", None):
        confirm()
    town.receipts()
    assert set(town.night.states().values()) & {"delivered", "failed_final"}
    assert town.delivered() == town.expected()


def test_a_wrong_secret_needs_a_person_and_sends_nothing(town: Town) -> None:
    town.plan(limit=4)
    right, secret = town.connection, town.sending.wrong_secret
    wrong = type(right)(name=right.name, url=right.url, login=right.login, password=secret, extra=right.extra)
    with town.channel.connect(wrong) as client, pytest.raises(NeedsPerson) as caught:
        town.night.send(client, town.channel, ticks=town.real, sleep=town.wait)
    assert caught.value.remedy
    assert secret not in str(caught.value) + town.caplog.text
    assert town.delivered() == []
    assert set(town.night.states().values()) == {"pending"}


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_connection_without_credentials_is_named(channel: Channel) -> None:
    from quanyu.contracts import Connection

    where = Connection(name=channel.connection, url="https://platform.example")
    with pytest.raises(ConfigurationError, match=f"quanyu_{channel.connection}"), channel.connect(where):
        pass


def test_phones_and_secrets_show_in_no_log_no_error_and_no_column(town: Town) -> None:
    town.plan(stranger=True)
    errors: list[str] = []
    for kind in ("http_500", "throttle", "html", town.sending.spent):
        town.fault(kind)
        try:
            town.send()
        except QuanyuError as error:
            errors.append(str(error))
        town.elapse(timedelta(days=1, minutes=10))
        town.sandbox.clock.elapse(-timedelta(days=1).total_seconds())
        town.passed -= timedelta(days=1)
        town.sandbox.clear(town.channel.connection)
        with town.night.sql() as cursor:
            cursor.execute("delete from activation.pause")
    town.resolve()
    town.receipts()
    tables = [name for (name,) in town.night.rows("select tablename from pg_tables where schemaname = 'activation'")]
    assert "message" in tables
    said = town.caplog.text + "".join(errors)
    said += "".join(str(town.night.rows(f"select * from activation.{name}")) for name in tables)
    assert town.connection.password not in said
    numbers = {person.phone for person in town.sandbox.world.people} | {"51234567"}
    assert not [number for number in numbers if number in said]


def senders(town: Town) -> set[str]:
    """Batches of a channel that sends in somebody's name."""
    return {recipient.sender for recipient in town.recipients.values()}


def no_error() -> Any:
    """A context that expects nothing."""
    from contextlib import nullcontext

    return nullcontext()
