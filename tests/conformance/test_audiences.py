"""One contract for every audience: a list that equals its segment, against the sandbox's platforms.

An audience that is added is tested here without an edit, save a line in `ADDRESSES` for a new kind of address and one
in `PLATFORMS` for its platform.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any

import psycopg
import pytest

from quanyu import discovery
from quanyu.activation import mirror
from quanyu.activation.mirror import MirrorReport, MirrorRow
from quanyu.contracts import SHANGHAI, Audience, Connection, SettlesLater, TellsMembers
from quanyu.errors import ConfigurationError, NeedsPerson, QuanyuError, Rejected
from quanyu.settings import utc_now
from tests.fixtures.activation_night import DAY, KEY, Night
from tests.sandbox import running_sandbox
from tests.sandbox.server import Sandbox
from tests.sandbox.world.systems import youzan

FOUND = discovery.audiences()
AUDIENCES = [pytest.param(audience, id=audience.name) for audience in FOUND.values()]
SEGMENT = "seg_repurchase_due"


@dataclass(frozen=True)
class Calls:
    """How a platform is struck: its endpoints that add, remove and make a list, and where its lists are kept."""

    add: str
    remove: str
    make: str
    lists: str
    throttle: str = "throttle"


PLATFORMS = {
    "wecom": Calls("mark_tag", "mark_tag", "add_corp_tag", "corp_tags"),
    "official_account": Calls("/batchtagging", "/batchuntagging", "tags/create", "fan_tags"),
    "tmall": Calls("group.batchadd", "groups.batchdelete", "crm.group.add", "groups"),
    "youzan": Calls("tag.relation.add", "tag.relation.delete", "tag.relation.add", "customer_tags"),
    "tencent_ads": Calls("custom_audience_files/add", "custom_audience_files/add", "custom_audiences/add", "audiences"),
    "ocean_engine": Calls("file/upload", "data_source/update", "data_source/create", "dmp"),
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
    yield Recipient("stranger", f"wmStranger|{staff}", "wmStranger", staff)
    for one in sandbox.world.contacts:
        if one.exists(sandbox.clock.end):
            shown = f"{one.external_userid}|{one.staff_userid}"
            yield Recipient(one.person, shown, one.external_userid, one.staff_userid)


def members(sandbox: Sandbox, _night: Night) -> Iterator[Recipient]:
    yield Recipient("stranger", "AAEstranger", "AAEstranger")
    for one in sandbox.world.shop_members:
        if one.joined_at < sandbox.clock.end:
            yield Recipient(one.person, one.ouid, one.ouid)


def customers(sandbox: Sandbox, _night: Night) -> Iterator[Recipient]:
    yield Recipient("stranger", "nobody", "nobody")
    for one in youzan.customers(sandbox.world):
        if one.created_at < sandbox.clock.end:
            account = youzan.yz_open_id(sandbox.world, one.person)
            yield Recipient(one.person, account, account)


def phones(sandbox: Sandbox, night: Night) -> Iterator[Recipient]:
    # Ad platforms know no number of elsewhere.
    yield Recipient("stranger", "", night.phone("+85251234567"))
    for person in sandbox.world.people:
        digest = hashlib.sha256(person.phone[-11:].encode()).hexdigest()
        yield Recipient(person.id, digest, night.phone(person.phone))


ADDRESSES: dict[str, Callable[[Sandbox, Night], Iterator[Recipient]]] = {
    "openid": followers,
    "external_userid": contacts,
    "ouid": members,
    "yz_open_id": customers,
    "phone": phones,
}


@dataclass
class Town:
    """A sandbox, a warehouse, and the real client between them."""

    sandbox: Sandbox
    night: Night
    audience: Audience
    caplog: pytest.LogCaptureFixture
    day: date = DAY
    waits: list[float] = field(default_factory=list)
    known: dict[str, Recipient] = field(default_factory=dict)
    passed: timedelta = timedelta()

    def people(self, count: int = 8, *, stranger: bool = False) -> list[str]:
        """Make some people known with address and consent, and somebody whom the platform does not know."""
        for recipient in ADDRESSES[self.audience.address_type](self.sandbox, self.night):
            if len(self.known) == count + stranger:
                break
            is_new = recipient.shown not in {one.shown for one in self.known.values()}
            if is_new and recipient.one_id not in self.known and (stranger or recipient.one_id != "stranger"):
                self.known[recipient.one_id] = recipient
                self.night.person(
                    recipient.one_id,
                    on=self.audience.name,
                    address=recipient.address,
                    sender=recipient.sender,
                    consents=[self.audience.consent],
                )
        return list(self.known)

    def fill(self, people: list[str]) -> None:
        """Publish the segment."""
        self.night.segment(SEGMENT, people, audiences=[self.audience.name])

    def run(self, connection: Connection | None = None) -> MirrorReport:
        """One run through the real client."""
        with self.audience.connect(connection or self.connection) as client:
            return mirror.run(
                self.night.dsn,
                self.day,
                self.audience,
                client,
                lambda: datetime.combine(self.day + timedelta(days=1), time(10), SHANGHAI),
                self.night.vault,
                KEY,
                ticks=lambda: utc_now() + self.passed,
                sleep=self.waits.append,
            )

    def morning(self) -> MirrorRow:
        """Run until the platform has answered for everybody, as the night does; the waterfall's line."""
        for _ in range(6):
            if self.run().is_done:
                return self.row()
            self.elapse(timedelta(minutes=45))
        raise AssertionError("the list does not come to rest")

    def next_night(self) -> None:
        """A day passes."""
        self.day += timedelta(days=1)
        self.night.publish(self.day)
        self.elapse(timedelta(days=1))

    def elapse(self, span: timedelta) -> None:
        """Let time pass here and for the platform's files; its clock for signatures and tokens stays."""
        self.passed += span
        if hasattr(self.lists, "passed"):
            self.lists.passed += span

    def row(self) -> MirrorRow:
        """The list's line in the waterfall, after checking that it sums."""
        (found,) = mirror.waterfall(self.night.dsn, self.day)
        assert found.difference == 0
        return found

    def shown(self, *people: str) -> set[str]:
        """People as the platform shows them."""
        return {self.known[one_id].shown for one_id in people}

    @property
    def connection(self) -> Connection:
        """The connection that switches the audience on."""
        return self.sandbox.connection(self.audience.connection)

    @property
    def calls(self) -> Calls:
        """How the platform is struck."""
        return PLATFORMS[self.audience.connection]

    @property
    def lists(self) -> Any:
        """The platform's lists."""
        return getattr(self.sandbox.platforms[self.audience.connection], self.calls.lists)

    def there(self) -> set[str]:
        """Who is in the list, as the platform shows it."""
        found: set[str] = set().union(*map(self.lists.listed, self.lists.names.values()))
        return found

    def made(self, part: str) -> int:
        """How often a call reached the platform."""
        return sum(part in entry["path"] for entry in self.sandbox.journal(self.audience.connection))

    def fault(self, kind: str, part: str, **how: Any) -> None:
        """Break a call."""
        self.sandbox.fault(self.audience.connection, kind, match=part, **how)


@pytest.fixture(params=AUDIENCES)
def town(
    request: pytest.FixtureRequest, dsn: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> Iterator[Town]:
    caplog.set_level(logging.DEBUG)
    with running_sandbox(people=60, business_date=DAY) as sandbox:
        # A sandbox has tens of people: the least size of an upload is tested by itself.
        town = Town(sandbox, Night(dsn), replace(request.param, smallest_list=1), caplog)
        monkeypatch.setattr("time.sleep", town.waits.append)
        yield town


@pytest.mark.parametrize("audience", AUDIENCES)
def test_an_audience_says_what_it_is_and_needs(audience: Audience) -> None:
    assert len(audience.about) > 200
    assert audience.address_type in ADDRESSES
    assert audience.connection in PLATFORMS
    assert audience.consent in {"marketing", "advertising"}
    assert audience.largest_batch >= 1
    assert audience.longest_name >= 15


@pytest.mark.parametrize("audience", AUDIENCES)
def test_whoever_gets_phones_needs_a_consent_of_its_own_and_more_than_a_few_people(audience: Audience) -> None:
    is_provided = audience.address_type == "phone"
    assert (audience.consent == "advertising") == is_provided
    assert audience.smallest_list >= (2_000 if is_provided else 1)


def test_the_list_equals_the_segment_night_after_night(town: Town) -> None:
    people = town.people(8)
    for chosen in (people[:5], people[3:], people[:1] + people[6:], people):
        town.fill(chosen)
        row = town.morning()
        assert town.there() == town.shown(*chosen)
        assert (row.mirrored, row.leaving) == (len(chosen), 0)
        town.next_night()


def test_a_night_without_changes_changes_nothing(town: Town) -> None:
    town.fill(town.people(4))
    town.morning()
    before = town.made(town.calls.add), town.made(town.calls.remove)
    town.next_night()
    town.morning()
    assert (town.made(town.calls.add), town.made(town.calls.remove)) == before


def test_one_whom_the_platform_does_not_know_is_refused_alone(town: Town) -> None:
    people = town.people(4, stranger=True)
    town.fill(people)
    row = town.morning()
    assert town.there() == town.shown(*(set(people) - {"stranger"}))
    assert (row.mirrored, row.refused, row.waiting) == (4, 1, 0)
    assert town.night.one("select code from activation.audience_member where state = 'refused'")
    town.fill([one for one in people if one != "stranger"])
    town.next_night()
    assert town.morning().refused == 0


def test_who_withdraws_is_out_the_next_morning(town: Town) -> None:
    people = town.people(4)
    town.fill(people)
    town.morning()
    town.night.consent(people[0], purpose=town.audience.consent, on=town.audience.name, is_granted=False)
    town.next_night()
    row = town.morning()
    assert town.there() == town.shown(*people[1:])
    assert (row.no_consent, row.mirrored) == (1, 3)


def test_an_erased_person_is_out_the_next_morning(town: Town) -> None:
    people = town.people(4)
    town.fill(people)
    town.morning()
    with psycopg.connect(town.night.dsn) as connection:
        town.night.vault.erase(connection, [town.known[people[0]].address])
        connection.execute("delete from marts.bridge_customer_addresses where one_id = %s", [people[0]])
    town.next_night()
    town.morning()
    assert town.there() == town.shown(*people[1:])
    kept = {address for (address,) in town.night.rows("select address from activation.audience_member")}
    assert kept == {town.known[one].address for one in people[1:]}


@pytest.mark.parametrize("kind", ["reply_lost", "truncated", "reset", "http_500", "html"])
def test_whatever_becomes_of_calls_the_next_run_makes_the_list_equal(town: Town, kind: str) -> None:
    people = town.people(6)
    town.fill(people[:4])
    town.fault(kind, town.calls.add, times=40)
    with anything():
        town.run()
    town.sandbox.clear(town.audience.connection)
    town.elapse(timedelta(hours=3))
    town.morning()
    assert town.there() == town.shown(*people[:4])
    town.next_night()
    town.fill(people[2:])
    town.fault(kind, town.calls.remove, times=40)
    with anything():
        town.run()
    town.sandbox.clear(town.audience.connection)
    town.morning()
    assert town.there() == town.shown(*people[2:])
    assert town.row().leaving == 0


@pytest.mark.parametrize("kind", ["reply_lost", "truncated"])
def test_a_lost_answer_to_making_the_list_makes_no_second_one(town: Town, kind: str) -> None:
    people = town.people(3)
    town.fill(people)
    town.fault(kind, town.calls.make)
    with anything():
        town.run()
    town.sandbox.clear(town.audience.connection)
    with anything():
        town.run()
    town.elapse(timedelta(hours=3))
    town.morning()
    assert town.there() == town.shown(*people)
    assert len(town.lists.names) == 1


def test_a_throttle_is_waited_out(town: Town) -> None:
    people = town.people(4)
    town.fill(people)
    town.fault(town.calls.throttle, town.calls.add)
    with anything():
        town.run()
    town.elapse(timedelta(minutes=10))
    town.morning()
    assert town.there() == town.shown(*people)
    assert sum(town.waits) > 0


def test_dead_credentials_need_a_person_and_change_nothing(town: Town) -> None:
    town.fill(town.people(3))
    extra = {name: "not-a-token" if "token" in name or name == "session" else value
             for name, value in town.connection.extra.items()}  # fmt: skip
    wrong = replace(town.connection, password="not-the-secret", extra=extra)
    with pytest.raises((NeedsPerson, Rejected)) as caught:
        town.run(wrong)
    assert caught.value.remedy
    said = str(caught.value) + town.caplog.text
    assert "not-the-secret" not in said
    assert "not-a-token" not in said
    assert town.made(town.calls.add) == 0 or town.there() == set()
    assert town.row().waiting == 3


@pytest.mark.parametrize("audience", AUDIENCES)
def test_a_connection_without_credentials_is_named(audience: Audience) -> None:
    where = Connection(name=audience.connection, url="https://platform.example")
    with pytest.raises(ConfigurationError, match=f"quanyu_{audience.connection}"), audience.connect(where):
        pass


def test_a_change_by_hand_is_put_right_where_the_platform_tells(town: Town) -> None:
    people = town.people(4)
    town.fill(people[:3])
    town.morning()
    with town.audience.connect(town.connection) as client:
        if not isinstance(client, TellsMembers):
            return
    name = next(iter(town.lists.names.values()))
    town.lists.put(name, town.shown(people[0], people[3]))
    town.next_night()
    town.morning()
    assert town.there() == town.shown(*people[:3])


def test_a_file_counts_when_the_platform_has_worked_on_it_and_not_before(town: Town) -> None:
    people = town.people(3)
    town.fill(people)
    with town.audience.connect(town.connection) as client:
        if not isinstance(client, SettlesLater):
            return
    assert not town.run().is_done
    assert (town.row().mirrored, town.row().waiting) == (0, 3)
    before = town.made(town.calls.add)
    assert not town.run().is_done
    assert town.made(town.calls.add) == before, "nothing goes twice while it is under way"
    assert town.morning().mirrored == 3


def test_phones_hashes_and_secrets_show_in_no_log_no_error_and_no_column(town: Town) -> None:
    town.fill(town.people(4, stranger=True))
    errors: list[str] = []
    for kind, part in itertools.product(("http_500", "html", town.calls.throttle), (town.calls.make, town.calls.add)):
        town.fault(kind, part, times=9)
        try:
            town.run()
        except QuanyuError as error:
            errors.append(str(error))
        town.sandbox.clear(town.audience.connection)
        town.elapse(timedelta(hours=3))
    town.morning()
    tables = [name for (name,) in town.night.rows("select tablename from pg_tables where schemaname = 'activation'")]
    said = town.caplog.text + "".join(errors)
    said += "".join(str(town.night.rows(f"select * from activation.{name}")) for name in tables)
    assert errors
    assert town.connection.password not in said
    numbers = {person.phone[-11:] for person in town.sandbox.world.people} | {"51234567"}
    numbers |= {hashlib.sha256(person.phone[-11:].encode()).hexdigest() for person in town.sandbox.world.people}
    assert not [number for number in numbers if number in said]


def test_wecom_gets_five_calls_at_once_and_no_more(dsn: str, caplog: pytest.LogCaptureFixture) -> None:
    with running_sandbox(people=60, business_date=DAY) as sandbox:
        town = Town(sandbox, Night(dsn), FOUND["wecom_tag"], caplog)
        town.fill(town.people(20))
        town.morning()
        assert town.lists.most_at_once == 5


def test_a_fan_with_twenty_tags_is_refused_alone(dsn: str, caplog: pytest.LogCaptureFixture) -> None:
    with running_sandbox(people=60, business_date=DAY) as sandbox:
        town = Town(sandbox, Night(dsn), FOUND["official_account_tag"], caplog)
        people = town.people(4)
        town.lists.others = lambda openid: 20 if openid == town.known[people[0]].shown else 0
        town.fill(people)
        row = town.morning()
        assert (row.refused, row.mirrored) == (1, 3)
        assert town.night.one("select code from activation.audience_member where state = 'refused'") == "45059"


def test_ocean_engine_publishes_once_a_day_and_the_list_is_equal_after_that(
    dsn: str, caplog: pytest.LogCaptureFixture
) -> None:
    with running_sandbox(people=60, business_date=DAY) as sandbox:
        town = Town(sandbox, Night(dsn), replace(FOUND["ocean_engine_audience"], smallest_list=1), caplog)
        people = town.people(6)
        town.fill(people[:4])
        town.morning()
        for chosen in (people[1:5], people[2:6]):
            town.next_night()
            town.fill(chosen)
            town.morning()
            assert town.there() == town.shown(*chosen)
        assert town.made("publish") == 2, "joiners and leavers of a night in one version"


def anything() -> Any:
    """Some errors are waited out by the transport and some are not."""
    return contextlib.suppress(QuanyuError)
