"""WeCom beyond the common contract: groups of many owners, counters per member, broadcasts and what came of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest

from quanyu import wechat
from quanyu.contracts import Entity, Record, Window
from quanyu.errors import Rejected, SchemaDrift, Throttled
from quanyu.sources.wecom import SOURCE, client, groups
from tests.fixtures.source_server import Reply, says, scripted
from tests.sandbox import running_sandbox
from tests.sandbox.server import Sandbox
from tests.sandbox.world.systems import wecom as chapter
from tests.sandbox.world.systems.wecom_broadcasts import broadcasts

DAY = date(2026, 11, 20)
TODAY = Window.of_days(DAY, DAY)
HISTORY = Window.of_days(DAY - timedelta(days=30), DAY)
ENTITIES = {entity.name: entity for entity in SOURCE.entities}
TOKEN = says({"errcode": 0, "access_token": "scripted-token", "expires_in": 7200})
STAFF = says({"errcode": 0, "follow_user": ["chenjing"]})


@pytest.fixture(scope="module")
def company() -> Iterator[Sandbox]:
    with running_sandbox(people=60, seed=11, business_date=DAY) as running:
        yield running


@pytest.fixture
def sandbox(company: Sandbox) -> Iterator[Sandbox]:
    """The shared company, healthy again after each test."""
    yield company
    company.clear()


def rows(sandbox: Sandbox, entity: Entity, window: Window = HISTORY, url: str = "") -> list[Record]:
    where = sandbox.connection(SOURCE.name)
    with SOURCE.connect(replace(where, url=url or where.url), sleep=lambda _: None) as corp:
        return [row for page in entity.read(corp, window) for row in page.records]


def told(sandbox: Sandbox, entity: str, *replies: Reply, window: Window = TODAY) -> list[Record]:
    """What is read when the platform answers like this after its token."""
    with scripted(TOKEN, *replies) as server:
        return rows(sandbox, ENTITIES[entity], window, server.url)


def calls(sandbox: Sandbox, entity: str, window: Window = HISTORY) -> Counter[str]:
    """How often a reading calls what."""
    before = len(sandbox.journal(SOURCE.name))
    rows(sandbox, ENTITIES[entity], window)
    return Counter(entry["path"].rpartition("externalcontact/")[2] for entry in sandbox.journal(SOURCE.name)[before:])


def test_members_without_customers_are_no_error(sandbox: Sandbox) -> None:
    """84061 of the batch call: none of these members has any."""
    assert told(sandbox, "contacts", STAFF, says({"errcode": 84061, "errmsg": "not external contact"})) == []


def test_groups_of_too_many_owners_are_listed_some_owners_at_a_time(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """81017, then `owner_filter`, not more members in it than the platform takes."""
    whole = rows(sandbox, ENTITIES["groups"])
    monkeypatch.setattr(sandbox.platforms["wecom"].groups, "most_owners", 5)
    monkeypatch.setattr(client, "_HUNDRED", 5)
    found = rows(sandbox, ENTITIES["groups"])
    assert sorted(found, key=_chat_id) == sorted(whole, key=_chat_id)
    assert calls(sandbox, "groups")["groupchat/list"] == 1 + -(-len(sandbox.world.staff) // 5)


def test_another_refusal_of_the_list_is_no_reason_to_ask_for_owners(sandbox: Sandbox) -> None:
    with pytest.raises(wechat.Refused) as error:
        told(sandbox, "groups", says({"errcode": 40058, "errmsg": "invalid Request Parameter"}))
    assert error.value.code == 40058


def test_small_pages_bring_the_same_groups(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = rows(sandbox, ENTITIES["groups"])
    assert len(whole) > 2
    monkeypatch.setattr(groups, "_LIMIT", 1)
    assert rows(sandbox, ENTITIES["groups"]) == whole


def test_a_group_that_was_dismissed_meanwhile_is_left_out(sandbox: Sandbox) -> None:
    listed = says({"errcode": 0, "group_chat_list": [{"chat_id": "wr1", "status": 0}, {"chat_id": "wr2", "status": 1}]})
    gone = says({"errcode": 49008, "errmsg": "group is dismissed"})
    there = says({"errcode": 0, "group_chat": {"chat_id": "wr2", "owner": "chenjing"}})
    assert told(sandbox, "groups", listed, gone, there) == [{"chat_id": "wr2", "owner": "chenjing", "status": 1}]


def test_some_in_groups_are_in_nobodys_address_book_and_known_by_unionid(sandbox: Sandbox) -> None:
    """They are what groups add to who is who."""
    known = {contact.external_userid for contact in sandbox.world.contacts}
    members = [one for row in rows(sandbox, ENTITIES["groups"]) for one in row["member_list"] if one["type"] == 2]
    strangers = [one for one in members if one["userid"] not in known]
    assert strangers
    assert len(strangers) < len(members)
    assert any(one.get("unionid") for one in strangers)


def test_counters_are_asked_for_one_member_at_a_time(sandbox: Sandbox) -> None:
    """Of several members the platform tells the sum; 31 days are two spans."""
    staff = sandbox.world.staff
    assert calls(sandbox, "behaviour")["get_user_behavior_data"] == 2 * len(staff)
    found = rows(sandbox, ENTITIES["behaviour"], TODAY)
    with wechat.connect(wechat.WECOM, sandbox.connection("wecom")) as corp:
        midnight = int(TODAY.start.timestamp())
        body = {"userid": staff, "start_time": midnight, "end_time": midnight}
        (summed,) = corp.call("POST", client.PATH + "get_user_behavior_data", body=body)["behavior_data"]
    assert summed["message_cnt"] == sum(row["message_cnt"] for row in found) > max(row["message_cnt"] for row in found)


def test_counters_without_data_are_left_out_and_not_zero(sandbox: Sandbox) -> None:
    quiet = [row for row in rows(sandbox, ENTITIES["behaviour"]) if "reply_percentage" not in row]
    assert quiet
    for row in quiet:
        assert chapter.talk(sandbox.world)[date.fromisoformat(row["day"]), row["userid"]].replied is None
        assert "avg_reply_time" not in row


def test_days_that_the_platform_keeps_no_more_are_refused_with_what_to_do(sandbox: Sandbox) -> None:
    first = DAY - timedelta(days=181)
    with pytest.raises(Rejected, match=r"wecom\.behaviour 2026-05-23: errcode 600018.* last 180") as error:
        rows(sandbox, ENTITIES["behaviour"], Window.of_days(first, first))
    assert not isinstance(error.value, SchemaDrift)
    assert rows(sandbox, ENTITIES["behaviour"], Window.of_days(first + timedelta(days=1), first + timedelta(days=1)))


@pytest.mark.parametrize("stat_time", [None, "1795104000", 1795104000 + 7 * 86_400])
def test_counters_of_no_day_that_was_asked_for_are_drift(sandbox: Sandbox, stat_time: object) -> None:
    with pytest.raises(SchemaDrift, match=r"wecom\.behaviour 2026-11-20.*stat_time"):
        told(sandbox, "behaviour", STAFF, says({"errcode": 0, "behavior_data": [{"stat_time": stat_time}]}))


@pytest.mark.parametrize("entity", ["groups", "tags", "behaviour", "broadcast_results"])
def test_too_many_calls_at_once_is_a_throttle_and_never_an_end(sandbox: Sandbox, entity: str) -> None:
    sandbox.fault("wecom", "throttle", times=10_000, match="externalcontact")
    with pytest.raises(Throttled, match="45033"):
        rows(sandbox, ENTITIES[entity])


def test_broadcasts_of_more_than_a_month_are_listed_span_by_span(sandbox: Sandbox) -> None:
    """52 days over two ends of month: two spans, customers and groups apart; each broadcast once."""
    window = Window.of_days(date(2026, 9, 30), DAY)
    found = rows(sandbox, ENTITIES["broadcasts"], window)
    assert sorted(row["msgid"] for row in found) == sorted(one.msgid for one in broadcasts(sandbox.world))
    assert {row["chat_type"] for row in found} == {"single", "group"}
    assert calls(sandbox, "broadcasts", window)["get_groupmsg_list_v2"] == 2 * 2


def test_a_broadcast_on_the_seam_of_two_spans_or_windows_is_read_once(sandbox: Sandbox) -> None:
    """The platform counts both ends of a span in."""
    for one in broadcasts(sandbox.world):
        at, day = one.created_at, timedelta(days=1)
        spans = rows(sandbox, ENTITIES["broadcasts"], Window(at - timedelta(days=28), at + day))
        assert [row["msgid"] for row in spans].count(one.msgid) == 1
        apart = [rows(sandbox, ENTITIES["broadcasts"], Window(*ends)) for ends in pairwise((at - day, at, at + day))]
        assert [one.msgid in {row["msgid"] for row in found} for found in apart] == [False, True]


def test_results_name_customers_or_groups_and_wait_for_the_staff(sandbox: Sandbox) -> None:
    found = rows(sandbox, ENTITIES["broadcast_results"])
    chat_types = {one.msgid: one.chat_type for one in broadcasts(sandbox.world)}
    names = {"single": ("external_userid", "chat_id"), "group": ("chat_id", "external_userid")}
    for row in found:
        name, other = names[chat_types[row["msgid"]]]
        assert row["recipient"] == row[name]
        assert other not in row
        assert ("send_time" in row) == (row["status"] == 1)
        assert row["task_status"] == (0 if row["status"] == 0 else 2)
    assert {row["status"] for row in found} >= {0, 1}


def test_what_our_own_channel_sent_is_a_broadcast_with_results_too() -> None:
    with running_sandbox(people=60, seed=11, business_date=DAY) as sandbox:
        end = sandbox.clock.end
        contact = next(one for one in sandbox.world.contacts if one.exists(end) and one.exists(end + timedelta(days=1)))
        body = {
            "chat_type": "single",
            "sender": contact.staff_userid,
            "external_userid": [contact.external_userid],
            "text": {"content": "新品到店"},
        }
        with wechat.connect(wechat.WECOM, sandbox.connection("wecom")) as corp:
            msgid = corp.call("POST", client.PATH + "add_msg_template", body=body)["msgid"]
        sandbox.platforms["wecom"].confirm()
        sandbox.advance_to(DAY + timedelta(days=1))
        next_day = Window.of_days(DAY + timedelta(days=1), DAY + timedelta(days=1))
        (made,) = rows(sandbox, ENTITIES["broadcasts"], next_day)
        assert (made["msgid"], made["create_type"], "creator" in made) == (msgid, 0, False)
        (result,) = rows(sandbox, ENTITIES["broadcast_results"], next_day)
        assert (result["recipient"], result["status"], result["task_status"]) == (contact.external_userid, 1, 2)


def _chat_id(row: Record) -> str:
    return str(row["chat_id"])
