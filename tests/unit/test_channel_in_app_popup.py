"""What an app finds in its user's document, and what it refuses to believe."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.request import urlopen

import pytest
from cryptography.exceptions import InvalidSignature

from quanyu.channels.in_app_popup import CHANNEL, InAppPopup
from quanyu.contracts import Connection, Message, Verdict, Window
from quanyu.errors import ConfigurationError, Rejected, Retryable
from quanyu.settings import utc_now
from quanyu.sources.tracking import SOURCE as TRACKING
from tests.sandbox import running_sandbox
from tests.sandbox.in_app_popup import InAppPopup as Apps
from tests.sandbox.server import Sandbox
from tests.sandbox.world.systems.tracking import app_user_id


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(people=10) as running:
        yield running


@pytest.fixture
def apps(sandbox: Sandbox) -> Apps:
    found = sandbox.platforms["in_app_popup"]
    assert isinstance(found, Apps)
    return found


def users(sandbox: Sandbox, count: int) -> list[str]:
    return [app_user_id(sandbox.world, person.id) for person in sandbox.world.people][:count]


def message(user: str, campaign: str = "autumn", **params: str) -> Message:
    return Message(
        key=hashlib.sha256(f"{campaign}|{user}".encode()).hexdigest(),
        address=user,
        template="{name}，好久不见\n\n好茶等您来取",
        params={"name": "茶友", **params},
    )


def send(sandbox: Sandbox, *batch: Message, **extra: Any) -> list[Any]:
    where = sandbox.connection("in_app_popup")
    mine = Connection(
        name=where.name, url=where.url, login=where.login, password=where.password, extra={**where.extra, **extra}
    )
    with CHANNEL.connect(mine) as client:
        return client.send("batch", batch)


def document(apps: Apps, user: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(apps.objects[f"popups/{apps.feed_id(user)}.json"])
    return found


def test_an_app_pulls_what_was_written_for_its_user(sandbox: Sandbox, apps: Apps) -> None:
    one, other = users(sandbox, 2)
    receipts = send(sandbox, message(one, deeplink="app://tea/7"), message(other))
    assert [receipt.verdict for receipt in receipts] == [Verdict.ACCEPTED] * 2
    with urlopen(f"{apps.url}/app/popups/{one}", timeout=10) as answer:
        (popup,) = json.load(answer)
    assert popup["content"] == {"title": "茶友，好久不见", "body": "好茶等您来取"}
    assert popup["deeplink"] == "app://tea/7"
    assert popup["frequency"] == {"per_day": 1, "total": 3}
    assert popup["popup_id"] == receipts[0].provider_id == message(one).key[:32]


def test_what_an_app_shows_it_tells_our_own_tracking(sandbox: Sandbox) -> None:
    shown_on = sandbox.clock.today + timedelta(days=1)
    sent = [message(user) for user in users(sandbox, 9)]
    send(sandbox, *sent)
    send(sandbox, *sent)
    sandbox.advance_to(shown_on)
    (events,) = TRACKING.entities
    with TRACKING.connect(sandbox.connection("tracking")) as client:
        pages = events.read(client, Window.of_days(shown_on, shown_on))
        told = [row for page in pages for row in page.records if row["event"].startswith("popup_")]
    shown = {(row["user_id"], row["properties"]["popup_id"]) for row in told if row["event"] == "popup_shown"}
    clicked = {(row["user_id"], row["properties"]["popup_id"]) for row in told if row["event"] == "popup_clicked"}
    assert shown == {(one.address, one.key[:32]) for one in sent}
    assert len(told) == len(shown) + len(clicked)
    assert clicked < shown
    assert clicked


def test_writing_again_changes_nothing_for_the_user(sandbox: Sandbox, apps: Apps) -> None:
    (user,) = users(sandbox, 1)
    send(sandbox, message(user))
    sandbox.fault("in_app_popup", "reply_lost", match="PUT", times=2)
    (receipt,) = send(sandbox, message(user))
    assert receipt.verdict is Verdict.UNKNOWN
    send(sandbox, message(user))
    assert len(apps.shown(user)) == 1
    assert len(sandbox.deliveries("in_app_popup")) == 1


def test_popups_of_other_campaigns_stay_until_they_end(
    sandbox: Sandbox, apps: Apps, monkeypatch: pytest.MonkeyPatch
) -> None:
    (user,) = users(sandbox, 1)
    send(sandbox, message(user, "autumn"), days=2)
    send(sandbox, message(user, "winter"), days=9, priority=80)
    assert [popup["priority"] for popup in apps.shown(user)] == [80, 50], "the most important first"
    later = utc_now() + timedelta(days=3)
    monkeypatch.setattr("quanyu.channels.in_app_popup.utc_now", lambda: later)
    send(sandbox, message(user, "spring"))
    kept = {popup["popup_id"] for popup in json.loads(document(apps, user)["document"])["popups"]}
    assert kept == {message(user, campaign).key[:32] for campaign in ("winter", "spring")}


def test_an_app_shows_nothing_past_its_time(sandbox: Sandbox, apps: Apps) -> None:
    (user,) = users(sandbox, 1)
    send(sandbox, message(user), days=2)
    assert len(apps.shown(user)) == 1
    sandbox.clock.elapse(timedelta(days=2, seconds=1).total_seconds())
    assert apps.shown(user) == []


def test_a_document_that_was_tampered_with_is_believed_by_nobody(sandbox: Sandbox, apps: Apps) -> None:
    (user,) = users(sandbox, 1)
    send(sandbox, message(user))
    signed = document(apps, user)
    forged = signed["document"].replace("好茶", "坏茶")
    with pytest.raises(InvalidSignature):
        apps.public_key().verify(base64.b64decode(signed["signature"]), forged.encode())
    apps.objects[f"popups/{apps.feed_id(user)}.json"] = json.dumps({**signed, "document": forged}).encode()
    assert apps.shown(user) == []
    send(sandbox, message(user, "winter"))
    assert [popup["popup_id"] for popup in apps.shown(user)] == [message(user, "winter").key[:32]]


def test_a_document_of_somebody_else_is_not_shown(sandbox: Sandbox, apps: Apps) -> None:
    one, other = users(sandbox, 2)
    send(sandbox, message(one))
    apps.objects[f"popups/{apps.feed_id(other)}.json"] = apps.objects[f"popups/{apps.feed_id(one)}.json"]
    assert apps.shown(other) == []


def test_a_document_names_no_user(sandbox: Sandbox, apps: Apps) -> None:
    (user,) = users(sandbox, 1)
    send(sandbox, message(user))
    ((key, content),) = apps.objects.items()
    assert user not in key
    assert user.encode() not in content


def test_whoever_is_erased_has_no_document_any_more(sandbox: Sandbox, apps: Apps) -> None:
    one, other = users(sandbox, 2)
    send(sandbox, message(one), message(other))
    with CHANNEL.connect(sandbox.connection("in_app_popup")) as client:
        assert isinstance(client, InAppPopup)
        client.forget([one])
    assert apps.shown(one) == []
    assert len(apps.shown(other)) == 1


def test_what_was_written_before_the_store_broke_is_kept(sandbox: Sandbox) -> None:
    one, other, third = users(sandbox, 3)
    sandbox.fault("in_app_popup", "http_500", match="GET", after=1)
    with pytest.raises(Retryable) as caught:
        send(sandbox, message(one), message(other), message(third))
    assert [receipt.key for receipt in caught.value.receipts] == [message(one).key]


def test_a_template_without_a_title_writes_nothing(sandbox: Sandbox, apps: Apps) -> None:
    (user,) = users(sandbox, 1)
    with pytest.raises(Rejected, match="no title"):
        send(sandbox, Message(key="k" * 64, address=user, template="好久不见"))
    assert apps.objects == {}


@pytest.mark.parametrize("wrong", [{"signing_key": "c2hvcnQ="}, {"signing_key": ""}, {"feed_secret": "short"}])
def test_an_incomplete_connection_is_named(sandbox: Sandbox, wrong: dict[str, str]) -> None:
    where = sandbox.connection("in_app_popup")
    bad = Connection(
        name=where.name, url=where.url, login=where.login, password=where.password, extra={**where.extra, **wrong}
    )
    with pytest.raises(ConfigurationError, match="quanyu_in_app_popup"), CHANNEL.connect(bad):
        pass
