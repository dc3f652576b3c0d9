"""How WeCom's rows drift when a test wants them to: a column more in each, or one of another type."""

from __future__ import annotations

from collections.abc import Callable

from tests.sandbox.faults import Faults
from tests.sandbox.weixin import Answer

_CHANGING = {
    "external_contact_list": "",
    "behavior_data": "message_cnt",
    "group_msg_list": "create_time",
    "send_list": "status",
    "tag": "name",
    "group_chat": "create_time",
}
"""Where rows are, and which of their fields becomes a list of its value."""


def drifted(answer: Answer, faults: Faults, path: str) -> Answer:
    """The answer to a call of `path`, changed by the faults `unknown_column` and `changed_type`."""
    if faults.take("unknown_column", path):
        answer = _each_row(answer, lambda row, _: {**row, "x_new_field": "17"})
    if faults.take("changed_type", path):
        answer = _each_row(answer, lambda row, field: {**row, field: [row[field]]} if field in row else row)
    return answer


def _each_row(answer: Answer, change: Callable[[Answer, str], Answer]) -> Answer:
    shown = dict(answer)
    for name, field in _CHANGING.items():
        if isinstance(answer.get(name), list):
            shown[name] = [change(row, field) for row in answer[name]]
        elif name in answer:
            shown[name] = change(answer[name], field)
    if "tag_group" in answer:
        shown["tag_group"] = [_each_row(group, change) for group in answer["tag_group"]]
    return shown
