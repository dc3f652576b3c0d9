"""Broadcasts of WeCom that were made before the sandbox began, by the corp's console and by its guides."""

from __future__ import annotations

from dataclasses import dataclass

from tests.sandbox.platform import Clock
from tests.sandbox.weixin import Answer
from tests.sandbox.world import World
from tests.sandbox.world.systems.wecom_broadcasts import SENT, Broadcast, Task, broadcasts


@dataclass
class PastBroadcasts:
    """What is known of them at the midnight that ended the world's `today`."""

    world: World
    clock: Clock

    def listed(self) -> list[Answer]:
        """All of them with their `chat_type`, oldest first."""
        return [_listed(one) for one in broadcasts(self.world) if one.created_at < self.clock.end]

    def tasks(self, msgid: str) -> list[Answer] | None:
        """Who has confirmed a broadcast; None when it is no past one."""
        found = self._one(msgid)
        return found and [self._task(task) for task in found.tasks]

    def results(self, msgid: str, userid: str) -> list[Answer] | None:
        """What each recipient of one member got; None when it is no past broadcast or the member has no task of it."""
        found = self._one(msgid)
        task = next((task for task in found.tasks if task.userid == userid), None) if found else None
        return [self._result(found, task, *copy) for copy in task.copies] if found and task else None

    def _one(self, msgid: str) -> Broadcast | None:
        return next((one for one in broadcasts(self.world) if one.msgid == msgid), None)

    def _task(self, task: Task) -> Answer:
        if task.confirmed_at is None or not task.is_done(self.clock.end):
            return {"userid": task.userid, "status": 0}
        return {"userid": task.userid, "status": 2, "send_time": int(task.confirmed_at.timestamp())}

    def _result(self, broadcast: Broadcast, task: Task, recipient: str, final: int) -> Answer:
        status = task.status(final, self.clock.end)
        row: Answer = {
            "external_userid" if broadcast.chat_type == "single" else "chat_id": recipient,
            "userid": task.userid,
            "status": status,
        }
        if status == SENT and task.confirmed_at:
            row["send_time"] = int(task.confirmed_at.timestamp())
        return row


def _listed(one: Broadcast) -> Answer:
    link = {"title": "门店活动", "picurl": "", "desc": "", "url": "https://shop.example.com/activity"}
    return {
        "msgid": one.msgid,
        "creator": one.creator,
        "create_time": int(one.created_at.timestamp()),
        "create_type": one.create_type,
        "text": {"content": one.content},
        "attachments": [{"msgtype": "link", "link": link}] if one.has_link else [],
        "chat_type": one.chat_type,
    }
