"""Aliyun AI calls (智能联络中心 AICCS, `CreateAiCallTask`): an agent calls up to 1,000 numbers and talks with them.

What it promises: a task is found by its name, which is our batch key and exists once, and lists every number under our
`OutId`, so a lost answer is found out. What it does not: an import is not idempotent, and nothing says when a number
is called. The platform keeps to the hours that the task names: 9:00 to 12:00 and 14:00 to 20:00, unless `call_time` in
the connection's extra says otherwise. It calls once; whoever did not answer is not called again for the same message.

    TaskName = batch key -> task id;  {calleeNumber, outId = message key, variables} -> QueryAiCallDetailPage

The template is the agent's id, the parameters are its variables. Whom the agent understood to refuse (its main intent
is `refusal_intent`, 拒绝 by default) is never called again.

Guesses: an import is refused whole, with `isv.MOBILE_NUMBER_ILLEGAL`, for one bad number; a page holds 100 rows; a
task without numbers goes on running until the import; details can be read for a week. The error of a name that is
taken is documented nowhere: any refusal makes us look for the task.

Connection `quanyu_aliyun_call`: login = access key id, password = secret, extra {"virtual_number", "call_time"?,
"refusal_intent"?}. Source: help.aliyun.com/zh/aiccs (2019-10-15), alibabacloud-aiccs20191015 5.4.3.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from quanyu.aliyun import Rpc, halving, number
from quanyu.contracts import Channel, Connection, Message, Query, Receipt, Record, Verdict
from quanyu.errors import ConfigurationError, Rejected
from quanyu.heard import Heard
from quanyu.transport import Http

_PAGE = 100
_ONE_NUMBER = {"isv.MOBILE_NUMBER_ILLEGAL"}
_DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
_HOURS = (("09:00", "12:00"), ("14:00", "20:00"))
_HOUR = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_REFUSES = "拒绝"

_ENDED, _FAILED = 4, 5
# The page of the API names the code, its example the words.
_ANSWERED = {"ANSWERED", "用户接通"}

# Milliseconds that a task may go on calling after it was made.
_LONGEST_TASK = 7 * 86_400_000


class AliyunCall:
    """The account as a channel client; addresses are phones in E.164."""

    def __init__(self, rpc: Rpc, where: Connection) -> None:
        self._rpc = rpc
        self._number = str(where.extra["virtual_number"])
        self._hours = _hours(where)
        self._refuses = str(where.extra.get("refusal_intent") or _REFUSES)

    def send(self, batch_key: str, batch: Sequence[Message]) -> list[Receipt]:
        """Make the task, then give it its numbers; a number that is refused is found and left out."""
        task = self._task(batch_key, batch[0].code)
        return halving(batch, lambda part: self._import(task, part))

    def ask(self, batch_key: str, batch: Sequence[Message]) -> list[Receipt]:
        """Look for each message in the task of that name; what is not in it was never taken."""
        task = self._named(batch_key)
        taken = {str(row.get("OutId")) for row in self._details(task)} if task else set()
        return [
            Receipt(key=message.key, verdict=Verdict.ACCEPTED, provider_id=task)
            if message.key in taken
            else Receipt(key=message.key, verdict=Verdict.LATER)
            for message in batch
        ]

    def receipts(self, sent: Sequence[Message]) -> Iterator[Receipt]:
        """Read each task once; numbers that were not called yet are left out."""
        keys = {message.key for message in sent}
        for task in dict.fromkeys(message.provider_id for message in sent if message.provider_id):
            for row in self._details(task):
                if str(row.get("OutId")) in keys and row["Status"] in {_ENDED, _FAILED}:
                    yield _receipt(row, task)

    def replies(self, after: str) -> Iterator[Heard]:
        """Read who refused since `after` (milliseconds since 1970), oldest first."""
        since = int(after or 0)
        made = {str(task["TaskId"]): int(task["CreateTime"]) for task in self._pages("QueryAiCallTaskPage", {})}
        # Measured from the newest, so that years of old tasks are not read where nobody ever refused.
        oldest = max(since, max(made.values(), default=0) - 4 * _LONGEST_TASK) - _LONGEST_TASK
        rows = [
            row
            for task, at in made.items()
            if at >= oldest
            for row in self._details(task, MajorIntent=self._refuses)
            if row.get("MajorIntent") == self._refuses and int(row.get("CallingTime") or 0) > since
        ]
        for row in sorted(rows, key=lambda row: int(row["CallingTime"])):
            at = datetime.fromtimestamp(row["CallingTime"] / 1000, UTC)
            yield Heard(address=str(row["CalledNumber"]), said="退订", at=at, cursor=str(row["CallingTime"]))

    def _task(self, batch_key: str, agent: str) -> str:
        query = {
            "TaskName": batch_key,
            "AgentId": agent,
            "VirtualNumber": self._number,
            "StartType": "IMMEDIATE",
            "CallDay": json.dumps(_DAYS),
            "CallTime": self._hours,
            "MissCallRetry": "false",
        }
        try:
            # Repeated without harm: a task without numbers calls nobody, and a name exists once.
            return str(self._rpc.call("CreateAiCallTask", query)["Data"])
        except Rejected:
            if task := self._named(batch_key):
                return task
            raise

    def _import(self, task: str, part: Sequence[Message]) -> str:
        rows = [{**message.params, "calleeNumber": number(message), "outId": message.key} for message in part]
        form = {"PhoneNumberList": json.dumps(rows, ensure_ascii=False)}
        query = {"TaskId": task, "DataType": "JSON"}
        self._rpc.call("ImportTaskNumberDatas", query, form, repeatable=False, refusals=_ONE_NUMBER)
        return task

    def _named(self, name: str) -> str:
        """The task of that name, which the platform itself compares loosely; empty when there is none."""
        rows = self._pages("QueryAiCallTaskPage", {"TaskName": name})
        return next((str(row["TaskId"]) for row in rows if row["TaskName"] == name), "")

    def _details(self, task: str, **only: str) -> Iterator[Record]:
        return self._pages("QueryAiCallDetailPage", {"TaskId": task, **only})

    def _pages(self, action: str, query: Mapping[str, str]) -> Iterator[Record]:
        page, total = 0, 1
        while page * _PAGE < total:
            page += 1
            answer = self._rpc.call(action, {**query, "PageNo": str(page), "PageSize": str(_PAGE)})
            data = answer.get("Data") or {}
            total = int(data.get("Total") or 0)
            yield from data.get("List") or ()


def _receipt(row: Record, task: str) -> Receipt:
    result = str(row.get("CallResult") or "")
    is_answered = row["Status"] == _ENDED and result in _ANSWERED
    at = datetime.fromtimestamp(row["CallingTime"] / 1000, UTC) if row.get("CallingTime") else None
    verdict = Verdict.DELIVERED if is_answered else Verdict.FAILED
    return Receipt(key=str(row["OutId"]), verdict=verdict, provider_id=task, code=result, at=at)


def _hours(where: Connection) -> str:
    """The hours as the platform wants them: a JSON array of JSON texts."""
    spans = where.extra.get("call_time") or _HOURS
    try:
        hours = [(str(start), str(end)) for start, end in spans]
    except (TypeError, ValueError):
        hours = [("", "")]
    if not all(_HOUR.fullmatch(start) and _HOUR.fullmatch(end) and start < end for start, end in hours):
        raise ConfigurationError(
            f"quanyu_{where.name}: extra.call_time is no list of hours.",
            remedy='write it as [["09:00", "12:00"], ["14:00", "20:00"]] or leave it out.',
        )
    return json.dumps([json.dumps({"startTime": f"{start}:00", "endTime": f"{end}:00"}) for start, end in hours])


@contextmanager
def connect(where: Connection) -> Iterator[AliyunCall]:
    """Open the account behind the connection `quanyu_aliyun_call`."""
    if not (where.login and where.password and where.extra.get("virtual_number")):
        raise ConfigurationError(
            f"the connection quanyu_{where.name} lacks login, password or extra.virtual_number.",
            remedy="set login to the access key id, password to its secret, virtual_number to the service instance"
            " (服务实例) that calls.",
        )
    with Http.of(where) as http:
        yield AliyunCall(Rpc(http, where, name="aliyun_call", version="2019-10-15"), where)


CHANNEL = Channel(
    name="aliyun_call",
    about=__doc__,
    connection="aliyun_call",
    address_type="phone",
    # Window and lag are ours: the platform says neither how long details stay nor how long an import takes.
    ability=Query(window=timedelta(days=7), lag=timedelta(minutes=10)),
    largest_batch=1000,
    is_personal=True,
    is_coded=True,
    connect=connect,
)
