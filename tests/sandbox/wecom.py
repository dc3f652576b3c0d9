"""WeCom (企业微信) of one corp: the token, customers of the staff, broadcasts that staff must confirm.

GET  /cgi-bin/gettoken                                the same token for as long as it lives
GET  /cgi-bin/externalcontact/get_follow_user_list    staff who may have customers
GET  /cgi-bin/externalcontact/list                    the customers of one
GET  /cgi-bin/externalcontact/get                     one customer and all who follow them
POST /cgi-bin/externalcontact/batch/get_by_user       customers of up to 100 staff, with a cursor
POST /cgi-bin/externalcontact/add_msg_template        a task for the staff, not a message
POST /cgi-bin/externalcontact/get_groupmsg_list_v2    broadcasts of a period
POST /cgi-bin/externalcontact/get_groupmsg_task       who has confirmed a broadcast
POST /cgi-bin/externalcontact/get_groupmsg_send_result    what each customer got

Customers are shown as they stood at the midnight that ended the world's `today`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from tests.sandbox.fate import share
from tests.sandbox.faults import Faults
from tests.sandbox.group_messages import GroupMessages
from tests.sandbox.platform import Clock
from tests.sandbox.weixin import Answer, Refusal, Weixin, page, texts
from tests.sandbox.world import World
from tests.sandbox.world.model import CORP, Contact

SECRET = "sandbox-secret-wecom"
AGENT = 1000002

_CUSTOMERS = "/cgi-bin/externalcontact/"


class WeCom(Weixin):
    """State and routes of one corp and one self-built app."""

    name = "wecom"
    killed_code = 40014
    throttled = (45033, "api concurrent out of limit")

    def __init__(self, world: World, faults: Faults, clock: Clock) -> None:
        super().__init__(world, faults, clock)
        self.group_messages = GroupMessages(clock, self.deliveries, self._contacts, world.staff)
        self._token = ""

    def connection(self, url: str) -> dict[str, Any]:
        """Log in with corp id and the app's secret."""
        return {"conn_type": "http", "host": url, "login": CORP, "password": SECRET, "extra": {"agent": AGENT}}

    def routes(self) -> list[web.RouteDef]:
        """What `qyapi.weixin.qq.com` serves of this corp."""
        messages = self.group_messages
        return [
            web.get("/cgi-bin/gettoken", self.serve(self._gettoken, has_token=False)),
            web.get(_CUSTOMERS + "get_follow_user_list", self.serve(self._follow_users)),
            web.get(_CUSTOMERS + "list", self.serve(self._list)),
            web.get(_CUSTOMERS + "get", self.serve(self._get)),
            web.post(_CUSTOMERS + "batch/get_by_user", self.serve(self._get_by_user)),
            web.post(_CUSTOMERS + "add_msg_template", self.serve(messages.add)),
            web.post(_CUSTOMERS + "get_groupmsg_list_v2", self.serve(messages.listed)),
            web.post(_CUSTOMERS + "get_groupmsg_task", self.serve(messages.tasks)),
            web.post(_CUSTOMERS + "get_groupmsg_send_result", self.serve(messages.results)),
        ]

    def explain(self, refusal: Refusal) -> str:
        """Add the hint, the caller's address and the link that WeCom adds."""
        hint = hashlib.md5(f"hint-{self.refusals}".encode()).hexdigest()[:24]
        more = f"https://open.work.weixin.qq.com/devtool/query?e={refusal.code}"
        return f"{refusal.message}, hint: [{hint}], from ip: 127.0.0.1, more info at {more}"

    def confirm(self) -> None:
        """Let the staff confirm every broadcast that still waits."""
        self.group_messages.confirm_all()

    def _gettoken(self, given: Mapping[str, Any]) -> Answer:
        if given.get("corpid") != CORP:
            raise Refusal(40013, "invalid corpid")
        if given.get("corpsecret") != SECRET:
            raise Refusal(40001, "invalid credential")
        if not self.tokens.left(self._token):
            self._token = self.tokens.issue()
        return _ok(access_token=self._token, expires_in=self.tokens.left(self._token))

    def _contacts(self) -> list[Contact]:
        there = [contact for contact in self.world.contacts if contact.exists(self.clock.end)]
        return sorted(there, key=lambda contact: (contact.staff_userid, contact.external_userid))

    def _follow_users(self, _given: Mapping[str, Any]) -> Answer:
        return _ok(follow_user=list(self.world.staff))

    def _list(self, given: Mapping[str, Any]) -> Answer:
        userid = self._known(str(given.get("userid", "")))
        ids = [contact.external_userid for contact in self._contacts() if contact.staff_userid == userid]
        if not ids:
            raise Refusal(84061, "not external contact", external_userid=[])
        return _ok(external_userid=ids)

    def _get(self, given: Mapping[str, Any]) -> Answer:
        external_userid = str(given.get("external_userid", ""))
        relations = [contact for contact in self._contacts() if contact.external_userid == external_userid]
        if not relations:
            raise Refusal(84061, "not external contact", follow_user=[])
        followers = [{**_relation(contact), "tags": []} for contact in relations]
        return _ok(external_contact=_customer(relations[0]), follow_user=followers)

    def _get_by_user(self, given: Mapping[str, Any]) -> Answer:
        userids = texts(given.get("userid_list"))
        if not 1 <= len(userids) <= 100:
            raise Refusal(40058, "invalid Request Parameter, userid_list size should be 1 to 100")
        asked = {self._known(userid) for userid in userids}
        rows = [contact for contact in self._contacts() if contact.staff_userid in asked]
        found, cursor = page(rows, given, default=50, largest=100, of="|".join(sorted(asked)))
        pairs = [
            {"external_contact": _customer(contact), "follow_info": {**_relation(contact), "tag_id": []}}
            for contact in found
        ]
        return _ok(external_contact_list=pairs, next_cursor=cursor)

    def _known(self, userid: str) -> str:
        if userid not in self.world.staff:
            raise Refusal(60111, "userid not found")
        return userid


def _ok(**answer: Any) -> Answer:
    return {"errcode": 0, "errmsg": "ok", **answer}


def _customer(contact: Contact) -> Answer:
    # Ids that begin with `wo` belong to users of WeCom, `wm` to users of WeChat; only those have a unionid.
    is_wechat = not contact.external_userid.startswith("wo")
    return {
        "external_userid": contact.external_userid,
        "name": contact.name,
        "type": 1 if is_wechat else 2,
        "avatar": f"http://wx.qlogo.cn/mmhead/{contact.external_userid}/0",
        "gender": 0,
        **({"unionid": contact.unionid} if is_wechat and contact.unionid else {}),
    }


def _relation(contact: Contact) -> Answer:
    # Staff write what they like here: free text with a name in it must not survive landing in clear.
    note = f"{contact.name}，周末常来" if share("note", contact.external_userid, contact.staff_userid) < 0.2 else ""
    return {
        "userid": contact.staff_userid,
        "remark": contact.remark,
        "description": note,
        "createtime": int(contact.added_at.timestamp()),
        "remark_mobiles": list(contact.remark_mobiles),
        **({"state": contact.state} if contact.state else {}),
        "oper_userid": contact.staff_userid,
        "add_way": contact.add_way,
    }
