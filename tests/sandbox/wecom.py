"""WeCom (企业微信) of one corp: token, customers, tags, groups, counters, broadcasts that staff must confirm.

GET  /cgi-bin/gettoken                                the same token for as long as it lives
GET  /cgi-bin/externalcontact/get_follow_user_list    staff who may have customers
GET  /cgi-bin/externalcontact/list                    the customers of one
GET  /cgi-bin/externalcontact/get                     one customer and all who follow them
POST /cgi-bin/externalcontact/batch/get_by_user       customers of up to 100 staff, with a cursor
POST /cgi-bin/externalcontact/get_corp_tag_list       the corp's tags by group
POST /cgi-bin/externalcontact/add_corp_tag, mark_tag  tags by API, see `wecom_tags`
POST /cgi-bin/externalcontact/groupchat/list          customer groups, with a cursor
POST /cgi-bin/externalcontact/groupchat/get           one group and its members
POST /cgi-bin/externalcontact/get_user_behavior_data  how members of staff talked, per day
POST /cgi-bin/externalcontact/add_msg_template        a task for the staff, not a message
POST /cgi-bin/externalcontact/get_groupmsg_list_v2    broadcasts of a period
POST /cgi-bin/externalcontact/get_groupmsg_task       who has confirmed a broadcast
POST /cgi-bin/externalcontact/get_groupmsg_send_result    what each customer got

Customers and groups are shown as they stood at the midnight that ended the world's `today`.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from aiohttp import web

from tests.sandbox.fate import share
from tests.sandbox.faults import Faults
from tests.sandbox.group_messages import GroupMessages
from tests.sandbox.platform import Clock
from tests.sandbox.wecom_behaviour import behaviour
from tests.sandbox.wecom_broadcasts import PastBroadcasts
from tests.sandbox.wecom_drift import drifted
from tests.sandbox.wecom_groups import CustomerGroups
from tests.sandbox.wecom_tags import CorpTags
from tests.sandbox.weixin import Answer, Refusal, Weixin, page, texts
from tests.sandbox.world import World
from tests.sandbox.world.model import CORP, Contact
from tests.sandbox.world.systems.wecom import Tag, tags_of

SECRET = "sandbox-secret-wecom"
AGENT = 1000002

_CUSTOMERS = "/cgi-bin/externalcontact/"

_TAGGED_SINCE = 1717200000

Handle = Callable[[Mapping[str, Any]], Answer]


class WeCom(Weixin):
    """State and routes of one corp and one self-built app."""

    name = "wecom"
    killed_code = 40014
    throttled = (45033, "api concurrent out of limit")

    def __init__(self, world: World, faults: Faults, clock: Clock) -> None:
        super().__init__(world, faults, clock)
        past = PastBroadcasts(world, clock)
        self.groups = CustomerGroups(world, clock)
        self.group_messages = GroupMessages(
            clock, self.deliveries, self._contacts, world.staff, past, owners=self.groups.owners
        )
        self.corp_tags = CorpTags(self._contacts, self._known)
        self._token = ""

    def connection(self, url: str) -> dict[str, Any]:
        """Log in with corp id and the app's secret."""
        return {"conn_type": "http", "host": url, "login": CORP, "password": SECRET, "extra": {"agent": AGENT}}

    def routes(self) -> list[web.RouteDef]:
        """What `qyapi.weixin.qq.com` serves of this corp."""
        asked = {
            "get_follow_user_list": self._follow_users,
            "list": self._list,
            "get": self._get,
        }
        posted = {
            "batch/get_by_user": self._get_by_user,
            "get_corp_tag_list": self._tags,
            "add_corp_tag": self.corp_tags.add,
            "groupchat/list": self.groups.listed,
            "groupchat/get": self.groups.one,
            "get_user_behavior_data": partial(behaviour, self.world, self.clock),
            "add_msg_template": self.group_messages.add,
            "get_groupmsg_list_v2": self.group_messages.listed,
            "get_groupmsg_task": self.group_messages.tasks,
            "get_groupmsg_send_result": self.group_messages.results,
        }
        return [
            web.get("/cgi-bin/gettoken", self.serve(self._gettoken, has_token=False)),
            *(web.get(_CUSTOMERS + name, self.serve(handle)) for name, handle in asked.items()),
            *(
                web.post(path := _CUSTOMERS + name, self.serve(self._drifting(path, handle)))
                for name, handle in posted.items()
            ),
            web.post(_CUSTOMERS + "mark_tag", self.corp_tags.five_at_once(self.serve(self.corp_tags.mark))),
        ]

    def _drifting(self, path: str, handle: Handle) -> Handle:
        return lambda given: drifted(handle(given), self.faults, path)

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
        followers = [{**_relation(contact), "tags": self._named(self._tags_of(contact))} for contact in relations]
        return _ok(external_contact=_customer(relations[0]), follow_user=followers)

    def _get_by_user(self, given: Mapping[str, Any]) -> Answer:
        userids = texts(given.get("userid_list"))
        if not 1 <= len(userids) <= 100:
            raise Refusal(40058, "invalid Request Parameter, userid_list size should be 1 to 100")
        asked = {self._known(userid) for userid in userids}
        rows = [contact for contact in self._contacts() if contact.staff_userid in asked]
        found, cursor = page(rows, given, default=50, largest=100, of="|".join(sorted(asked)))
        pairs = [
            {
                "external_contact": _customer(contact),
                "follow_info": {**_relation(contact), "tag_id": self._tags_of(contact)},
            }
            for contact in found
        ]
        return _ok(external_contact_list=pairs, next_cursor=cursor)

    def _tags_of(self, contact: Contact) -> list[str]:
        return [*tags_of(self.world)[contact.external_userid, contact.staff_userid], *self.corp_tags.of(contact)]

    def _named(self, ids: list[str]) -> list[Answer]:
        return [
            {"group_name": tag.group, "tag_name": tag.name, "tag_id": tag.id, "type": 1}
            for tag in self.corp_tags.all()
            if tag.id in ids
        ]

    def _tags(self, given: Mapping[str, Any]) -> Answer:
        wanted, within = set(texts(given.get("tag_id"))), set(texts(given.get("group_id")))
        by_group: dict[tuple[str, str], list[Tag]] = defaultdict(list)
        for tag in self.corp_tags.all():
            # Of both lists the platform heeds the tags only.
            if tag.id in wanted or (not wanted and (not within or tag.group_id in within)):
                by_group[tag.group_id, tag.group].append(tag)
        groups = [
            {
                "group_id": group_id,
                "group_name": name,
                "create_time": _TAGGED_SINCE,
                "order": 0,
                "tag": [{"id": tag.id, "name": tag.name, "create_time": _TAGGED_SINCE, "order": 0} for tag in tags],
            }
            for (group_id, name), tags in by_group.items()
        ]
        return _ok(tag_group=groups)

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
