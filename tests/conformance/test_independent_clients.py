"""Clients that others wrote drive the sandbox, so that our clients and our fakes cannot agree on a shared mistake.

wechatpy (official account and WeCom) knows neither stable_token nor batch/get_by_user nor the newer receipts of
broadcasts; those are called through its generic `post`. The Aliyun SDK signs more headers than it has to.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
import requests
from requests.adapters import HTTPAdapter

from tests.sandbox import running_sandbox
from tests.sandbox.server import Sandbox

BUSINESS_DATE = date(2026, 11, 20)
SENT_ON = BUSINESS_DATE + timedelta(days=1)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A small company on the night after the business date."""
    with running_sandbox(people=80, seed=11, business_date=BUSINESS_DATE) as running:
        yield running


class Detour(HTTPAdapter):
    """Send what is meant for the platform to the sandbox; wechatpy writes some URLs out in full."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._there = urlsplit(url)

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        request.url = urlunsplit((self._there.scheme, self._there.netloc, *urlsplit(str(request.url))[2:]))
        return super().send(request, *args, **{**kwargs, "proxies": {}})


@pytest.fixture
def account(sandbox: Sandbox) -> Any:
    """A wechatpy client of the official account."""
    from wechatpy import WeChatClient

    where = sandbox.connection("official_account")
    client = WeChatClient(where.login, where.password)
    client._http.mount("https://", Detour(where.url))
    return client


@pytest.fixture
def corp(sandbox: Sandbox) -> Any:
    """A wechatpy client of the corp."""
    from wechatpy.enterprise import WeChatClient

    where = sandbox.connection("wecom")
    client = WeChatClient(where.login, where.password)
    client._http.mount("https://", Detour(where.url))
    return client


@pytest.fixture
def sms(sandbox: Sandbox) -> Any:
    """The vendor's client of Dysmsapi."""
    from alibabacloud_dysmsapi20170525.client import Client
    from alibabacloud_tea_openapi.utils_models import Config

    where = sandbox.connection("aliyun_sms")
    endpoint = urlsplit(where.url).netloc
    return Client(
        Config(
            access_key_id=where.login,
            access_key_secret=where.password,
            endpoint=endpoint,
            protocol="HTTP",
            no_proxy=endpoint.partition(":")[0],
        )
    )


def following(sandbox: Sandbox) -> set[str]:
    """Openids that follow when the business date ends."""
    return {fan.openid for fan in sandbox.world.followers if fan.follows(sandbox.clock.end)}


def related(sandbox: Sandbox) -> set[tuple[str, str]]:
    """(staff, customer) when the business date ends."""
    there = [contact for contact in sandbox.world.contacts if contact.exists(sandbox.clock.end)]
    return {(contact.staff_userid, contact.external_userid) for contact in there}


def test_wechatpy_walks_every_page_of_fans_and_reads_them(sandbox: Sandbox, account: Any) -> None:
    """wechatpy goes on until the empty page and finds exactly who follows; batchget shows no names."""
    sandbox.platforms["official_account"].page_size = 7
    openids = list(account.user.iter_followers())
    assert len(openids) == len(set(openids))
    assert set(openids) == following(sandbox)
    rows = account.user.get_batch(openids[:100])
    assert [row["openid"] for row in rows] == openids[:100]
    assert {row["nickname"] for row in rows} == {""}
    assert account.user.get(openids[0])["subscribe"] == 1
    assert len([call for call in sandbox.journal("official_account") if call["path"].endswith("/user/get")]) > 3


def test_wechatpy_refreshes_a_token_that_another_process_killed(sandbox: Sandbox, account: Any) -> None:
    """A second fetch kills the first token; wechatpy reads 40001, fetches anew and goes on."""
    where = sandbox.connection("official_account")
    first = account.access_token
    credentials = {"grant_type": "client_credential", "appid": where.login, "secret": where.password}
    with requests.Session() as other:
        other.trust_env = False
        assert other.get(f"{where.url}/cgi-bin/token", params=credentials).json()["access_token"] != first
    assert account.user.get_followers()["total"] == len(following(sandbox))
    assert account.access_token != first


def test_wechatpy_sends_once_per_clientmsgid(sandbox: Sandbox, account: Any) -> None:
    """A repeat is refused, too fast at first and then with the message id that exists already."""
    from wechatpy.exceptions import WeChatClientException

    fans = sorted(following(sandbox))[:5]
    sent = account.message.send_mass_text(fans, "好久不见", client_msg_id="night-1")
    for wait, code in ((0, 45066), (61, 45065)):
        sandbox.clock.elapse(wait)
        with pytest.raises(WeChatClientException) as refused:
            account.message.send_mass_text(fans, "好久不见", client_msg_id="night-1")
        assert refused.value.errcode == code
    assert refused.value.response.json()["msg_id"] == sent["msg_id"]
    assert account.message.get_mass(sent["msg_id"])["msg_status"] == "SEND_SUCCESS"
    assert sorted(one["recipient"] for one in sandbox.deliveries("official_account")) == fans


def test_wechatpy_reads_the_customers_of_all_staff(sandbox: Sandbox, corp: Any) -> None:
    """The list per member, the batch with cursor and the single customer tell the same relations."""
    from wechatpy.exceptions import WeChatClientException

    staff = corp.external_contact.get_follow_user_list()["follow_user"]
    busy = {userid for userid, _ in related(sandbox)}
    listed = {(userid, one) for userid in busy for one in corp.external_contact.list(userid)["external_userid"]}
    for idle in set(staff) - busy:
        with pytest.raises(WeChatClientException, match="84061"):
            corp.external_contact.list(idle)
    batched: list[tuple[str, str]] = []
    cursor = ""
    while True:
        page = corp.post(
            "externalcontact/batch/get_by_user", data={"userid_list": staff[:100], "cursor": cursor, "limit": 9}
        )
        batched += [
            (pair["follow_info"]["userid"], pair["external_contact"]["external_userid"])
            for pair in page["external_contact_list"]
        ]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert sorted(batched) == sorted(listed)
    assert listed == related(sandbox)
    followers = corp.external_contact.get(batched[0][1])["follow_user"]
    assert {follower["userid"] for follower in followers} == {u for u, customer in listed if customer == batched[0][1]}
    assert "tags" in followers[0]


def test_wechatpy_makes_a_broadcast_that_staff_confirm(sandbox: Sandbox, corp: Any) -> None:
    """The call makes a task; results appear once the member of staff has confirmed."""
    platform = sandbox.platforms["wecom"]
    platform.group_messages.at_once = 0.0
    sender, customer = min(related(sandbox))
    made = corp.external_contact.add_msg_template(
        {
            "chat_type": "single",
            "external_userid": [customer, "wmUnknown"],
            "sender": sender,
            "text": {"content": "新品到店"},
        }
    )
    assert made["fail_list"] == ["wmUnknown"]
    asked = {"msgid": made["msgid"]}
    assert corp.post("externalcontact/get_groupmsg_task", data=asked)["task_list"] == [{"userid": sender, "status": 0}]
    platform.confirm()
    assert corp.post("externalcontact/get_groupmsg_task", data=asked)["task_list"][0]["status"] == 2
    results = corp.post("externalcontact/get_groupmsg_send_result", data={**asked, "userid": sender})["send_list"]
    assert [row["external_userid"] for row in results] == [customer]
    assert results[0]["status"] in {1, 2}
    assert [one["recipient"] for one in sandbox.deliveries("wecom_broadcast")] == [customer]


def test_aliyun_sdk_sends_to_one_number_and_finds_it_again(sandbox: Sandbox, sms: Any) -> None:
    """The SDK's own signature passes, in UTF-8 and with reserved characters, and the message can be asked for."""
    from alibabacloud_dysmsapi20170525 import models

    sent = sms.send_sms(
        models.SendSmsRequest(
            phone_numbers="13800000001",
            sign_name="全域商城",
            template_code="SMS_470000001",
            template_param=json.dumps({"name": "张三 & ~*+"}, ensure_ascii=False),
            out_id="batch-1",
        )
    )
    assert sent.body.code == "OK"
    details = sms.query_send_details(
        models.QuerySendDetailsRequest(
            phone_number="13800000001", send_date=f"{SENT_ON:%Y%m%d}", page_size=50, current_page=1
        )
    ).body
    rows = details.sms_send_detail_dtos.sms_send_detail_dto
    assert [(row.out_id, row.template_code) for row in rows] == [("batch-1", "SMS_470000001")]
    assert "张三 & ~*+" in rows[0].content
    assert rows[0].send_status in {1, 2, 3}
    assert datetime.fromisoformat(rows[0].send_date).date() == SENT_ON


def test_aliyun_sdk_sends_a_batch_under_one_id(sandbox: Sandbox, sms: Any) -> None:
    """The arrays of the form body arrive in order, each number with its own parameters."""
    from alibabacloud_dysmsapi20170525 import models

    phones = [f"1390000{n:04d}" for n in range(100)]
    sent = sms.send_batch_sms(
        models.SendBatchSmsRequest(
            phone_number_json=json.dumps(phones),
            sign_name_json=json.dumps(["全域商城"] * len(phones)),
            template_param_json=json.dumps([{"n": str(n)} for n in range(len(phones))]),
            template_code="SMS_470000001",
            out_id="batch-2",
        )
    ).body
    assert sent.code == "OK"
    accepted = sandbox.deliveries("aliyun_sms")
    assert [one["recipient"] for one in accepted] == phones
    assert {(one["provider_id"], one["batch_key"]) for one in accepted} == {(sent.biz_id, "batch-2")}
    assert '{"n": "42"}' in accepted[42]["content"]


def test_aliyun_sdk_gets_business_errors_as_answers_and_gateway_errors_as_exceptions(
    sandbox: Sandbox, sms: Any
) -> None:
    """An illegal number is HTTP 200; throttling and a wrong secret raise with the gateway's code."""
    from alibabacloud_dysmsapi20170525 import models
    from alibabacloud_tea_openapi.exceptions import ClientException

    def request(phone: str) -> models.SendSmsRequest:
        return models.SendSmsRequest(
            phone_numbers=phone, sign_name="全域商城", template_code="SMS_470000001", template_param="{}"
        )

    assert sms.send_sms(request("12345")).body.code == "isv.MOBILE_NUMBER_ILLEGAL"
    sandbox.fault("aliyun_sms", "throttle", match="SendSms")
    with pytest.raises(ClientException) as throttled:
        sms.send_sms(request("13800000001"))
    assert throttled.value.code == "Throttling.User"
    sandbox.platforms["aliyun_sms"].gateway.keys = {sandbox.connection("aliyun_sms").login: "rotated"}
    with pytest.raises(ClientException) as unsigned:
        sms.send_sms(request("13800000001"))
    assert unsigned.value.code == "SignatureDoesNotMatch"
    assert sandbox.deliveries("aliyun_sms") == []
