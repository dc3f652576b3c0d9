"""WeChat Pay beyond the common contract: signatures both ways, bills that are late, absent, false or do not add up."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from quanyu.contracts import SHANGHAI, Connection, Record, Window
from quanyu.errors import ConfigurationError, NeedsPerson, NotReady, QuanyuError, Rejected, Retryable, SchemaDrift
from quanyu.errors import Throttled as Slower
from quanyu.sources.wechat_pay import SOURCE, bill
from quanyu.sources.wechat_pay import client as pay_client
from tests.fixtures.source_server import says, scripted
from tests.sandbox import running_sandbox
from tests.sandbox.server import Sandbox
from tests.sandbox.wechat_pay import PUBLIC_KEY_ID, key_of
from tests.sandbox.world.systems.wechat_pay import movements

DAY = date(2026, 11, 20)
TODAY = Window.of_days(DAY, DAY)
HISTORY = Window.of_days(DAY - timedelta(days=30), DAY)
(TRADES,) = SOURCE.entities


@pytest.fixture(scope="module")
def company() -> Iterator[Sandbox]:
    with running_sandbox(people=60, seed=11, business_date=DAY) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(company: Sandbox) -> Iterator[Sandbox]:
    yield company
    company.clear()


@pytest.fixture
def where(sandbox: Sandbox) -> Connection:
    return sandbox.connection(SOURCE.name)


def read(where: Connection, window: Window = TODAY) -> list[Record]:
    with SOURCE.connect(where, sleep=lambda _: None) as client:
        return [row for page in TRADES.read(client, window) for row in page.records]


def quiet_day(sandbox: Sandbox) -> date:
    """A day on which nobody paid."""
    busy = {one.at.date() for one in movements(sandbox.world)}
    return next(day for day in HISTORY.days() if day not in busy)


def at(monkeypatch: pytest.MonkeyPatch, day: date, hour: int) -> None:
    """Let it be that hour in Shanghai; the sandbox's clock for signatures stays where it is."""
    now = datetime(day.year, day.month, day.day, hour, tzinfo=SHANGHAI).astimezone(UTC)
    monkeypatch.setattr(pay_client, "utc_now", lambda: now)


# --- signatures


def test_our_signature_is_one_that_an_independent_client_accepts() -> None:
    """wechatpayv3 verifies `timestamp, nonce, body`; ours over the same three lines must be to its liking."""
    from wechatpayv3.utils import rsa_verify

    key = key_of("merchant")
    signed = pay_client.sign(key, "1767830400\nnonce\n{}\n")
    assert rsa_verify("1767830400", "nonce", "{}", signed, key.public_key())
    assert not rsa_verify("1767830400", "nonce", "{ }", signed, key.public_key())


def test_the_string_to_sign_is_the_one_of_an_independent_client(where: Connection) -> None:
    """Method, path with query, time, nonce and an empty body: five lines, each with its end."""
    from wechatpayv3.utils import rsa_sign

    with SOURCE.connect(where) as client:
        said = client._headers("/v3/bill/tradebill?bill_date=2026-11-20")["Authorization"]
    scheme, _, fields = said.partition(" ")
    found = dict(re.findall(r'(\w+)="([^"]*)"', fields))
    text = f"GET\n/v3/bill/tradebill?bill_date=2026-11-20\n{found['timestamp']}\n{found['nonce_str']}\n\n"
    assert scheme == "WECHATPAY2-SHA256-RSA2048"
    assert found["signature"] == rsa_sign(key_of("merchant"), text)
    assert (found["mchid"], found["serial_no"]) == (where.login, where.extra["serial_no"])


def test_another_key_of_ours_needs_a_person(where: Connection) -> None:
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = stranger.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    with pytest.raises(NeedsPerson, match="SIGN_ERROR") as error:
        read(replace(where, password=pem))
    assert "serial_no" in error.value.remedy


def test_a_key_that_lost_its_line_ends_in_a_password_may_stand_in_extra(where: Connection) -> None:
    moved = replace(where, password="", extra={**where.extra, "private_key": where.password})
    assert read(moved) == read(where)


def test_a_clock_that_is_six_minutes_off_needs_a_person(sandbox: Sandbox, where: Connection) -> None:
    sandbox.clock.elapse(360)
    try:
        with pytest.raises(NeedsPerson, match="5分钟") as error:
            read(where)
    finally:
        sandbox.clock.elapse(-360)
    assert "clock" in error.value.remedy


def test_an_answer_that_somebody_else_signed_is_not_believed(where: Connection) -> None:
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    pem = stranger.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    with pytest.raises(Retryable, match="signature is not the platform's"):
        read(replace(where, extra={**where.extra, "platform_public_key": pem}))


@pytest.mark.parametrize("serial", ["PUB_KEY_ID_OLD", ""])
def test_an_answer_under_another_key_asks_a_person_for_that_key(where: Connection, serial: str) -> None:
    answer = says({"hash_type": "SHA1"}, headers={"Wechatpay-Serial": serial} if serial else {})
    with scripted(answer) as server, pytest.raises(NeedsPerson, match="signed with the key") as error:
        read(replace(where, url=server.url))
    assert "public key" in error.value.remedy
    assert len(server.calls) == 1


@pytest.mark.parametrize("signature", ["", "no base64!", "AAAA"])
def test_an_answer_with_a_broken_signature_is_asked_for_again(where: Connection, signature: str) -> None:
    headers = {"Wechatpay-Serial": PUBLIC_KEY_ID, "Wechatpay-Signature": signature}
    with scripted(says({"hash_type": "SHA1"}, headers=headers)) as server, pytest.raises(Retryable, match="signature"):
        read(replace(where, url=server.url))
    assert len(server.calls) == 5


@pytest.mark.parametrize("missing", ["serial_no", "platform_public_key", "platform_public_key_id"])
def test_a_connection_without_a_key_is_named_before_any_call(sandbox: Sandbox, where: Connection, missing: str) -> None:
    before = len(sandbox.journal("wechat_pay"))
    extra = {name: value for name, value in where.extra.items() if name != missing}
    with pytest.raises(ConfigurationError), SOURCE.connect(replace(where, extra=extra)):
        pass
    assert len(sandbox.journal("wechat_pay")) == before


def test_a_platform_key_that_is_none_needs_a_person(where: Connection) -> None:
    with pytest.raises(NeedsPerson, match="public key cannot be read"):
        read(replace(where, extra={**where.extra, "platform_public_key": "no key"}))


# --- is there a bill


def test_a_bill_that_is_being_made_asks_the_night_to_wait(sandbox: Sandbox, where: Connection) -> None:
    sandbox.fault("wechat_pay", "not_ready")
    with pytest.raises(NotReady, match="STATEMENT_CREATING") as error:
        read(where)
    assert str(error.value).startswith(f"wechat_pay.trades {DAY}")
    assert read(where), "once it is made, the bill is read"


def test_a_day_on_which_nobody_paid_is_an_empty_page(sandbox: Sandbox, where: Connection) -> None:
    """NO_STATEMENT_EXIST: "check whether there was a trade or refund on that day"."""
    day = quiet_day(sandbox)
    with SOURCE.connect(where) as client:
        (page,) = TRADES.read(client, Window.of_days(day, day))
    assert (page.day, list(page.records)) == (day, [])
    assert sandbox.journal("wechat_pay")[-1]["outcome"] == "NO_STATEMENT_EXIST"


@pytest.mark.parametrize(("hour", "is_ready"), [(0, False), (9, False), (10, True), (23, True)])
def test_before_ten_no_bill_may_mean_not_yet(
    where: Connection, monkeypatch: pytest.MonkeyPatch, hour: int, is_ready: bool
) -> None:
    at(monkeypatch, DAY + timedelta(days=1), hour)
    nothing = says({"code": "NO_STATEMENT_EXIST", "message": "账单文件不存在"}, status=400)
    with scripted(nothing) as server:
        there = replace(where, url=server.url)
        if is_ready:
            assert read(there) == []
        else:
            with pytest.raises(NotReady, match="NO_STATEMENT_EXIST"):
                read(there)


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, "STATEMENT_CREATING", NotReady),
        (400, "PARAM_ERROR", Rejected),
        (400, "INVALID_REQUEST", Rejected),
        (401, "SIGN_ERROR", NeedsPerson),
        (403, "NO_AUTH", NeedsPerson),
        (404, "MCH_NOT_EXISTS", Rejected),
        (429, "FREQUENCY_LIMITED", Slower),
        (403, "RATELIMIT_EXCEEDED", Slower),
        (500, "SYSTEM_ERROR", Retryable),
        (400, "SYSTEM_ERROR", Retryable),
    ],
)
def test_the_platforms_codes_say_what_to_do(
    where: Connection, status: int, code: str, expected: type[QuanyuError]
) -> None:
    with scripted(says({"code": code, "message": "x"}, status=status)) as server, pytest.raises(QuanyuError) as error:
        read(replace(where, url=server.url))
    assert type(error.value) is expected
    assert error.value.remedy


# --- is it the bill


def test_a_bill_whose_hash_differs_is_not_believed(where: Connection) -> None:
    with SOURCE.connect(where) as client:
        announced = client._apply(DAY)
        assert client._download(announced)
        with pytest.raises(Retryable, match="hash differs"):
            client._download({**announced, "hash_value": "0" * 40})
        with pytest.raises(Rejected, match="'MD5', not SHA1"):
            client._download({**announced, "hash_type": "MD5"})


def test_an_address_that_has_expired_is_named_and_its_token_is_not(where: Connection, sandbox: Sandbox) -> None:
    """The address is a key to the bill; errors end up in logs."""
    with SOURCE.connect(where) as client:
        announced = client._apply(DAY)
        sandbox.platforms["wechat_pay"]._downloads.clear()
        with pytest.raises(Rejected, match="INVALID_REQUEST") as error:
            client._download(announced)
    assert announced["download_url"].partition("token=")[2] not in str(error.value)


def test_our_signature_goes_to_no_other_host(where: Connection, sandbox: Sandbox) -> None:
    """Whatever host an answer names."""
    with scripted(says({})) as stranger, SOURCE.connect(where) as client:
        announced = client._apply(DAY)
        _, _, query = announced["download_url"].partition("?")
        content = client._download({**announced, "download_url": f"{stranger.url}/v3/billdownload/file?{query}"})
    assert content
    assert stranger.calls == []


@pytest.mark.parametrize("content", [b"", b"<html>", gzip.compress(b"x" * 1000, mtime=0)[:20]])
def test_half_a_file_is_no_bill(content: bytes) -> None:
    with pytest.raises(Retryable, match="no whole gzip file"):
        pay_client._unzipped(content)


# --- does it add up

HEADER = ",".join(bill.COLUMNS)
SUMMARY = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"


def line(**cells: str) -> str:
    values = {
        "transaction_id": "1",
        "trade_state": "SUCCESS",
        "refund_id": "0",
        "settlement_total_fee": "1.00",
        "refund_fee": "0.00",
    } | cells
    return ",".join(f"`{values.get(name, '')}" for name in bill.COLUMNS.values())


def text(*lines: str, count: int, paid: str, back: str = "0.00") -> str:
    return "\r\n".join([HEADER, *lines, SUMMARY, f"`{count},`{paid},`{back},`0.00,`0.00000,`{paid},`{back}"]) + "\r\n"


def test_lines_that_the_summary_does_not_count_are_refused() -> None:
    whole = [line(), line(transaction_id="2"), line(trade_state="REFUND", refund_id="5", refund_fee="0.30")]
    good = text(*whole, count=3, paid="3.00", back="0.30")
    assert [row["refund_id"] for row in bill.rows(good)] == ["0", "0", "5"]
    for count, paid, back, words in (
        (2, "3.00", "0.30", "3 lines, its summary says 2"),
        (3, "3.01", "0.30", "应结订单总金额: the lines add up to 3.00, not 3.01"),
        (3, "3.00", "0.00", "退款总金额"),
    ):
        with pytest.raises(Rejected, match=words):
            bill.rows(text(*whole, count=count, paid=paid, back=back))


def test_a_bill_without_its_end_is_refused() -> None:
    for cut in (HEADER, "\n".join([HEADER, line()]), "\n".join([HEADER, line(), SUMMARY])):
        with pytest.raises(Rejected, match="no summary"):
            bill.rows(cut)


@given(st.text(st.characters(exclude_characters="`\r\n", exclude_categories=["Cs"]), max_size=40))
def test_any_name_of_goods_survives(name: str) -> None:
    """Commas, quotes, separators that Python takes for line ends: only the backtick divides cells."""
    (row,) = bill.rows(text(line(body=name), count=1, paid="1.00"))
    assert row["body"] == name


def test_a_payment_whose_refund_is_left_blank_still_has_a_key() -> None:
    (row,) = bill.rows(text(line(refund_id=""), count=1, paid="1.00"))
    assert row["refund_id"] == "0"


def test_an_empty_bill_has_no_rows() -> None:
    assert bill.rows(text(count=0, paid="0.00")) == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (text(line(), count=1, paid="1.00").replace("微信退款单号", "退款号"), "lacks the column 微信退款单号"),
        (text(line() + ",`more", count=1, paid="1.00"), "line 2 of the bill has 28 of 27"),
        (text(line(settlement_total_fee="一元"), count=1, paid="1.00"), "no number"),
        (text(line(), count=1, paid="1.000,00"), "no number"),
    ],
)
def test_another_format_is_drift(content: str, words: str) -> None:
    with pytest.raises(SchemaDrift, match=words):
        bill.rows(content)


def test_a_changed_type_is_drift(sandbox: Sandbox, where: Connection) -> None:
    sandbox.fault("wechat_pay", "changed_type")
    with pytest.raises(SchemaDrift) as error:
        read(where)
    assert str(error.value).startswith(f"wechat_pay.trades {DAY}")


def test_payments_and_refunds_of_both_tills_and_mall_are_there(where: Connection) -> None:
    found: dict[tuple[str, str], Any] = {(row["trade_type"], row["trade_state"]): row for row in read(where, HISTORY)}
    assert {kind for kind, _ in found} == {"MICROPAY", "JSAPI"}
    assert {state for _, state in found} == {"SUCCESS", "REFUND"}
