"""A client that others wrote (wechatpy) drives the sandbox's tags: our clients and our fakes share no mistake."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from tests.conformance.test_independent_clients import Detour
from tests.sandbox import running_sandbox
from tests.sandbox.server import Sandbox


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(people=60, seed=11, business_date=date(2026, 11, 20)) as running:
        yield running


def detoured(sandbox: Sandbox, name: str, kind: type[Any]) -> Any:
    where = sandbox.connection(name)
    client = kind(where.login, where.password)
    client._http.mount("https://", Detour(where.url))
    return client


def test_wechatpy_makes_a_tag_gives_it_reads_it_and_takes_it_away(sandbox: Sandbox) -> None:
    from wechatpy import WeChatClient
    from wechatpy.exceptions import WeChatClientException

    account = detoured(sandbox, "official_account", WeChatClient)
    tag = account.tag.create("seg_repurchase_due")
    assert [one["id"] for one in account.tag.get() if one["name"] == "seg_repurchase_due"] == [tag["id"]]
    with pytest.raises(WeChatClientException) as twice:
        account.tag.create("seg_repurchase_due")
    assert twice.value.errcode == 45157
    fans = sorted(fan.openid for fan in sandbox.world.followers if fan.follows(sandbox.clock.end))[:5]
    account.tag.tag_user(tag["id"], fans)
    account.tag.tag_user(tag["id"], fans[:2])
    sandbox.platforms["official_account"].page_size = 2
    assert list(account.tag.iter_tag_users(tag["id"])) == fans
    assert tag["id"] in account.tag.get_user_tag(fans[0])
    account.tag.untag_user(tag["id"], fans[1:])
    assert list(account.tag.iter_tag_users(tag["id"])) == fans[:1]
    for openids, code in ((["oNobody"], 40003), (fans * 11, 40032)):
        with pytest.raises(WeChatClientException) as refused:
            account.tag.tag_user(tag["id"], openids)
        assert refused.value.errcode == code


def test_wechatpy_makes_a_corp_tag_and_marks_a_customer(sandbox: Sandbox) -> None:
    from wechatpy.enterprise import WeChatClient
    from wechatpy.exceptions import WeChatClientException

    corp = detoured(sandbox, "wecom", WeChatClient)
    made = corp.external_contact.add_corp_tag(None, "全域人群", 0, [{"name": "seg_repurchase_due"}])
    (tag,) = made["tag_group"]["tag"]
    groups = corp.external_contact.get_corp_tag_list()["tag_group"]
    assert tag["id"] in {one["id"] for group in groups for one in group["tag"]}
    contact = next(one for one in sandbox.world.contacts if one.exists(sandbox.clock.end))
    relation = (contact.staff_userid, contact.external_userid)

    def carried() -> list[str]:
        shown = corp.external_contact.get(contact.external_userid)
        return [
            one["tag_id"]
            for follower in shown["follow_user"]
            if follower["userid"] == contact.staff_userid
            for one in follower["tags"]
        ]

    for _ in range(2):
        corp.external_contact.mark_tag(*relation, add_tag=[tag["id"]])
    assert tag["id"] in carried()
    corp.external_contact.mark_tag(*relation, remove_tag=[tag["id"]])
    assert tag["id"] not in carried()
    for userid, external, marks, code in (
        (contact.staff_userid, "wmNobody", [tag["id"]], 84061),
        (contact.staff_userid, "x", [tag["id"]], 40096),
        (*relation, ["etNoTag"], 40068),
        ("nobody", contact.external_userid, [tag["id"]], 60111),
    ):
        with pytest.raises(WeChatClientException) as refused:
            corp.external_contact.mark_tag(userid, external, add_tag=marks)
        assert refused.value.errcode == code
