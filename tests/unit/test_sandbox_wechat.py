"""The fake official account and the fake WeCom, asked over HTTP."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from tests.sandbox import running_sandbox
from tests.sandbox.group_messages import GroupMessages
from tests.sandbox.server import Sandbox
from tests.sandbox.world.model import Follower

BUSINESS_DATE = date(2026, 11, 20)

Call = Callable[..., dict[str, Any]]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A small company on the night after the business date."""
    with running_sandbox(people=80, seed=5, business_date=BUSINESS_DATE) as running:
        yield running


def caller(sandbox: Sandbox, name: str) -> Iterator[Call]:
    """Call one platform: GET, or POST when there is a body; answers are errcode bodies in HTTP 200."""
    with httpx.Client(base_url=sandbox.connection(name).url, trust_env=False) as http:

        def call(path: str, body: dict[str, Any] | None = None, **params: str) -> dict[str, Any]:
            answer = http.request("GET" if body is None else "POST", f"/cgi-bin/{path}", params=params, json=body)
            assert answer.status_code == 200
            return answer.json()

        yield call


@pytest.fixture
def account(sandbox: Sandbox) -> Iterator[Call]:
    """Call the official account."""
    yield from caller(sandbox, "official_account")


@pytest.fixture
def corp(sandbox: Sandbox) -> Iterator[Call]:
    """Call WeCom."""
    yield from caller(sandbox, "wecom")


def credentials(sandbox: Sandbox) -> dict[str, str]:
    """What both token calls of the official account take."""
    where = sandbox.connection("official_account")
    return {"grant_type": "client_credential", "appid": where.login, "secret": where.password}


def stable(sandbox: Sandbox, account: Call, *, force: bool = False) -> str:
    """The stable token."""
    answer = account("stable_token", {**credentials(sandbox), "force_refresh": force})
    return str(answer["access_token"])


def corp_token(sandbox: Sandbox, corp: Call) -> str:
    """The corp's token."""
    where = sandbox.connection("wecom")
    return str(corp("gettoken", corpid=where.login, corpsecret=where.password)["access_token"])


def fans(sandbox: Sandbox) -> list[str]:
    """Openids that follow on the night and still on the day after it."""
    end = sandbox.clock.end
    there = [fan for fan in sandbox.world.followers if fan.follows(end) and fan.follows(end + timedelta(days=1))]
    return sorted(fan.openid for fan in there)


def broadcasts(sandbox: Sandbox) -> GroupMessages:
    """The corp's broadcasts, for their knobs."""
    return sandbox.platforms["wecom"].group_messages


def customers(sandbox: Sandbox) -> dict[str, list[str]]:
    """Customers of each member of staff who stay so on the day after."""
    found: dict[str, list[str]] = {}
    for contact in sandbox.world.contacts:
        if contact.exists(sandbox.clock.end) and contact.exists(sandbox.clock.end + timedelta(days=1)):
            found.setdefault(contact.staff_userid, []).append(contact.external_userid)
    return found


def test_the_newest_plain_token_kills_the_older_one_and_leaves_the_stable_one(sandbox: Sandbox, account: Call) -> None:
    """Two schedulers that both fetch fight each other; a stable token stands apart."""
    kept = stable(sandbox, account)
    first, second = (account("token", **credentials(sandbox))["access_token"] for _ in range(2))
    assert account("user/get", access_token=first)["errcode"] == 40001
    assert "errcode" not in account("user/get", access_token=second)
    assert "errcode" not in account("user/get", access_token=kept)


def test_the_stable_token_stays_the_same_until_its_last_five_minutes(sandbox: Sandbox, account: Call) -> None:
    """It is handed out with the seconds left, then rotated while the old one still works, then expires."""
    first = account("stable_token", credentials(sandbox))
    sandbox.clock.elapse(3600)
    again = account("stable_token", credentials(sandbox))
    assert again["access_token"] == first["access_token"]
    assert 3500 < again["expires_in"] <= 3600
    sandbox.clock.elapse(3400)
    rotated = stable(sandbox, account)
    assert rotated != first["access_token"]
    assert "errcode" not in account("user/get", access_token=first["access_token"])
    sandbox.clock.elapse(300)
    assert account("user/get", access_token=first["access_token"])["errcode"] == 42001
    assert "errcode" not in account("user/get", access_token=rotated)


def test_forcing_a_stable_token_kills_the_old_one_and_is_rationed(sandbox: Sandbox, account: Call) -> None:
    """Twice within half a minute is refused, and so is the 21st time of a day."""
    old = stable(sandbox, account)
    assert stable(sandbox, account, force=True) != old
    assert account("user/get", access_token=old)["errcode"] == 40001
    assert account("stable_token", {**credentials(sandbox), "force_refresh": True})["errcode"] == 45011
    sandbox.platforms["official_account"].daily_quota["force_refresh"] = 2
    sandbox.clock.elapse(31)
    assert account("stable_token", {**credentials(sandbox), "force_refresh": True})["errcode"] == 45009


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"secret": "wrong"}, 40125),
        ({"appid": "wxother"}, 40013),
        ({"secret": ""}, 41004),
        ({"grant_type": "x"}, 40002),
    ],
)
def test_wrong_credentials_have_their_own_codes(
    sandbox: Sandbox, account: Call, change: dict[str, str], code: int
) -> None:
    """Both ways to a token name what is wrong."""
    assert account("stable_token", {**credentials(sandbox), **change})["errcode"] == code
    assert account("token", **{**credentials(sandbox), **change})["errcode"] == code


def test_a_call_without_a_living_token_says_why_and_carries_a_request_id(sandbox: Sandbox, account: Call) -> None:
    """No token, an invented one and one that a fault killed differ in code."""
    assert account("user/get")["errcode"] == 41001
    invented = account("user/get", access_token="invented")
    assert invented["errcode"] == 40014
    assert re.search(r" rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$", invented["errmsg"])
    token = stable(sandbox, account)
    sandbox.fault("official_account", "token_expired", match="user/get")
    assert account("user/get", access_token=token)["errcode"] == 42001
    assert account("user/get", access_token=token)["errcode"] == 40001
    assert "errcode" not in account("user/get", access_token=stable(sandbox, account))


def test_fans_come_in_pages_with_an_empty_one_at_the_end(sandbox: Sandbox, account: Call) -> None:
    """Full page, last page with a next_openid too, then count 0 without data; the union is who follows."""
    expected = {fan.openid for fan in sandbox.world.followers if fan.follows(sandbox.clock.end)}
    size = next(size for size in range(4, 20) if len(expected) % size)
    sandbox.platforms["official_account"].page_size = size
    token, pages, after = stable(sandbox, account), [], ""
    while not pages or pages[-1]["count"]:
        pages.append(account("user/get", access_token=token, next_openid=after))
        after = pages[-1]["next_openid"]
    found = [openid for page in pages[:-1] for openid in page["data"]["openid"]]
    assert pages[-1] == {"total": len(expected), "count": 0, "next_openid": ""}
    assert {page["count"] for page in pages[:-2]} == {size}
    assert 0 < pages[-2]["count"] < size
    assert pages[-2]["next_openid"] == found[-1]
    assert len(found) == len(set(found))
    assert set(found) == expected


def change_fan(sandbox: Sandbox, **changes: Any) -> Follower:
    """Rewrite the story of one fan; returns it as it is now."""
    followers = sandbox.world.followers
    place = next(place for place, fan in enumerate(followers) if fan.follows(sandbox.clock.end) and fan.unionid)
    followers[place] = replace(followers[place], **changes)
    return followers[place]


def test_the_details_of_a_fan_hold_no_name(sandbox: Sandbox, account: Call) -> None:
    """Time, scene and unionid are told; who is unknown is refused, and so are more than a hundred."""
    token, fan = stable(sandbox, account), change_fan(sandbox)
    answer = account("user/info/batchget", {"user_list": [{"openid": fan.openid}]}, access_token=token)
    (row,) = answer["user_info_list"]
    assert row == account("user/info", access_token=token, openid=fan.openid)
    assert (row["subscribe"], row["subscribe_time"]) == (1, int(fan.subscribed_at.timestamp()))
    assert (row["unionid"], row["subscribe_scene"], row["nickname"]) == (fan.unionid, fan.scene, "")
    assert account("user/info", access_token=token, openid="o-nobody")["errcode"] == 40003
    many = {"user_list": [{"openid": fan.openid}] * 101}
    assert account("user/info/batchget", many, access_token=token)["errcode"] == 40032


def test_who_unsubscribes_leaves_the_list_when_that_day_has_passed(sandbox: Sandbox, account: Call) -> None:
    """Until then the fan is listed and a message to it is taken in vain; afterwards the details are blank."""
    noon = sandbox.clock.end + timedelta(hours=12)
    leaver, token = change_fan(sandbox, unsubscribed_at=noon), stable(sandbox, account)
    stayer = next(openid for openid in fans(sandbox) if openid != leaver.openid)
    assert leaver.openid in account("user/get", access_token=token)["data"]["openid"]
    mass_send(account, token, [leaver.openid, stayer], "k")
    outcomes = {one["recipient"]: one["outcome"] for one in sandbox.deliveries("official_account_mass")}
    assert outcomes == {leaver.openid: "unsubscribed", stayer: "sent"}
    sandbox.advance_to(BUSINESS_DATE + timedelta(days=1))
    assert leaver.openid not in account("user/get", access_token=token)["data"]["openid"]
    blank = {"subscribe": 0, "openid": leaver.openid}
    assert account("user/info", access_token=token, openid=leaver.openid) == blank


def test_who_subscribes_joins_the_list_when_that_day_has_passed(sandbox: Sandbox, account: Call) -> None:
    """Before, the openid is unknown."""
    joiner = change_fan(sandbox, subscribed_at=sandbox.clock.end + timedelta(hours=12))
    token = stable(sandbox, account)
    assert joiner.openid not in account("user/get", access_token=token)["data"]["openid"]
    assert account("user/info", access_token=token, openid=joiner.openid)["errcode"] == 40003
    sandbox.advance_to(BUSINESS_DATE + timedelta(days=1))
    assert joiner.openid in account("user/get", access_token=token)["data"]["openid"]


def mass_send(account: Call, token: str, openids: list[str], key: str, content: str = "好久不见") -> dict[str, Any]:
    """Send one text to these fans under a key."""
    body = {"touser": openids, "msgtype": "text", "text": {"content": content}}
    return account("message/mass/send", {**body, **({"clientmsgid": key} if key else {})}, access_token=token)


def test_a_mass_send_needs_two_fans_and_a_short_key(sandbox: Sandbox, account: Call) -> None:
    """Refused sends leave no trace."""
    token, openids = stable(sandbox, account), fans(sandbox)
    assert mass_send(account, token, openids[:1], "k")["errcode"] == 40130
    assert mass_send(account, token, [openids[0], openids[0]], "k")["errcode"] == 40130
    assert mass_send(account, token, openids[:2], "k" * 65)["errcode"] == 45067
    assert mass_send(account, token, [openids[0], "o-nobody"], "k")["errcode"] == 40003
    assert sandbox.deliveries("official_account_mass") == []


def test_a_mass_send_whose_answer_is_lost_is_found_again_by_its_key(sandbox: Sandbox, account: Call) -> None:
    """Accepted once: too fast within a minute, then the earlier msg_id, and a day later the key is forgotten."""
    token, openids = stable(sandbox, account), fans(sandbox)[:4]
    sandbox.fault("official_account", "reply_lost", match="mass/send")
    with pytest.raises(httpx.TransportError):
        mass_send(account, token, openids, "night-1")
    accepted = sandbox.deliveries("official_account_mass")
    assert sorted(one["recipient"] for one in accepted) == openids
    assert {one["batch_key"] for one in accepted} == {"night-1"}
    assert mass_send(account, token, openids, "night-1")["errcode"] == 45066
    sandbox.clock.elapse(61)
    repeated = mass_send(account, token, openids, "night-1")
    assert (repeated["errcode"], str(repeated["msg_id"])) == (45065, accepted[0]["provider_id"])
    assert len(sandbox.deliveries("official_account_mass")) == len(openids)
    state = account("message/mass/get", {"msg_id": repeated["msg_id"]}, access_token=token)
    assert state == {"msg_id": repeated["msg_id"], "msg_status": "SEND_SUCCESS"}
    sandbox.clock.elapse(86_400)
    assert mass_send(account, stable(sandbox, account), openids, "night-1")["errcode"] == 0


def test_without_a_key_the_same_text_to_the_same_fans_is_a_repeat(sandbox: Sandbox, account: Call) -> None:
    """The platform takes a digest of range and content when the caller names no key."""
    token, openids = stable(sandbox, account), fans(sandbox)[:3]
    assert mass_send(account, token, openids, "")["errcode"] == 0
    assert mass_send(account, token, openids, "")["errcode"] == 45066
    assert mass_send(account, token, openids, "", "别的话")["errcode"] == 0


def test_a_fan_gets_four_mass_sends_a_month(sandbox: Sandbox, account: Call) -> None:
    """The fifth is taken and filtered, for these fans only; all filtered is a failed send."""
    token, openids = stable(sandbox, account), fans(sandbox)
    for number in range(4):
        assert mass_send(account, token, openids[:2], f"k{number}")["errcode"] == 0
    mixed = mass_send(account, token, openids[:3], "k4")
    filtered = mass_send(account, token, openids[:2], "k5")
    outcomes = {
        (one["batch_key"], one["recipient"]): one["outcome"] for one in sandbox.deliveries("official_account_mass")
    }
    assert [outcomes["k4", openid] for openid in openids[:3]] == ["filtered", "filtered", "sent"]
    for answer, state in ((mixed, "SEND_SUCCESS"), (filtered, "SEND_FAIL")):
        asked = {"msg_id": answer["msg_id"]}
        assert account("message/mass/get", asked, access_token=token)["msg_status"] == state


def test_a_mass_send_may_still_be_under_way(sandbox: Sandbox, account: Call) -> None:
    """mass/get says SENDING until it is done, and knows no foreign ids."""
    sandbox.platforms["official_account"].mass_sends.sending_seconds = 120
    token = stable(sandbox, account)
    asked = {"msg_id": mass_send(account, token, fans(sandbox)[:2], "k")["msg_id"]}
    assert account("message/mass/get", asked, access_token=token)["msg_status"] == "SENDING"
    sandbox.clock.elapse(121)
    assert account("message/mass/get", asked, access_token=token)["msg_status"] == "SEND_SUCCESS"
    assert account("message/mass/get", {"msg_id": 1}, access_token=token)["errcode"] == 40059


def test_quotas_end_the_minute_and_the_day(sandbox: Sandbox, account: Call) -> None:
    """45011 passes with the minute, 45009 does not; faults make either at will."""
    platform = sandbox.platforms["official_account"]
    platform.minute_quota["/cgi-bin/user/get"] = platform.daily_quota["/cgi-bin/user/get"] = 0
    token = stable(sandbox, account)
    assert account("user/get", access_token=token)["errcode"] == 45009
    platform.daily_quota["/cgi-bin/user/get"] = 500
    assert account("user/get", access_token=token)["errcode"] == 45011
    del platform.minute_quota["/cgi-bin/user/get"]
    sandbox.fault("official_account", "throttle", match="user/get")
    sandbox.fault("official_account", "quota", match="user/get")
    assert account("user/get", access_token=token)["errcode"] == 45011
    assert account("user/get", access_token=token)["errcode"] == 45009
    assert "errcode" not in account("user/get", access_token=token)


def test_the_corp_hands_out_one_token_until_it_expires(sandbox: Sandbox, corp: Call) -> None:
    """Several processes may fetch; a token that died early is replaced."""
    token = corp_token(sandbox, corp)
    assert corp_token(sandbox, corp) == token
    sandbox.fault("wecom", "token_expired")
    assert corp("externalcontact/get_follow_user_list", access_token=token)["errcode"] == 42001
    assert corp("externalcontact/get_follow_user_list", access_token=token)["errcode"] == 40014
    renewed = corp_token(sandbox, corp)
    assert corp("externalcontact/get_follow_user_list", access_token=renewed)["follow_user"] == sandbox.world.staff
    sandbox.clock.elapse(7201)
    assert corp("externalcontact/get_follow_user_list", access_token=renewed)["errcode"] == 42001
    assert corp("gettoken", corpid=sandbox.connection("wecom").login, corpsecret="wrong")["errcode"] == 40001


def test_customers_of_staff_come_with_what_staff_typed(sandbox: Sandbox, corp: Call) -> None:
    """Each (customer, member) is one pair; the cursor walks them; unknown staff and old cursors are refused."""
    token, staff = corp_token(sandbox, corp), sandbox.world.staff
    pairs: list[dict[str, Any]] = []
    cursor = ""
    while True:
        asked = {"userid_list": staff, "cursor": cursor, "limit": 5}
        page = corp("externalcontact/batch/get_by_user", asked, access_token=token)
        pairs += page["external_contact_list"]
        cursor = page["next_cursor"]
        if not cursor:
            break
        assert len(page["external_contact_list"]) == 5
    shown = {
        (pair["follow_info"]["userid"], pair["external_contact"]["external_userid"]): pair["follow_info"]
        for pair in pairs
    }
    there = [contact for contact in sandbox.world.contacts if contact.exists(sandbox.clock.end)]
    assert len(shown) == len(pairs) == len(there)
    for contact in there:
        info = shown[contact.staff_userid, contact.external_userid]
        assert info["remark_mobiles"] == list(contact.remark_mobiles)
        assert (info["remark"], info["createtime"]) == (contact.remark, int(contact.added_at.timestamp()))
        assert "tag_id" in info
    for wrong, code in (({"userid_list": ["nobody"]}, 60111), ({"userid_list": staff, "cursor": "x.5"}, 40058)):
        assert corp("externalcontact/batch/get_by_user", wrong, access_token=token)["errcode"] == code
    assert corp("externalcontact/batch/get_by_user", {"userid_list": []}, access_token=token)["errcode"] == 40058


def broadcast(corp: Call, token: str, sender: str, recipients: list[str], content: str = "新品到店") -> dict[str, Any]:
    """Ask a member of staff to send a text to these customers."""
    body = {"chat_type": "single", "sender": sender, "external_userid": recipients, "text": {"content": content}}
    return corp("externalcontact/add_msg_template", body, access_token=token)


def results(corp: Call, token: str, msgid: str, userid: str) -> dict[str, int]:
    """Status by customer."""
    answer = corp("externalcontact/get_groupmsg_send_result", {"msgid": msgid, "userid": userid}, access_token=token)
    return {row["external_userid"]: row["status"] for row in answer["send_list"]}


def test_a_broadcast_waits_for_the_staff(sandbox: Sandbox, corp: Call) -> None:
    """Nothing is sent until the member of staff confirms; unknown customers are told at once."""
    broadcasts(sandbox).at_once = broadcasts(sandbox).never = 0.0
    token, (sender, mine) = corp_token(sandbox, corp), max(customers(sandbox).items(), key=lambda each: len(each[1]))
    made = broadcast(corp, token, sender, [*mine, "wmNobody"])
    assert made["fail_list"] == ["wmNobody"]
    assert results(corp, token, made["msgid"], sender) == dict.fromkeys(mine, 0)
    assert {one["outcome"] for one in sandbox.deliveries("wecom_broadcast")} == {"waiting"}
    sandbox.advance_to(BUSINESS_DATE + timedelta(days=1))
    tasks = corp("externalcontact/get_groupmsg_task", {"msgid": made["msgid"]}, access_token=token)["task_list"]
    assert [(task["userid"], task["status"]) for task in tasks] == [(sender, 2)]
    sent = results(corp, token, made["msgid"], sender)
    assert sent.keys() == set(mine)
    assert 1 in sent.values()
    assert {one["recipient"]: one["outcome"] for one in sandbox.deliveries("wecom_broadcast")} == {
        customer: ["waiting", "sent", "not_a_friend", "over_cap"][status] for customer, status in sent.items()
    }


def test_most_tasks_are_confirmed_at_once_and_the_same_ones_each_time(sandbox: Sandbox, corp: Call) -> None:
    """A night sees receipts of about four tasks in five; a second run of the same night sees the same."""

    def confirmed(corp: Call, sandbox: Sandbox) -> list[tuple[int, str]]:
        token, done = corp_token(sandbox, corp), []
        for number in range(5):
            for userid, mine in sorted(customers(sandbox).items()):
                msgid = broadcast(corp, token, userid, mine[:1], f"第{number}条")["msgid"]
                task = corp("externalcontact/get_groupmsg_task", {"msgid": msgid}, access_token=token)["task_list"][0]
                if task["status"] == 2:
                    done.append((number, userid))
        return done

    first = confirmed(corp, sandbox)
    with running_sandbox(people=80, seed=5, business_date=BUSINESS_DATE) as again:
        assert next(confirmed(call, again) for call in caller(again, "wecom")) == first
    assert 0.5 < len(first) / (5 * len(customers(sandbox))) < 1.0


def test_a_customer_gets_one_broadcast_a_day(sandbox: Sandbox, corp: Call) -> None:
    """The second of a day ends with status 3, the one of the next day arrives."""
    broadcasts(sandbox).at_once = 1.0
    token, (sender, mine) = corp_token(sandbox, corp), max(customers(sandbox).items(), key=lambda each: len(each[1]))
    customer = mine[0]
    one, two = (broadcast(corp, token, sender, [customer], text)["msgid"] for text in "甲乙")
    assert results(corp, token, one, sender) == {customer: 1}
    assert results(corp, token, two, sender) == {customer: 3}
    sandbox.advance_to(BUSINESS_DATE + timedelta(days=1))
    three = broadcast(corp, token, sender, [customer], "丙")
    assert results(corp, token, three["msgid"], sender)[customer] in {1, 2}


def test_who_removes_the_staff_on_that_day_is_not_a_friend_any_more(sandbox: Sandbox, corp: Call) -> None:
    """The relation stood at midnight and is gone when the member of staff confirms: status 2."""
    broadcasts(sandbox).at_once = 1.0
    token, (sender, mine) = corp_token(sandbox, corp), max(customers(sandbox).items(), key=lambda each: len(each[1]))
    contacts = sandbox.world.contacts
    place = next(n for n, one in enumerate(contacts) if (one.staff_userid, one.external_userid) == (sender, mine[0]))
    contacts[place] = replace(contacts[place], deleted_at=sandbox.clock.end + timedelta(hours=8))
    made = broadcast(corp, token, sender, mine[:2])
    assert results(corp, token, made["msgid"], sender) == {mine[0]: 2, mine[1]: 1}


def test_a_broadcast_whose_answer_is_lost_is_in_the_list(sandbox: Sandbox, corp: Call) -> None:
    """There is no key: text, period and tasks are all that a sender can find it by; no creator is told."""
    token, (sender, mine) = corp_token(sandbox, corp), next(iter(customers(sandbox).items()))
    sandbox.fault("wecom", "reply_lost", match="add_msg_template")
    with pytest.raises(httpx.TransportError):
        broadcast(corp, token, sender, mine[:2], "只此一次")
    start = int(sandbox.clock.end.timestamp())
    period = {"chat_type": "single", "start_time": start, "end_time": start + 86_400}
    (found,) = corp("externalcontact/get_groupmsg_list_v2", period, access_token=token)["group_msg_list"]
    assert found["text"] == {"content": "只此一次"}
    assert "creator" not in found
    assert {one["provider_id"] for one in sandbox.deliveries("wecom_broadcast")} == {found["msgid"]}
    earlier = {**period, "start_time": start - 86_400, "end_time": start}
    assert corp("externalcontact/get_groupmsg_list_v2", earlier, access_token=token)["group_msg_list"] == []
    longer = {**period, "end_time": start + 40 * 86_400}
    assert corp("externalcontact/get_groupmsg_list_v2", longer, access_token=token)["errcode"] == 40058


def test_a_broadcast_is_refused_in_the_platforms_words(sandbox: Sandbox, corp: Call) -> None:
    """Nobody to send to, an unknown sender, no content, too much content, and a throttle."""
    token, (sender, mine) = corp_token(sandbox, corp), next(iter(customers(sandbox).items()))
    assert broadcast(corp, token, sender, ["wmNobody"])["errcode"] == 41048
    assert broadcast(corp, token, "nobody", mine[:1])["errcode"] == 60111
    assert broadcast(corp, token, sender, mine[:1], "")["errcode"] == 40058
    assert broadcast(corp, token, sender, mine[:1], "字" * 1334)["errcode"] == 40058
    sandbox.fault("wecom", "throttle", match="add_msg_template")
    slow = broadcast(corp, token, sender, mine[:1])
    assert slow["errcode"] == 45033
    assert slow["errmsg"].endswith("more info at https://open.work.weixin.qq.com/devtool/query?e=45033")
    assert corp("externalcontact/get_groupmsg_task", {"msgid": "msgNone"}, access_token=token)["errcode"] == 41047
    assert sandbox.deliveries("wecom_broadcast") == []
