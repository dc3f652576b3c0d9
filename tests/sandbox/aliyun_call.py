"""Aliyun AI calls (AICCS 2019-10-15): a task with hours, numbers imported into it, what became of each call.

POST /   CreateAiCallTask         a task of a name that no other has; all in the query
POST /   ImportTaskNumberDatas    up to 1,000 numbers in the form body; all of them or none
POST /   QueryAiCallTaskPage      tasks by a part of their name
POST /   QueryAiCallDetailPage    the numbers of a task and how their calls ended

Whom the task reaches depends on number, agent and day alone: `unanswered` of a hundred do not answer, `refusing` say
that they want no calls. Most calls are made at once, the others when the world's day advances.

The codes of a taken name, of a bad number and of a wrong parameter are the sandbox's own: no page names them. Fault
kinds beyond the generic ones: `throttle` (Throttling.User), `isv.DAY_LIMIT_CONTROL`, `isv.AMOUNT_NOT_ENOUGH`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from tests.sandbox.acs3 import Gateway, GatewayRefusal
from tests.sandbox.fate import send_time, share
from tests.sandbox.faults import Faults
from tests.sandbox.platform import ENTRY, Clock, Platform
from tests.sandbox.world import World

ACCESS_KEY = "LTAI5tSandboxCallKey"
SECRET = "sandbox-secret-aliyun-call"
VIRTUAL_NUMBER = "0327121200001"

WAITING, ENDED, FAILED = 1, 4, 5
UNANSWERED = ("NO_ANSWER", "USER_BUSY", "CALL_REJECTED", "POWERED_OFF")
REFUSES = "拒绝"

_MOBILE = re.compile(r"(?:\+86|86)?(1[3-9]\d{9})")
_AGENT = re.compile(r"\w{6,40}")
_SPAN = re.compile(r"\d\d:\d\d:\d\d")
_HEADERS = {"Content-Type": "application/json;charset=utf-8"}

Row = dict[str, Any]


class BusinessError(Exception):
    """A refusal that arrives with HTTP 200."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class Task:
    """One task and the calls it is to make, each with the record of its delivery."""

    task_id: int
    name: str
    agent: str
    hours: list[Row]
    created_ms: int
    calls: list[tuple[Row, Row]] = field(default_factory=list)


class AliyunCall(Platform):
    """State and routes of one account with one service instance; the shares may be changed by a test."""

    name = "aliyun_call"

    def __init__(self, world: World, faults: Faults, clock: Clock) -> None:
        super().__init__(world, faults, clock)
        self.gateway = Gateway({ACCESS_KEY: SECRET}, "2019-10-15")
        self.tasks: dict[int, Task] = {}
        self.unanswered = 0.3
        self.refusing = 0.05
        self.at_once = 0.8
        self._requests = 0

    def connection(self, url: str) -> dict[str, Any]:
        """Log in with an access key."""
        extra = {"virtual_number": VIRTUAL_NUMBER}
        return {"conn_type": "http", "host": url, "login": ACCESS_KEY, "password": SECRET, "extra": extra}

    def routes(self) -> list[web.RouteDef]:
        """What `aiccs.aliyuncs.com` serves."""
        return [web.post("/", self._call)]

    async def endpoint(self, request: web.Request) -> str:
        """The action: there is but one path."""
        return request.headers.get("x-acs-action", request.path)

    async def _call(self, request: web.Request) -> web.Response:
        self._requests += 1
        status, answer = 200, {"RequestId": hashlib.md5(f"call-{self._requests}".encode()).hexdigest().upper()}
        try:
            answer |= {
                "Code": "OK",
                "Message": "成功",
                "Success": True,
                "Data": self._act(request, await request.read()),
            }
        except GatewayRefusal as refusal:
            status = refusal.status
            answer |= {"HostId": request.host, "Code": refusal.code, "Message": refusal.message}
        except BusinessError as error:
            answer |= {"Code": error.code, "Message": error.code, "Success": False}
        request[ENTRY]["outcome"] = str(answer["Code"])
        return web.Response(status=status, text=json.dumps(answer, ensure_ascii=False), headers=_HEADERS)

    def _act(self, request: web.Request, body: bytes) -> Any:
        headers = {name.lower(): ",".join(request.headers.getall(name)) for name in request.headers}
        self.gateway.check(request.method, request.raw_path, headers, body)
        action = headers["x-acs-action"]
        if self.faults.take("throttle", action):
            raise GatewayRefusal(400, "Throttling.User", "Request was denied due to user flow control.")
        for code in ("isv.DAY_LIMIT_CONTROL", "isv.AMOUNT_NOT_ENOUGH"):
            if self.faults.take(code, action):
                raise BusinessError(code)
        query = dict(parse_qsl(request.raw_path.partition("?")[2], keep_blank_values=True))
        match action:
            case "CreateAiCallTask":
                return self._create(query)
            case "ImportTaskNumberDatas":
                return self._import(query, dict(parse_qsl(body.decode(), keep_blank_values=True)))
            case "QueryAiCallTaskPage":
                found = [task for task in self.tasks.values() if query.get("TaskName", "") in task.name]
                return _page([_shown(task) for task in reversed(found)], query)
            case "QueryAiCallDetailPage":
                return _page(self._details(query), query)
        raise GatewayRefusal(404, "InvalidAction.NotFound", "Specified api is not found.")

    def _create(self, query: Mapping[str, str]) -> int:
        for name in ("TaskName", "AgentId", "VirtualNumber", "StartType", "CallDay", "CallTime"):
            if not query.get(name):
                raise GatewayRefusal(400, f"Missing{name}", f"{name} is mandatory for this action.")
        hours = [json.loads(text) for text in json.loads(query["CallTime"])]
        if not all(_SPAN.fullmatch(span["startTime"]) and _SPAN.fullmatch(span["endTime"]) for span in hours):
            raise BusinessError("ParameterError")
        if query["VirtualNumber"] != VIRTUAL_NUMBER or not _AGENT.fullmatch(query["AgentId"]):
            raise BusinessError("ParameterError")
        if any(task.name == query["TaskName"] for task in self.tasks.values()):
            raise BusinessError("isv.TASK_NAME_REPEAT")
        task_id = 118_700_000_000_000_000 + len(self.tasks)
        now = int(send_time(self.clock).timestamp() * 1000)
        self.tasks[task_id] = Task(task_id, query["TaskName"], query["AgentId"], hours, now)
        return task_id

    def _import(self, query: Mapping[str, str], form: Mapping[str, str]) -> int:
        task = self._task(query)
        rows = json.loads(form.get("PhoneNumberList") or "[]")
        if query.get("DataType") != "JSON" or not 1 <= len(rows) <= 1000:
            raise BusinessError("ParameterError")
        numbers = [_MOBILE.fullmatch(str(row.get("calleeNumber"))) for row in rows]
        if not all(numbers):
            raise BusinessError("isv.MOBILE_NUMBER_ILLEGAL")
        for found, row in zip(numbers, rows, strict=True):
            self._take(task, found[1] if found else "", row)
        return 118_300_000_000_000_000 + sum(len(one.calls) for one in self.tasks.values())

    def _take(self, task: Task, phone: str, row: Row) -> None:
        lot = share("call", phone, task.agent, send_time(self.clock).date())
        result = UNANSWERED[int(share("why", phone) * len(UNANSWERED))] if lot < self.unanswered else "ANSWERED"
        variables = {name: value for name, value in row.items() if name not in {"calleeNumber", "outId"}}
        call = {
            "TaskId": str(task.task_id),
            "DetailId": str(966_200_000_000_000 + len(self.deliveries)),
            "OutId": str(row.get("outId") or ""),
            "CalledNumber": phone,
            "Options": json.dumps(variables, ensure_ascii=False),
            "ImportedTime": int(send_time(self.clock).timestamp() * 1000),
            "CallResult": result,
            "is_late": share("when", phone, task.task_id) >= self.at_once,
            "MajorIntent": REFUSES if share("intent", phone, task.agent) < self.refusing else "A",
        }
        delivery = {
            "recipient": phone,
            "template": task.agent,
            "content": f"{task.agent} {call['Options']}",
            "provider_id": str(task.task_id),
            "batch_key": task.name,
            "day": send_time(self.clock).date().isoformat(),
            "outcome": "delivered" if result == "ANSWERED" else "failed",
        }
        task.calls.append((call, delivery))
        self.deliveries.append(delivery)

    def _details(self, query: Mapping[str, str]) -> list[Row]:
        rows = [self._detail(call) for call, _ in self._task(query).calls]
        wanted = query.get("MajorIntent")
        return [row for row in rows if wanted is None or row.get("MajorIntent") == wanted]

    def _detail(self, call: Row) -> Row:
        shown = {name: value for name, value in call.items() if name not in {"is_late", "CallResult", "MajorIntent"}}
        now = int(send_time(self.clock).timestamp() * 1000)
        if call["is_late"] and now <= call["ImportedTime"]:
            return {**shown, "Status": WAITING}
        is_answered = call["CallResult"] == "ANSWERED"
        return {
            **shown,
            "Status": ENDED if is_answered else FAILED,
            "CallResult": call["CallResult"],
            "CallingTime": call["ImportedTime"] + 600_000,
            "ConversationDuration": 37 if is_answered else 0,
            "ConversationTurnCount": 4 if is_answered else 0,
            **({"MajorIntent": call["MajorIntent"], "ConversationRecord": "[]"} if is_answered else {}),
        }

    def _task(self, query: Mapping[str, str]) -> Task:
        task = self.tasks.get(int(query["TaskId"])) if query.get("TaskId", "").isdigit() else None
        if task is None:
            raise BusinessError("ParameterError")
        return task


def _shown(task: Task) -> Row:
    return {
        "TaskId": str(task.task_id),
        "TaskName": task.name,
        "AgentId": task.agent,
        "CreateTime": task.created_ms,
        "Status": 1,
        "TotalCount": len(task.calls),
    }


def _page(rows: list[Row], query: Mapping[str, str]) -> Row:
    number, size = int(query.get("PageNo", "1")), int(query.get("PageSize", "20"))
    if number < 1 or not 1 <= size <= 100:
        raise BusinessError("ParameterError")
    start = (number - 1) * size
    return {"PageNo": number, "PageSize": size, "Total": len(rows), "List": rows[start : start + size]}
