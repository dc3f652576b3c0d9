"""Whether an answer asks to be left alone.

A text message says how (拒收请回复R), carriers and clouds take R, T, TD, N, QX and 退订, and people type as they like:
in full width, with blanks and marks, with the word for "reply" before it or a "thank you" after it. An answer counts
when it says nothing else: whoever asks how to cancel an order (退订单) has refused nothing.
"""

from __future__ import annotations

import re
import unicodedata

_REFUSAL = re.compile(
    r"""
    (我要|我想|请)?
    (
        ((拒收|退订)?请?回复?)?
        (r+|t+|n+|(td)+|(qx)+|tui(ding)?|stop|unsubscribe)
        (退订|拒收)?
    |
        回?复?
        (退订|拒收|拒绝|取消订阅|不想收到|((请勿|勿|别|不要|不用)再?发送?))+
    )
    [了吧]?
    (谢谢)?
    """,
    re.VERBOSE,
)


def is_refusal(said: str) -> bool:
    """Whether a reply asks for no more messages, and says nothing else."""
    letters = filter(str.isalnum, unicodedata.normalize("NFKC", said))
    return _REFUSAL.fullmatch("".join(letters).lower()) is not None
