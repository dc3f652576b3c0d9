"""What a campaign may not say, must say, and must say alike everywhere."""

from __future__ import annotations

from typing import Any

import pytest

from quanyu.activation import templates, wording
from quanyu.activation.definition import parse
from quanyu.activation.templates import template, variables_in
from quanyu.errors import ConfigurationError
from tests.fixtures.activation_night import META, Night, channel


def complaints(texts: dict[str, str], **meta: Any) -> list[str]:
    said = {"channels": list(texts), "templates": texts}
    return wording.complaints(parse("seg_quiet", META | said | meta), texts)


@pytest.mark.parametrize(
    ("on", "text", "word"),
    [
        ("aliyun_sms", "新品到店，欢迎选购", "拒收请回复R"),
        ("tencent_sms", "新品到店，拒收请回复R，欢迎选购", "拒收请回复R"),
        ("aliyun_sms", "【全域】新品到店，拒收请回复R", "signature"),
        ("wecom_broadcast", "全国最佳奶粉", "superlatives"),
        ("wecom_broadcast", "可以替代母乳的配方", "breast milk"),
        ("official_account_mass", "三天治愈湿疹", "medical"),
        ("email_smtp", "没有主题的信", "subject"),
    ],
)
def test_a_text_that_breaks_a_rule_is_named_with_its_channel(on: str, text: str, word: str) -> None:
    found = complaints({on: text})
    assert len(found) == 1
    assert on in found[0]
    assert word in found[0]


def test_a_greeting_by_text_message_needs_no_way_out_and_marketing_does() -> None:
    text = {"aliyun_sms": "祝您生日快乐"}
    assert complaints(text, purpose="care") == []
    assert complaints(text, purpose="marketing")


def test_a_proper_text_is_left_alone() -> None:
    said = {"aliyun_sms": "满199减30，拒收请回复R", "email_smtp": "到店礼\n\n您好，满 199 减 30。"}
    assert complaints(said) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [("满199减30", "满199减20"), ("全场8.5折", "全场8折"), ("送20元券", "送券"), ("第二件半价", "第二件好价")],
)
def test_two_channels_of_a_campaign_promise_the_same(one: str, other: str) -> None:
    found = complaints({"post": one, "mail": other})
    assert len(found) == 1
    assert "promise different things" in found[0]
    assert complaints({"post": one, "mail": f"您好，{one}！"}) == []


def test_every_rule_says_where_it_is_from() -> None:
    assert all(rule.why and rule.source for rule in wording.rules())


def test_variables_keep_the_order_of_the_text() -> None:
    assert variables_in("{name}您好，{gift}在等您，{name}") == ("name", "gift")


def test_an_approved_text_travels_as_code_and_the_names_of_its_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(templates, "approved", lambda: {("post", "T1"): "{name}您好，{gift}等您"})
    coded = channel(is_coded=True)
    found = template(parse("seg_quiet", META | {"templates": {"post": "T1"}}), coded)
    assert found.sent == "T1:name,gift"
    assert found.variables == ("name", "gift")
    assert template(parse("seg_quiet", META | {"templates": {"post": "T2"}}), coded).text is None


def test_words_that_break_a_rule_wait_for_a_person(dsn: str) -> None:
    night = Night(dsn)
    night.segment("seg_quiet", night.people("a"), templates={"post": "全国最佳"})
    assert "superlatives" in night.plan()["seg_quiet"].held
    assert night.parts("seg_quiet") == {"held": 1}


def test_a_code_that_nobody_knows_waits_for_a_person(dsn: str) -> None:
    night = Night(dsn)
    night.segment("seg_quiet", night.people("a"), templates={"post": "T404"})
    assert "T404" in night.plan(channel(is_coded=True))["seg_quiet"].held


def test_a_purpose_that_the_platform_forbids_is_an_error_before_anything_is_planned(dsn: str) -> None:
    night = Night(dsn)
    night.segment("seg_quiet", night.people("a"))
    with pytest.raises(ConfigurationError, match="takes no marketing on post"):
        night.plan(channel(purposes=frozenset({"care", "service"})))


@pytest.mark.parametrize("blank", ["", "  ", None])
def test_nobody_gets_a_message_with_a_blank(dsn: str, blank: str | None) -> None:
    night = Night(dsn)
    night.people("full", "empty")
    night.segment("seg_quiet", {"full": {"gift": "好茶"}, "empty": {"gift": blank}}, templates={"post": "{gift}等您"})
    night.plan()
    assert night.parts("seg_quiet") == {"pending": 1, "unreachable": 1}
    assert night.one("select detail from activation.decision where one_id = 'empty'") == "no value for gift"


def test_a_blank_on_one_channel_lets_the_next_one_speak(dsn: str) -> None:
    night = Night(dsn)
    for on in ("post", "mail"):
        night.person("a", on=on)
    texts = {"post": "{gift}等您", "mail": "好久不见"}
    night.segment("seg_quiet", {"a": {"gift": ""}}, channels=["post", "mail"], templates=texts)
    night.plan(channel(), channel("mail"))
    assert night.rows("select channel from activation.message") == [("mail",)]
