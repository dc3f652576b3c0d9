"""Clients that others wrote drive the sandboxes of messages, so that our channels and our fakes cannot share a mistake.

The vendors' clients of Tencent Cloud SMS and of Aliyun AICCS; wechatpy for template and subscription messages and for
broadcasts to groups. The text messages of Aliyun are in `test_independent_clients`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.conformance.test_independent_clients import Detour
from tests.sandbox import running_sandbox
from tests.sandbox.aliyun_call import VIRTUAL_NUMBER
from tests.sandbox.server import Sandbox
from tests.sandbox.tencent_sms import APP, SIGN_NAME
from tests.sandbox.world.openids import MINI_APPID, openid
from tests.sandbox.world.systems.wecom import groups

DAY = date(2026, 11, 20)


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with running_sandbox(people=60, seed=11, business_date=DAY) as running:
        yield running


@pytest.fixture
def sms(sandbox: Sandbox) -> Any:
    """The vendor's client of Tencent Cloud SMS."""
    from tencentcloud.common.credential import Credential
    from tencentcloud.common.profile.client_profile import ClientProfile
    from tencentcloud.common.profile.http_profile import HttpProfile
    from tencentcloud.sms.v20210111.sms_client import SmsClient

    where = sandbox.connection("tencent_sms")
    profile = ClientProfile(httpProfile=HttpProfile(protocol="http", endpoint=urlsplit(where.url).netloc))
    return SmsClient(Credential(where.login, where.password), "ap-guangzhou", profile)


def ask(request: Any, **fields: Any) -> Any:
    """A request of the Tencent client, filled."""
    request.from_json_string(json.dumps({"SmsSdkAppId": APP, **fields}))
    return request


def test_tencents_client_sends_to_numbers_that_end_differently(sandbox: Sandbox, sms: Any) -> None:
    """One answer with mixed outcomes; the session comes back, and each number has a serial."""
    from tencentcloud.sms.v20210111.models import SendSmsRequest

    sandbox.platforms["tencent_sms"].blocked.add("13900000002")
    sent = sms.SendSms(
        ask(
            SendSmsRequest(),
            PhoneNumberSet=["+8613900000001", "+8613900000002", "+8612345"],
            SignName=SIGN_NAME,
            TemplateId="2480001",
            TemplateParamSet=["张三 & ~*+"],
            SessionContext="batch-1",
        )
    ).SendStatusSet
    assert [(row.Code, row.PhoneNumber) for row in sent] == [
        ("Ok", "+8613900000001"),
        ("FailedOperation.PhoneNumberInBlacklist", "+8613900000002"),
        ("InvalidParameterValue.IncorrectPhoneNumber", "+8612345"),
    ]
    assert {row.SessionContext for row in sent} == {"batch-1"}
    (delivery,) = sandbox.deliveries("tencent_sms")
    assert (delivery["provider_id"], "张三 & ~*+" in delivery["content"]) == (sent[0].SerialNo, True)


def test_tencents_client_pulls_each_report_once_and_by_number_again(sandbox: Sandbox, sms: Any) -> None:
    from tencentcloud.sms.v20210111 import models

    platform = sandbox.platforms["tencent_sms"]
    platform.messages.lost = platform.messages.late = 0.0
    phones = [f"+861390000{n:04d}" for n in range(120)]
    sms.SendSms(
        ask(
            models.SendSmsRequest(),
            PhoneNumberSet=phones,
            SignName=SIGN_NAME,
            TemplateId="2480001",
            SessionContext="batch-2",
        )
    )
    pulled = []
    while page := sms.PullSmsSendStatus(ask(models.PullSmsSendStatusRequest(), Limit=100)).PullSmsSendStatusSet:
        pulled += page
    assert sorted(row.PhoneNumber for row in pulled) == phones
    assert {row.ReportStatus for row in pulled} == {"SUCCESS", "FAIL"}
    begin = int(sandbox.clock.end.timestamp())
    by_number = ask(
        models.PullSmsSendStatusByPhoneNumberRequest(),
        PhoneNumber=phones[0],
        BeginTime=begin,
        EndTime=begin + 86_400,
        Offset=0,
        Limit=10,
    )
    (row,) = sms.PullSmsSendStatusByPhoneNumber(by_number).PullSmsSendStatusSet
    assert (row.SerialNo, row.SessionContext) == (
        next(one.SerialNo for one in pulled if one.PhoneNumber == phones[0]),
        "batch-2",
    )


def test_tencents_client_hears_replies_and_gets_refusals_as_exceptions(sandbox: Sandbox, sms: Any) -> None:
    from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
    from tencentcloud.sms.v20210111 import models

    platform = sandbox.platforms["tencent_sms"]
    sms.SendSms(
        ask(models.SendSmsRequest(), PhoneNumberSet=["+8613900000001"], SignName=SIGN_NAME, TemplateId="2480001")
    )
    platform.reply("13900000001", "TD")
    pull = ask(models.PullSmsReplyStatusRequest(), Limit=100)
    (reply,) = sms.PullSmsReplyStatus(pull).PullSmsReplyStatusSet
    assert (reply.PhoneNumber, reply.ReplyContent) == ("+8613900000001", "TD")
    assert sms.PullSmsReplyStatus(pull).PullSmsReplyStatusSet == []
    sandbox.fault("tencent_sms", "throttle")
    for code in ("RequestLimitExceeded", "AuthFailure.SignatureFailure"):
        with pytest.raises(TencentCloudSDKException) as refused:
            sms.PullSmsReplyStatus(pull)
        assert refused.value.code == code
        sms.credential.secret_key = "not-the-secret"


@pytest.fixture
def calls(sandbox: Sandbox) -> Any:
    """The vendor's client of AICCS."""
    from alibabacloud_aiccs20191015.client import Client
    from alibabacloud_tea_openapi.utils_models import Config

    where = sandbox.connection("aliyun_call")
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


def test_aliyuns_client_makes_a_task_imports_numbers_and_reads_results(sandbox: Sandbox, calls: Any) -> None:
    from alibabacloud_aiccs20191015 import models

    wanted = models.CreateAiCallTaskRequest(
        task_name="batch-1",
        agent_id="118000000000000001",
        virtual_number=VIRTUAL_NUMBER,
        start_type="IMMEDIATE",
        call_day=["MONDAY", "SUNDAY"],
        call_time=[json.dumps({"startTime": "09:00:00", "endTime": "12:00:00"})],
    )
    made = calls.create_ai_call_task(wanted).body
    assert made.code == "OK"
    assert calls.create_ai_call_task(wanted).body.code == "isv.TASK_NAME_REPEAT"
    phones = [f"1390000{n:04d}" for n in range(3)]
    imported = calls.import_task_number_datas(
        models.ImportTaskNumberDatasRequest(
            task_id=str(made.data),
            data_type="JSON",
            phone_number_list=[{"calleeNumber": phone, "outId": f"job-{phone}", "name": "张三"} for phone in phones],
        )
    ).body
    assert imported.code == "OK"
    found = calls.query_ai_call_task_page(models.QueryAiCallTaskPageRequest(task_name="batch-1")).body.data
    assert [(row.task_id, row.task_name) for row in found.list] == [(str(made.data), "batch-1")]
    sandbox.advance_to(date(2026, 11, 21))
    page = calls.query_ai_call_detail_page(
        models.QueryAiCallDetailPageRequest(task_id=str(made.data), page_no=1, page_size=2)
    ).body.data
    assert (page.total, len(page.list)) == (3, 2)
    assert [(row.called_number, row.out_id) for row in page.list] == [(one, f"job-{one}") for one in phones[:2]]
    assert {row.status for row in page.list} <= {4, 5}
    assert json.loads(page.list[0].options) == {"name": "张三"}


def test_aliyuns_client_gets_a_bad_number_as_an_answer_and_a_throttle_as_an_exception(
    sandbox: Sandbox, calls: Any
) -> None:
    from alibabacloud_aiccs20191015 import models
    from alibabacloud_tea_openapi.exceptions import ClientException

    made = calls.create_ai_call_task(
        models.CreateAiCallTaskRequest(
            task_name="batch-2",
            agent_id="118000000000000001",
            virtual_number=VIRTUAL_NUMBER,
            start_type="IMMEDIATE",
            call_day=["MONDAY"],
            call_time=[json.dumps({"startTime": "09:00:00", "endTime": "12:00:00"})],
        )
    ).body.data
    numbers = models.ImportTaskNumberDatasRequest(
        task_id=str(made), data_type="JSON", phone_number_list=[{"calleeNumber": "12345", "outId": "1"}]
    )
    assert calls.import_task_number_datas(numbers).body.code == "isv.MOBILE_NUMBER_ILLEGAL"
    sandbox.fault("aliyun_call", "throttle")
    with pytest.raises(ClientException) as throttled:
        calls.import_task_number_datas(numbers)
    assert throttled.value.code == "Throttling.User"
    assert sandbox.deliveries("aliyun_call") == []


def wechat(sandbox: Sandbox, name: str) -> Any:
    """A wechatpy client of one app."""
    from wechatpy import WeChatClient

    where = sandbox.connection(name)
    client = WeChatClient(where.login, where.password)
    client._http.mount("https://", Detour(where.url))
    return client


def test_wechatpy_reads_the_templates_and_sends_one_message_a_call(sandbox: Sandbox) -> None:
    from wechatpy.exceptions import WeChatClientException

    account = wechat(sandbox, "official_account")
    contents = {
        row["template_id"]: row["content"] for row in account.template.get_all_private_template()["template_list"]
    }
    assert contents["TM_MEMBER_GIFT"] == "会员礼：{{thing1.DATA}}"
    fan = next(fan.openid for fan in sandbox.world.followers if fan.follows(sandbox.clock.end))
    data = {"thing1": {"value": "好茶"}}
    sent = account.message.send_template(fan, "TM_MEMBER_GIFT", data)
    (delivery,) = sandbox.deliveries("official_account")
    assert (delivery["recipient"], delivery["content"]) == (fan, "会员礼：好茶")
    assert delivery["provider_id"] == str(sent["msgid"])
    for user, template, given, code in (
        ("oStranger", "TM_MEMBER_GIFT", data, 40003),
        (fan, "TM_NONE", data, 40037),
        (fan, "TM_MEMBER_GIFT", {"thing1": {"value": "好" * 21}}, 47003),
    ):
        with pytest.raises(WeChatClientException) as refused:
            account.message.send_template(user, template, given)
        assert refused.value.errcode == code


def test_wechatpy_spends_a_consent_with_each_subscription_message(sandbox: Sandbox) -> None:
    from wechatpy.exceptions import WeChatClientException

    client = wechat(sandbox, "mini_program")
    user = openid(sandbox.world, MINI_APPID, sandbox.world.people[0].id)
    data = {"thing1": {"value": "好茶"}}
    assert client.wxa.send_subscribe_message(user, "SUB_CART_LEFT", data, page="pages/cart/index")["errcode"] == 0
    with pytest.raises(WeChatClientException) as refused:
        client.wxa.send_subscribe_message(user, "SUB_CART_LEFT", data)
    assert refused.value.errcode == 43101
    assert [(one["recipient"], one["link"]) for one in sandbox.deliveries("mini_program")] == [
        (user, "pages/cart/index")
    ]


def test_wechatpy_makes_a_broadcast_to_groups_that_their_owner_confirms(sandbox: Sandbox) -> None:
    from wechatpy.enterprise import WeChatClient

    where = sandbox.connection("wecom")
    corp = WeChatClient(where.login, where.password)
    corp._http.mount("https://", Detour(where.url))
    sandbox.platforms["wecom"].group_messages.at_once = 0.0
    group = next(group for group in groups(sandbox.world) if group.created_at < sandbox.clock.end)
    made = corp.external_contact.add_msg_template(
        {"chat_type": "group", "chat_id_list": [group.chat_id], "sender": group.owner, "text": {"content": "群友专享"}}
    )
    asked = {"msgid": made["msgid"], "userid": group.owner}
    waiting = corp.post("externalcontact/get_groupmsg_send_result", data=asked)["send_list"]
    assert waiting == [{"chat_id": group.chat_id, "userid": group.owner, "status": 0}]
    sandbox.platforms["wecom"].confirm()
    (row,) = corp.post("externalcontact/get_groupmsg_send_result", data=asked)["send_list"]
    assert (row["chat_id"], row["status"]) == (group.chat_id, 1)
    begin = int(sandbox.clock.end.timestamp())
    span = {"start_time": begin, "end_time": begin + 86_400, "filter_type": 2, "limit": 100}
    for chat_type, listed in (("group", [made["msgid"]]), ("single", [])):
        found = corp.post("externalcontact/get_groupmsg_list_v2", data={"chat_type": chat_type, **span})
        assert [one["msgid"] for one in found["group_msg_list"]] == listed
