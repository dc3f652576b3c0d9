"""Clients and servers that others wrote, at the other end of app push, mail, webhook and file export.

The vendor's SDK drives the JPush platform; the specification's own library checks our events; Python's smtplib and
aiosmtpd, moto's S3 and boto3 stand where our mail and file clients and their platforms could agree on a mistake.
"""

from __future__ import annotations

import hashlib
import json
import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from quanyu.channels import file_export, webhook
from quanyu.contracts import Connection, Message
from quanyu.filedrop import open_drop
from tests.sandbox import running_sandbox
from tests.sandbox.bucket import ACCESS_KEY, REGION
from tests.sandbox.email_smtp import LOGIN, PASSWORD, mailbox
from tests.sandbox.server import Sandbox
from tests.sandbox.webhook import SECRET
from tests.sandbox.world.systems.tracking import registration_id


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(people=30) as running:
        yield running


@pytest.fixture
def sdk(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The vendor's client of JPush."""
    import jpush
    from jpush import common

    where = sandbox.connection("jpush")
    names = ("PUSH", "REPORT", "DEVICE", "ALIAS", "TAG", "SCHEDULE", "ADMIN")
    monkeypatch.setitem(common.ZONES, "SANDBOX", dict.fromkeys(names, f"{where.url}/"))
    client = jpush.JPush(where.login, where.password, zone="sandbox")
    client.session.trust_env = False
    return client


def push(sdk: Any, *installs: str, cid: str | None = None) -> Any:
    """A push of the SDK, not yet sent."""
    import jpush

    made = sdk.create_push()
    made.platform = jpush.all_
    made.audience = jpush.audience(jpush.registration_id(*installs))
    made.notification = jpush.notification(alert="好茶等您来取")
    made.cid = cid
    return made


def installs(sandbox: Sandbox, count: int) -> list[str]:
    return [registration_id(sandbox.world, person.id) for person in sandbox.world.people][:count]


def test_the_jpush_sdk_pushes_once_per_cid(sandbox: Sandbox, sdk: Any) -> None:
    wanted = installs(sandbox, 3)
    first, second = sdk.create_push().get_cid(2, "push").payload["cidlist"]
    assert first != second
    sent = push(sdk, *wanted, cid=first).send().payload["msg_id"]
    assert push(sdk, *wanted, cid=first).send().payload["msg_id"] == sent
    assert sorted(delivery["recipient"] for delivery in sandbox.deliveries("jpush")) == sorted(wanted)
    assert push(sdk, *wanted, cid=second).send().payload["msg_id"] != sent


def test_the_jpush_sdk_reads_1011_and_a_dry_run_that_reaches_nobody(sandbox: Sandbox, sdk: Any) -> None:
    from jpush import common

    for verb in ("send", "send_validate"):
        with pytest.raises(common.JPushFailure) as refused:
            getattr(push(sdk, "gone-for-good"), verb)()
        assert refused.value.error_code == 1011
    assert push(sdk, *installs(sandbox, 2)).send_validate().status_code == 200
    assert sandbox.deliveries("jpush") == []


def test_the_jpush_sdk_reads_receipts(sandbox: Sandbox, sdk: Any) -> None:
    wanted = installs(sandbox, 5)
    msg_id = push(sdk, *wanted).send().payload["msg_id"]
    report = sdk.create_report()
    told = report.get_status_message(int(msg_id), [*wanted, "gone-for-good"]).payload
    assert set(told) == {*wanted, "gone-for-good"}
    assert told["gone-for-good"] == {"status": 2}
    (counted,) = report.get_received_detail(msg_id).payload
    assert counted["msg_id"] == msg_id
    assert counted["jpush_received"] == sum(told[install]["status"] == 0 for install in wanted) or None


def test_the_jpush_sdk_is_told_that_its_secret_is_wrong(sdk: Any) -> None:
    from jpush import common

    sdk.session.auth = (sdk.key, "not-the-secret")
    with pytest.raises(common.Unauthorized):
        sdk.create_push().get_cid(1, "push")


def test_the_specifications_own_library_verifies_our_events_and_no_forged_one(sandbox: Sandbox) -> None:
    message = Message(key="k" * 64, address="person-1", template="{gift}等您来取", params={"gift": "好茶"})
    with webhook.CHANNEL.connect(sandbox.connection("webhook")) as client:
        client.send("batch", [message])
    (delivery,) = sandbox.deliveries("webhook")
    event = Verifier(SECRET).verify(delivery["body"], delivery["headers"])
    assert event["data"] == {"one_id": "person-1", "text": "好茶等您来取", "params": {"gift": "好茶"}}
    with pytest.raises(WebhookVerificationError):
        Verifier(SECRET).verify(delivery["body"].replace("person-1", "person-2"), delivery["headers"])
    old = {**delivery["headers"], "webhook-timestamp": "1614265330"}
    with pytest.raises(WebhookVerificationError):
        Verifier(SECRET).verify(delivery["body"], old)


def test_smtplib_alone_sends_through_the_mail_platform(sandbox: Sandbox) -> None:
    address = urlsplit(sandbox.connection("email_smtp").url)
    person = mailbox(sandbox.world.people[0].id)
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = LOGIN, person, "好久不见", "<1@brand.example>"
    mail.set_content("好茶等您来取")
    stranger = smtplib.SMTP(str(address.hostname), address.port or 0)
    with stranger, pytest.raises(smtplib.SMTPResponseException, match="530"):
        stranger.send_message(mail)
    with smtplib.SMTP(str(address.hostname), address.port or 0) as server:
        server.login(LOGIN, PASSWORD)
        assert server.send_message(mail, to_addrs=[person, "nobody@mailbox.example"]).keys() == {
            "nobody@mailbox.example"
        }
    (delivery,) = sandbox.deliveries("email_smtp")
    assert (delivery["recipient"], delivery["provider_id"]) == (person, "<1@brand.example>")


@pytest.fixture
def moto() -> Iterator[str]:
    """An S3 that somebody else wrote, with one bucket."""
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    client(url, "testing").create_bucket(Bucket="lists", CreateBucketConfiguration={"LocationConstraint": REGION})
    yield url
    server.stop()


def client(url: str, secret: str) -> Any:
    return boto3.client(
        "s3", endpoint_url=url, aws_access_key_id=ACCESS_KEY, aws_secret_access_key=secret, region_name=REGION
    )


def test_another_s3_takes_our_lists_and_boto3_reads_them(moto: str) -> None:
    extra = {"endpoint_url": moto, "region_name": REGION}
    where = Connection(name="file_export", url="s3://lists/night", login=ACCESS_KEY, password="testing", extra=extra)
    with open_drop(where) as drop:
        assert drop.read("nothing.csv") is None
        drop.write("removed.csv", b"x")
        drop.remove("removed.csv")
    from datetime import date

    message = Message(key="key", address="person-1", template="你好", sent_on=date(2026, 11, 21))
    with file_export.CHANNEL.connect(where) as channel:
        channel.send("batch", [message])
        channel.send("batch", [message])
    s3 = client(moto, "testing")
    keys = sorted(found["Key"] for found in s3.list_objects_v2(Bucket="lists")["Contents"])
    assert keys == ["night/quanyu_20261121_batch.csv", "night/quanyu_20261121_batch.json"]
    content, manifest = (s3.get_object(Bucket="lists", Key=key)["Body"].read() for key in keys)
    assert json.loads(manifest)["sha256"] == hashlib.sha256(content).hexdigest()


def test_boto3_drives_the_bucket_platform(sandbox: Sandbox) -> None:
    where = sandbox.connection("content_handoff")
    s3 = client(where.extra["endpoint_url"], where.password)
    s3.put_object(Bucket="content-handoff", Key="briefs/a b.txt", Body="一".encode())
    assert s3.get_object(Bucket="content-handoff", Key="briefs/a b.txt")["Body"].read() == "一".encode()
    assert [found["Key"] for found in s3.list_objects_v2(Bucket="content-handoff")["Contents"]] == ["briefs/a b.txt"]
    s3.delete_object(Bucket="content-handoff", Key="briefs/a b.txt")
    with pytest.raises(ClientError, match="NoSuchKey"):
        s3.get_object(Bucket="content-handoff", Key="briefs/a b.txt")
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        client(where.extra["endpoint_url"], "not-the-secret").get_object(Bucket="content-handoff", Key="a")
