"""Tokens and errcodes of official accounts and WeCom."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from quanyu import wechat
from quanyu.contracts import SHANGHAI, Connection
from quanyu.errors import ConfigurationError, DeliveryUnknown, NeedsPerson, QuanyuError, Retryable, Throttled
from quanyu.wechat import OFFICIAL_ACCOUNT, WECOM, Dialect, Refused
from tests.fixtures.source_server import Reply, Script, says, scripted

SECRET = "app-secret-0123456789"
BOTH = pytest.mark.parametrize("dialect", [OFFICIAL_ACCOUNT, WECOM], ids=lambda dialect: dialect.name)


def token(text: str, *, expires_in: int = 7200) -> Reply:
    return says({"errcode": 0, "errmsg": "ok", "access_token": text, "expires_in": expires_in})


def refusal(code: int, message: str = "no") -> Reply:
    return says({"errcode": code, "errmsg": message})


def test_an_official_account_asks_for_the_stable_token_and_keeps_it() -> None:
    """The plain token call would kill the token that other programs hold."""
    with scripted(token("t1"), says({"total": 1})) as server:
        _calls(server, OFFICIAL_ACCOUNT, 3)
        assert [urlsplit(call.path).path for call in server.calls] == ["/cgi-bin/stable_token", *["/cgi-bin/x"] * 3]
        assert json.loads(server.calls[0].body) == {
            "grant_type": "client_credential",
            "appid": "app-id",
            "secret": SECRET,
            "force_refresh": False,
        }
        assert _tokens(server)[1:] == ["t1", "t1", "t1"]


def test_wecom_asks_for_its_token_once() -> None:
    with scripted(token("t1"), says({"errcode": 0})) as server:
        _calls(server, WECOM, 2)
        assert parse_qs(urlsplit(server.calls[0].path).query) == {"corpid": ["app-id"], "corpsecret": [SECRET]}
        assert _tokens(server)[1:] == ["t1", "t1"]


@BOTH
def test_a_token_near_its_end_is_replaced_before_the_call(dialect: Dialect) -> None:
    with scripted(token("t1", expires_in=30), says({}), token("t2"), says({})) as server:
        _calls(server, dialect, 2)
        assert _tokens(server) == ["", "t1", "", "t2"]


def test_a_token_near_its_end_is_not_forced_when_it_is_handed_out_again() -> None:
    """It is old and not refused: forcing would kill it for every other process."""
    with scripted(token("t1", expires_in=30), says({}), token("t1", expires_in=20), says({"ok": 1})) as server:
        assert _calls(server, OFFICIAL_ACCOUNT, 2) == {"ok": 1}
        assert _tokens(server) == ["", "t1", "", "t1"]


@pytest.mark.parametrize(
    ("dialect", "code"),
    [(OFFICIAL_ACCOUNT, 40001), (OFFICIAL_ACCOUNT, 40014), (OFFICIAL_ACCOUNT, 42001), (WECOM, 40014), (WECOM, 42001)],
)
def test_a_dead_token_is_replaced_once_and_the_call_repeated(dialect: Dialect, code: int) -> None:
    with scripted(token("t1"), refusal(code), token("t2"), says({"ok": 1})) as server:
        assert _calls(server, dialect, 1) == {"ok": 1}
        assert _tokens(server) == ["", "t1", "", "t2"]


def test_a_new_token_is_forced_only_when_the_platform_hands_the_dead_one_out_again() -> None:
    """Forcing is rationed to twenty a day."""
    with scripted(token("t1"), refusal(40001), token("t1"), token("t2"), says({"ok": 1})) as server:
        assert _calls(server, OFFICIAL_ACCOUNT, 1) == {"ok": 1}
        assert [json.loads(call.body)["force_refresh"] for call in (server.calls[2], server.calls[3])] == [False, True]


@BOTH
def test_a_fresh_token_that_is_refused_too_needs_a_person(dialect: Dialect) -> None:
    with scripted(token("t1"), refusal(42001), token("t2"), refusal(42001)) as server:
        with pytest.raises(NeedsPerson) as error:
            _calls(server, dialect, 1)
        assert error.value.remedy
        assert len(server.calls) == 4


@pytest.mark.parametrize(
    ("dialect", "code"),
    [(OFFICIAL_ACCOUNT, 40125), (OFFICIAL_ACCOUNT, 40001), (OFFICIAL_ACCOUNT, 40164), (WECOM, 40001)],
)
def test_wrong_credentials_need_a_person_and_are_tried_once(dialect: Dialect, code: int) -> None:
    """WeCom blocks an address for an hour after many wrong secrets."""
    with scripted(refusal(code, f"invalid secret {SECRET}")) as server:
        with pytest.raises(NeedsPerson) as error:
            _calls(server, dialect, 1)
        assert error.value.remedy
        assert SECRET not in str(error.value) + repr(error.value)
        assert len(server.calls) == 1


@BOTH
def test_busy_is_outlived(dialect: Dialect) -> None:
    with scripted(token("t1"), refusal(-1), refusal(-1), says({"ok": 1})) as server:
        assert _calls(server, dialect, 1) == {"ok": 1}


@BOTH
def test_busy_for_good_is_retryable_after_bounded_tries(dialect: Dialect) -> None:
    with scripted(token("t1"), refusal(-1)) as server:
        with pytest.raises(Retryable):
            _calls(server, dialect, 1)
        assert len(server.calls) < 10


@BOTH
def test_busy_does_not_say_whether_an_unrepeatable_call_was_carried_out(dialect: Dialect) -> None:
    with scripted(token("t1"), refusal(-1), says({"ok": 1})) as server:
        with pytest.raises(DeliveryUnknown):
            _calls(server, dialect, 1, repeatable=False)
        assert len(server.calls) == 2


@pytest.mark.parametrize(
    ("dialect", "code", "pause"), [(OFFICIAL_ACCOUNT, 45011, 60), (WECOM, 45033, 5)], ids=["minute quota", "too many"]
)
@pytest.mark.parametrize("repeatable", [True, False])
def test_too_fast_is_slowed_down_and_then_answered(dialect: Dialect, code: int, pause: int, repeatable: bool) -> None:
    """The platform says that it did nothing, so even an unrepeatable call is made again."""
    waits: list[float] = []
    with scripted(token("t1"), refusal(code), says({"ok": 1})) as server:
        assert _calls(server, dialect, 1, waits=waits, repeatable=repeatable) == {"ok": 1}
    assert any(pause - 2 < wait <= pause for wait in waits)


@pytest.mark.parametrize(
    ("dialect", "least"), [(OFFICIAL_ACCOUNT, timedelta(0)), (WECOM, timedelta(minutes=59))], ids=["day", "hour"]
)
def test_a_used_up_quota_stops_at_once_and_says_until_when(dialect: Dialect, least: timedelta) -> None:
    with scripted(token("t1"), refusal(45009)) as server:
        with pytest.raises(Throttled) as error:
            _calls(server, dialect, 1)
        assert len(server.calls) == 2
        assert error.value.until is not None
        assert error.value.until >= datetime.now(UTC) + least
        if dialect is OFFICIAL_ACCOUNT:
            assert error.value.until.astimezone(SHANGHAI).strftime("%H:%M") == "00:00"


def test_a_refusal_carries_its_code_for_the_caller() -> None:
    with scripted(token("t1"), refusal(40003, "invalid openid")) as server, pytest.raises(Refused) as error:
        _calls(server, OFFICIAL_ACCOUNT, 1)
    assert error.value.code == 40003
    assert "40003" in str(error.value)


def test_a_caller_reads_the_codes_it_accepts_itself() -> None:
    """45065 means that this clientmsgid was sent before: for a sender, success."""
    answer = {"errcode": 45065, "errmsg": "clientmsgid exist", "msg_id": 7}
    with scripted(token("t1"), says(answer)) as server:
        assert _calls(server, OFFICIAL_ACCOUNT, 1, accept={45065}) == answer


@pytest.mark.parametrize("reply", [Reply(is_cut=True), Reply(status=502), Reply(body='{"errcode":')])
def test_a_lost_answer_to_an_unrepeatable_call_is_unknown(reply: Reply) -> None:
    with scripted(token("t1"), reply, says({"ok": 1})) as server:
        with pytest.raises(DeliveryUnknown):
            _calls(server, WECOM, 1, repeatable=False)
        assert len(server.calls) == 2


def test_a_lost_answer_of_the_token_call_is_not_unknown() -> None:
    """Nothing but a token was asked for yet."""
    with scripted(Reply(is_cut=True), token("t1"), says({"ok": 1})) as server:
        assert _calls(server, WECOM, 1, repeatable=False) == {"ok": 1}


@BOTH
def test_no_error_shows_the_token(dialect: Dialect) -> None:
    with scripted(token("token-of-today"), refusal(61234, "bad token-of-today")) as server:
        with pytest.raises(QuanyuError) as error:
            _calls(server, dialect, 1)
        assert "token-of-today" not in str(error.value) + repr(error.value)


@BOTH
def test_a_connection_without_credentials_is_refused_without_a_call(dialect: Dialect) -> None:
    with (
        pytest.raises(ConfigurationError, match="quanyu_wecom"),
        wechat.connect(dialect, Connection(name="wecom", url="http://127.0.0.1:1", login="x")),
    ):
        pass


def _calls(
    server: Script,
    dialect: Dialect,
    times: int,
    *,
    waits: list[float] | None = None,
    repeatable: bool = True,
    accept: set[int] | None = None,
) -> object:
    where = Connection(name="wechat", url=server.url, login="app-id", password=SECRET)
    sleep = waits.append if waits is not None else lambda _seconds: None
    with wechat.connect(dialect, where, sleep=sleep) as client:
        for _ in range(times):
            answer = client.call("GET", "/cgi-bin/x", repeatable=repeatable, accept=accept or ())
    return answer


def _tokens(server: Script) -> list[str]:
    queries = [parse_qs(urlsplit(call.path).query) for call in server.calls]
    return [query.get("access_token", [""])[0] for query in queries]
