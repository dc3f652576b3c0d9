"""What people answer to a text message: who asks to be left alone is heard however they type it, and nobody else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quanyu.activation.refusals import is_refusal

WAYS = [
    *("R", "T", "TD", "N", "QX", "TUI", "STOP", "退订", "拒收", "拒绝", "取消订阅"),
    *("回复R", "回T", "退订回T", "TD退订", "R退订", "拒收请回复R", "我要退订", "请退订"),
    *("不要再发了", "别再发", "请勿发送"),
    *("TDTD", "RR", "退订退订", "退订，谢谢", "TD谢谢", "退订了"),
]


@pytest.mark.parametrize("said", WAYS)
def test_every_way_to_say_no_is_heard(said: str) -> None:
    assert is_refusal(said)


@pytest.mark.parametrize(
    "said",
    [
        *("ＴＤ", "ｔｄ", "Ｔ　Ｄ", "T D", "t.d", "回复 Ｒ", "“R”", "【R】", "(td)", "退 订", "退订！！"),
        *("\ufeffTD", "T\u200bD", " r\n", "TD🙏"),
    ],
)
def test_full_width_letters_blanks_and_marks_change_nothing(said: str) -> None:
    assert is_refusal(said)


def _wide(letter: str) -> str:
    """The full-width form of an ASCII letter, as input methods type it."""
    return chr(ord(letter) + 0xFEE0) if letter.isascii() and letter.isalpha() else letter


@given(st.sampled_from(WAYS), st.data())
def test_a_refusal_is_heard_in_any_case_and_width_with_anything_between_that_is_no_letter(
    way: str, data: st.DataObject
) -> None:
    between = st.text(st.sampled_from(" \u3000\t\n.。,，!！:：-“”\"'()（）【】\u200b"), max_size=3)
    typed = "".join(
        data.draw(between) + data.draw(st.sampled_from([letter, letter.lower(), _wide(letter)])) for letter in way
    )
    assert is_refusal(typed + data.draw(between))


@pytest.mark.parametrize(
    "said",
    [
        *("", " ", "。", "好的", "Really?", "Nice", "Thanks", "No problem", "TNT", "Rn", "1", "收到", "谢谢"),
        *(
            "请问怎么退订单",
            "怎么退订",
            "退货",
            "订单取消",
            "取消订单",
            "回复",
            "请回复我",
            "拒绝收货可以吗",
            "不要香草味的",
        ),
    ],
)
def test_other_answers_are_not_refusals(said: str) -> None:
    assert not is_refusal(said)
