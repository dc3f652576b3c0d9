"""The fake Dysmsapi: signatures from published vectors, gateway and business refusals, sends, receipts, replies."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import pytest

from tests.sandbox import running_sandbox
from tests.sandbox.acs3 import canonical_request, signature
from tests.sandbox.server import Sandbox

BUSINESS_DATE = date(2026, 11, 20)
SENT_ON = "20261121"

VECTORS = [
    vector
    for vector in json.loads((Path(__file__).parents[1] / "fixtures" / "signing_vectors_messaging.json").read_text())
    if vector["algorithm"] == "ACS3-HMAC-SHA256"
]

Call = Callable[..., httpx.Response]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A small company on the night after the business date."""
    with running_sandbox(people=40, seed=5, business_date=BUSINESS_DATE) as running:
        yield running


@pytest.fixture
def call(sandbox: Sandbox) -> Iterator[Call]:
    """Call an action with a signature made by hand; `change` spoils headers after signing, `unsigned` one left out."""
    where = sandbox.connection("aliyun_sms")
    numbers = itertools.count(1)
    with httpx.Client(base_url=where.url, trust_env=False) as http:

        def made(
            action: str,
            query: dict[str, str],
            form: dict[str, str] | None = None,
            *,
            headers: dict[str, str] | None = None,
            change: dict[str, str] | None = None,
            unsigned: str = "",
        ) -> httpx.Response:
            body = urlencode(form or {}).encode()
            given = {
                "host": urlsplit(where.url).netloc,
                "x-acs-action": action,
                "x-acs-version": "2017-05-25",
                "x-acs-date": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
                "x-acs-signature-nonce": f"nonce-{next(numbers)}",
                "x-acs-content-sha256": hashlib.sha256(body).hexdigest(),
                **({"content-type": "application/x-www-form-urlencoded"} if body else {}),
                **(headers or {}),
            }
            target, signed = f"/?{urlencode(query)}", sorted(given.keys() - {unsigned})
            mark = signature(where.password, canonical_request("POST", target, given, signed, body))
            credential = f"Credential={where.login},SignedHeaders={';'.join(signed)},Signature={mark}"
            given["authorization"] = f"ACS3-HMAC-SHA256 {credential}"
            return http.post(target, content=body, headers={**given, **(change or {})})

        yield made


def one(phone: str = "13800000001", **changes: str) -> dict[str, str]:
    """The query of a SendSms."""
    param = json.dumps({"name": "张三"}, ensure_ascii=False)
    query = {"PhoneNumbers": phone, "SignName": "全域商城", "TemplateCode": "SMS_470000001", "TemplateParam": param}
    return {**query, "OutId": "batch-1", **changes}


def many(phones: list[str], **changes: str) -> dict[str, str]:
    """The form of a SendBatchSms."""
    return {
        "PhoneNumberJson": json.dumps(phones),
        "SignNameJson": json.dumps(["全域商城"] * len(phones)),
        "TemplateParamJson": json.dumps([{"name": "张三"}] * len(phones)),
        **changes,
    }


def details(call: Call, phone: str, day: str = SENT_ON, **changes: str) -> dict[str, Any]:
    """The answer of QuerySendDetails."""
    query = {"PhoneNumber": phone, "SendDate": day, "PageSize": "50", "CurrentPage": "1", **changes}
    return call("QuerySendDetails", query).json()


def rows(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """The messages of an answer."""
    return answer["SmsSendDetailDTOs"]["SmsSendDetailDTO"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["params"]["headers"]["x-acs-action"])
def test_signatures_are_those_of_the_vendor(vector: dict[str, Any]) -> None:
    """The published example and what the vendor's SDK computes come out the same."""
    params = vector["params"]
    signed = sorted(params["headers"])
    target = f"{params['path']}?{urlencode(params['query'])}"
    canonical = canonical_request(params["method"], target, params["headers"], signed, params["body"].encode())
    assert canonical == vector["canonical_request"]
    assert signature(vector["secret"], canonical) == vector["signature"]


@pytest.mark.parametrize(
    ("headers", "change", "refusal"),
    [
        ({}, {"x-acs-action": "QuerySendDetails"}, (400, "SignatureDoesNotMatch")),
        ({}, {"authorization": "Bearer x"}, (400, "IncompleteSignature")),
        ({"x-acs-date": "2026-01-08T00:00:00Z"}, {}, (400, "InvalidTimeStamp.Expired")),
        ({"x-acs-date": "yesterday"}, {}, (400, "InvalidTimeStamp.Format")),
        ({"x-acs-version": "2016-09-27"}, {}, (400, "InvalidVersion")),
        ({"x-acs-action": "SendPigeon"}, {}, (404, "InvalidAction.NotFound")),
    ],
)
def test_the_gateway_refuses_with_4xx(
    sandbox: Sandbox, call: Call, headers: dict[str, str], change: dict[str, str], refusal: tuple[int, str]
) -> None:
    """Each fault of the caller has its code, and nothing is sent."""
    answer = call("SendSms", one(), headers=headers, change=change)
    assert (answer.status_code, answer.json()["Code"]) == refusal
    assert sandbox.deliveries("aliyun_sms") == []


def test_a_changed_body_or_an_unsigned_header_breaks_the_signature(sandbox: Sandbox, call: Call) -> None:
    """The digest is taken of the bytes that came, and every x-acs header must be signed."""
    body = call("SendBatchSms", {"TemplateCode": "SMS_470000001"}, many(["13800000001"])).request
    spoilt = httpx.post(
        body.url, content=body.content.replace(b"13800000001", b"13800000002"), headers=body.headers, trust_env=False
    )
    assert spoilt.json()["Code"] == "SignatureDoesNotMatch"
    for header in ("host", "x-acs-action", "x-acs-signature-nonce", "x-acs-content-sha256"):
        assert call("SendSms", one(), unsigned=header).json()["Code"] == "SignatureDoesNotMatch"
    assert len(sandbox.deliveries("aliyun_sms")) == 1


def test_a_request_cannot_be_replayed(sandbox: Sandbox, call: Call) -> None:
    """The same bytes twice are one message: the nonce is known."""
    first = call("SendSms", one())
    again = httpx.post(first.request.url, headers=first.request.headers, trust_env=False)
    assert (again.status_code, again.json()["Code"]) == (400, "SignatureNonceUsed")
    assert len(sandbox.deliveries("aliyun_sms")) == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"PhoneNumbers": "138****0001"}, "isv.MOBILE_NUMBER_ILLEGAL"),
        ({"PhoneNumbers": "13800000001,1380"}, "isv.MOBILE_NUMBER_ILLEGAL"),
        ({"SignName": "别家"}, "isv.SMS_SIGNATURE_ILLEGAL"),
        ({"TemplateCode": "birthday"}, "isv.SMS_TEMPLATE_ILLEGAL"),
        ({"TemplateCode": "SMS_470000009"}, "isv.TEMPLATE_MISSING_PARAMETERS"),
        ({"TemplateParam": '{"name": 5}'}, "isv.INVALID_JSON_PARAM"),
        ({"TemplateParam": "name=5"}, "isv.INVALID_JSON_PARAM"),
    ],
)
def test_a_business_refusal_comes_with_http_200_and_sends_to_nobody(
    sandbox: Sandbox, call: Call, changes: dict[str, str], code: str
) -> None:
    """One wrong number holds up the whole call."""
    sandbox.platforms["aliyun_sms"].templates["SMS_470000009"] = "亲爱的${name}，${days}天后过期，拒收请回复R"
    answer = call("SendSms", one(**changes))
    assert (answer.status_code, answer.json()["Code"]) == (200, code)
    assert "BizId" not in answer.json()
    assert sandbox.deliveries("aliyun_sms") == []


def test_parameters_count_only_where_the_action_reads_them(call: Call) -> None:
    """SendSms reads the query, the arrays of SendBatchSms come in the form."""
    assert call("SendSms", {}, one()).json()["Code"] == "MissingPhoneNumbers"
    misplaced = call("SendBatchSms", {"TemplateCode": "SMS_470000001", **many(["13800000001"])})
    assert (misplaced.status_code, misplaced.json()["Code"]) == (400, "MissingPhoneNumberJson")


def test_a_batch_takes_a_hundred_and_needs_equal_arrays(sandbox: Sandbox, call: Call) -> None:
    """All get one BizId, each its own text; more, or arrays of different length, are refused whole."""
    phones = [f"1390000{n:04d}" for n in range(101)]
    sandbox.platforms["aliyun_sms"].templates["SMS_470000001"] = "${n}号，拒收请回复R"
    texts = json.dumps([{"n": str(n)} for n in range(100)])
    query = {"TemplateCode": "SMS_470000001", "OutId": "batch-2"}
    assert call("SendBatchSms", query, many(phones)).json()["Code"] == "isv.MOBILE_COUNT_OVER_LIMIT"
    uneven = many(phones[:3], TemplateParamJson="[{}]")
    assert call("SendBatchSms", query, uneven).json()["Code"] == "isv.INVALID_PARAMETERS"
    sent = call("SendBatchSms", query, many(phones[:100], TemplateParamJson=texts)).json()
    accepted = sandbox.deliveries("aliyun_sms")
    assert [each["recipient"] for each in accepted] == phones[:100]
    assert {(each["provider_id"], each["batch_key"]) for each in accepted} == {(sent["BizId"], "batch-2")}
    assert accepted[7]["content"] == "【全域商城】7号，拒收请回复R"


def test_a_send_whose_answer_is_lost_is_found_by_number_and_day(sandbox: Sandbox, call: Call) -> None:
    """Nothing drops a repeat, so asking first is the only way to send once."""
    sandbox.fault("aliyun_sms", "reply_lost", match="SendSms")
    with pytest.raises(httpx.TransportError):
        call("SendSms", one())
    (found,) = rows(details(call, "+8613800000001"))
    assert (found["PhoneNum"], found["OutId"], found["TemplateCode"]) == ("13800000001", "batch-1", "SMS_470000001")
    assert found["SendDate"].startswith("2026-11-21 ")
    assert [each["batch_key"] for each in sandbox.deliveries("aliyun_sms")] == ["batch-1"]
    assert rows(details(call, "13800000001", "20261120")) == []
    assert rows(details(call, "13800000002")) == []
    call("SendSms", one())
    assert len(rows(details(call, "13800000001"))) == 2


def test_details_come_in_pages_and_by_id(call: Call) -> None:
    """Newest first; TotalCount counts all pages; the window is thirty days."""
    ids = [call("SendSms", one(OutId=f"batch-{n}")).json()["BizId"] for n in range(3)]
    first = details(call, "13800000001", PageSize="2")
    second = details(call, "13800000001", PageSize="2", CurrentPage="2")
    assert [row["OutId"] for row in rows(first) + rows(second)] == ["batch-2", "batch-1", "batch-0"]
    assert first["TotalCount"] == second["TotalCount"] == 3
    assert [row["OutId"] for row in rows(details(call, "13800000001", BizId=ids[1]))] == ["batch-1"]
    for day in ("20261020", "20261123", "2026-11-21"):
        assert details(call, "13800000001", day)["Code"] == "isv.INVALID_PARAMETERS"
    assert details(call, "13800000001", PageSize="51")["Code"] == "isv.INVALID_PARAMETERS"


def test_a_message_may_take_a_while_to_be_found(sandbox: Sandbox, call: Call) -> None:
    """An empty answer right after the call says nothing."""
    sandbox.platforms["aliyun_sms"].messages.lag_seconds = 60
    call("SendSms", one())
    assert rows(details(call, "13800000001")) == []
    sandbox.clock.elapse(61)
    assert len(rows(details(call, "13800000001"))) == 1


def test_a_few_fail_a_few_report_late_and_one_in_a_hundred_never(sandbox: Sandbox, call: Call) -> None:
    """Fates agree with what the truth says, and the late ones report when a day has passed."""
    phones = [f"1370000{n:04d}" for n in range(400)]
    for start in range(0, 400, 100):
        call("SendBatchSms", {"TemplateCode": "SMS_470000001"}, many(phones[start : start + 100]))
    fates = {each["recipient"]: each["outcome"] for each in sandbox.deliveries("aliyun_sms")}
    odd = [phone for phone in phones if fates[phone] != "delivered"]
    assert 8 <= len(odd) <= 80
    assert {fates[phone] for phone in odd} == {"failed", "late", "lost"}

    def status(phone: str) -> tuple[int, bool]:
        (row,) = rows(details(call, phone))
        return row["SendStatus"], "ReceiveDate" in row

    tonight = {"failed": (2, True), "late": (1, False), "lost": (1, False)}
    assert {phone: status(phone) for phone in odd} == {phone: tonight[fates[phone]] for phone in odd}
    sandbox.advance_to(BUSINESS_DATE + timedelta(days=1))
    tomorrow = {**tonight, "late": (3, True)}
    assert {phone: status(phone) for phone in odd} == {phone: tomorrow[fates[phone]] for phone in odd}
    failed = next(phone for phone in odd if fates[phone] == "failed")
    assert rows(details(call, failed))[0]["ErrCode"].startswith("MOBILE_")


def test_a_number_gets_fifty_of_a_template_a_day(sandbox: Sandbox, call: Call) -> None:
    """The 51st is refused until another day; another template is not."""
    for _ in range(50):
        assert call("SendSms", one()).json()["Code"] == "OK"
    full = call("SendSms", one()).json()
    assert (full["Code"], full["Message"]) == ("isv.BUSINESS_LIMIT_CONTROL", "触发天级流控Permits:50")
    assert call("SendSms", one(TemplateCode="SMS_470000002")).json()["Code"] == "OK"
    sandbox.advance_to(BUSINESS_DATE + timedelta(days=1))
    assert call("SendSms", one()).json()["Code"] == "OK"


def test_faults_speak_aliyuns_words(sandbox: Sandbox, call: Call) -> None:
    """Throttling is HTTP 400 of the gateway, a used up quota HTTP 200 of the product; both match by action."""
    sandbox.fault("aliyun_sms", "throttle", match="SendBatchSms")
    sandbox.fault("aliyun_sms", "isv.DAY_LIMIT_CONTROL", match="SendSms")
    limited = call("SendSms", one())
    assert (limited.status_code, limited.json()["Code"]) == (200, "isv.DAY_LIMIT_CONTROL")
    throttled = call("SendBatchSms", {"TemplateCode": "SMS_470000001"}, many(["13800000001"]))
    assert (throttled.status_code, throttled.json()["Code"]) == (400, "Throttling.User")
    assert sandbox.deliveries("aliyun_sms") == []


def test_who_answers_r_is_collected_and_gets_nothing_more(sandbox: Sandbox, call: Call) -> None:
    """The collector keeps the reply; later messages are taken and fail; who got nothing cannot answer."""
    platform = sandbox.platforms["aliyun_sms"]
    url = sandbox.connection("aliyun_sms").url + "/sandbox/sms_up"
    call("SendSms", one())
    platform.reply("13800000001", "什么时候到货")
    call("SendSms", one(TemplateCode="SMS_470000002"))
    assert [each["outcome"] == "failed" for each in sandbox.deliveries("aliyun_sms")][1] is False
    answered = httpx.post(url, json={"phone_number": "13800000001", "content": "td"}, trust_env=False)
    assert answered.json()["sign_name"] == "全域商城"
    assert [each["content"] for each in httpx.get(url, trust_env=False).json()] == ["什么时候到货", "td"]
    newer = httpx.get(url, params={"after": "1"}, trust_env=False).json()
    assert [(each["phone_number"], each["sequence_id"]) for each in newer] == [("13800000001", 2)]
    assert call("SendSms", one(TemplateCode="SMS_470000003")).json()["Code"] == "OK"
    assert rows(details(call, "13800000001"))[0]["ErrCode"] == "MOBILE_IN_BLACK"
    nobody = httpx.post(url, json={"phone_number": "13900000009", "content": "R"}, trust_env=False)
    assert nobody.status_code == 404
