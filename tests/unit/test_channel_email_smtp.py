"""What a mail looks like, what each reply of a server means, and that nobody writes headers but us."""

from __future__ import annotations

import asyncio
import hashlib
import re
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_string
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import pytest
from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from quanyu import deadline
from quanyu.channels.email_smtp import CHANNEL
from quanyu.contracts import Connection, Message, Neither, Receipt, Verdict
from quanyu.errors import ConfigurationError, NeedsPerson, Rejected, Retryable, Throttled, TooLate
from tests.sandbox import running_sandbox
from tests.sandbox.email_smtp import LOGIN, UNSUBSCRIBE_SECRET, mailbox
from tests.sandbox.server import Sandbox


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(people=20) as running:
        yield running


def addresses(sandbox: Sandbox, count: int) -> list[str]:
    return [mailbox(person.id) for person in sandbox.world.people][:count]


def key_of(address: str) -> str:
    return hashlib.sha256(address.encode()).hexdigest()


def messages(*to: str, template: str = "好久不见\n\n{gift}等您来取", **params: str) -> list[Message]:
    given = {"gift": "好茶", **params}
    return [Message(key=key_of(address), address=address, template=template, params=given) for address in to]


def send(sandbox: Sandbox, batch: list[Message], **extra: Any) -> dict[str, Receipt]:
    with CHANNEL.connect(connection(sandbox, **extra)) as client:
        return {receipt.key: receipt for receipt in client.send("batch", batch)}


def connection(sandbox: Sandbox, **extra: Any) -> Connection:
    where = sandbox.connection("email_smtp")
    return Connection(
        name=where.name, url=where.url, login=where.login, password=where.password, extra={**where.extra, **extra}
    )


def got(sandbox: Sandbox) -> list[str]:
    return sorted(delivery["recipient"] for delivery in sandbox.deliveries("email_smtp"))


def mails(sandbox: Sandbox) -> list[EmailMessage]:
    found = sandbox.deliveries("email_smtp")
    return [cast(EmailMessage, message_from_string(delivery["raw"], policy=default)) for delivery in found]


def test_each_address_gets_a_mail_of_its_own_over_one_session(sandbox: Sandbox) -> None:
    wanted = addresses(sandbox, 10)
    receipts = send(sandbox, messages(*wanted))
    assert {receipt.verdict for receipt in receipts.values()} == {Verdict.ACCEPTED}
    assert got(sandbox) == sorted(wanted)
    assert [mail["To"] for mail in mails(sandbox)] == wanted


def test_the_same_message_has_the_same_id_whenever_it_goes_out(sandbox: Sandbox) -> None:
    batch = messages(*addresses(sandbox, 1))
    first, second = (send(sandbox, batch)[batch[0].key].provider_id for _ in range(2))
    assert first == second == f"<{batch[0].key}@mail.quanyu.example>"
    assert {mail["Message-ID"] for mail in mails(sandbox)} == {first}


def test_a_mail_says_that_it_is_bulk_and_how_to_get_no_more(sandbox: Sandbox) -> None:
    (message,) = messages(*addresses(sandbox, 1))
    send(sandbox, [message])
    (mail,) = mails(sandbox)
    assert mail["Precedence"] == "bulk"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    raw = sandbox.deliveries("email_smtp")[0]["raw"]
    (link,) = re.findall(r"^List-Unsubscribe: <(https://[^>\s]+)>\s*$", raw, re.MULTILINE)
    (token,) = parse_qs(urlsplit(link).query)["t"]
    assert Fernet(UNSUBSCRIBE_SECRET).decrypt(token).decode() == message.address
    with pytest.raises(InvalidToken):
        Fernet(Fernet.generate_key()).decrypt(token)
    for kind in ("plain", "html"):
        part = mail.get_body((kind,))
        assert part is not None
        assert link.replace("&", "&amp;" if kind == "html" else "&") in part.get_content()
    assert message.address not in link


def test_headers_reach_the_reader_unwrapped_and_readable(sandbox: Sandbox) -> None:
    batch = messages(*addresses(sandbox, 1), template="长" * 60 + "\n\n正文")
    send(sandbox, batch)
    raw = sandbox.deliveries("email_smtp")[0]["raw"]
    assert re.search(r"^Message-ID: <[0-9a-f]{64}@mail\.quanyu\.example>\s*$", raw, re.MULTILINE)
    assert raw.isascii(), "a server without 8BITMIME takes it too"
    assert max(map(len, raw.splitlines())) < 998
    assert mails(sandbox)[0]["Subject"] == "长" * 60
    assert mails(sandbox)[0]["From"].addresses[0].display_name == "全域商城"


def test_text_from_a_column_is_text_in_html_too(sandbox: Sandbox) -> None:
    batch = messages(*addresses(sandbox, 1), gift='<script>alert("x")</script>')
    send(sandbox, batch)
    part = mails(sandbox)[0].get_body(("html",))
    assert part is not None
    assert "<script>" not in part.get_content()
    assert "&lt;script&gt;" in part.get_content()


@pytest.mark.parametrize("evil", ["x\nBcc: all@brand.example", "x\r\nBcc: all@brand.example", "x\r\n\r\nbody"])
def test_a_column_cannot_write_headers(sandbox: Sandbox, evil: str) -> None:
    batch = messages(*addresses(sandbox, 1), template="{name}，好久不见\n\n正文", name=evil)
    send(sandbox, batch)
    (mail,) = mails(sandbox)
    assert mail["Bcc"] is None
    assert "\n" not in mail["Subject"]
    assert got(sandbox) == addresses(sandbox, 1)


@pytest.mark.parametrize(
    "address", ["", "nobody", "a@b@c.example", "a@c.example\r\nRCPT TO:<d@c.example>", "a,b@c.example", "张@c.example"]
)
def test_what_is_no_address_is_refused_without_a_word_to_the_server(sandbox: Sandbox, address: str) -> None:
    receipts = send(sandbox, messages(address))
    assert receipts[key_of(address)].verdict is Verdict.REFUSED
    assert sandbox.journal("email_smtp") == []


def test_an_unknown_mailbox_is_refused_alone_and_its_code_names_nobody(sandbox: Sandbox) -> None:
    one, other = addresses(sandbox, 2)
    receipts = send(sandbox, messages(one, "nobody@mailbox.example", other))
    assert receipts[key_of("nobody@mailbox.example")].verdict is Verdict.REFUSED
    assert receipts[key_of("nobody@mailbox.example")].code == "550 5.1.1"
    assert got(sandbox) == sorted([one, other])


def test_a_mailbox_that_asks_to_wait_is_tried_later(sandbox: Sandbox) -> None:
    one, other = addresses(sandbox, 2)
    sandbox.fault("email_smtp", "greylist")
    receipts = send(sandbox, messages(one, other))
    assert (receipts[key_of(one)].verdict, receipts[key_of(one)].code) == (Verdict.LATER, "451 4.7.1")
    assert receipts[key_of(other)].verdict is Verdict.ACCEPTED


def test_a_mail_that_looks_like_spam_is_refused(sandbox: Sandbox) -> None:
    one, other = addresses(sandbox, 2)
    sandbox.fault("email_smtp", "spam")
    receipts = send(sandbox, messages(one, other))
    assert (receipts[key_of(one)].verdict, receipts[key_of(one)].code) == (Verdict.REFUSED, "554 5.7.1")
    assert got(sandbox) == [other]


def test_a_server_that_takes_no_more_is_told_of_with_what_it_took(sandbox: Sandbox) -> None:
    wanted = addresses(sandbox, 5)
    sandbox.fault("email_smtp", "throttle", after=2)
    with pytest.raises(Throttled, match=r"450 4\.7\.1") as caught:
        send(sandbox, messages(*wanted))
    assert [receipt.verdict for receipt in caught.value.receipts] == [Verdict.ACCEPTED] * 2
    assert got(sandbox) == sorted(wanted[:2])


def test_a_lost_last_reply_leaves_one_mail_in_doubt(sandbox: Sandbox) -> None:
    assert isinstance(CHANNEL.ability, Neither)
    wanted = addresses(sandbox, 4)
    sandbox.fault("email_smtp", "reply_lost", after=1)
    receipts = send(sandbox, messages(*wanted))
    assert [receipts[key_of(address)].verdict for address in wanted] == [
        Verdict.ACCEPTED,
        Verdict.UNKNOWN,
        Verdict.ACCEPTED,
        Verdict.ACCEPTED,
    ]
    assert got(sandbox) == sorted(wanted)


def test_three_lost_replies_in_a_row_are_enough(sandbox: Sandbox) -> None:
    wanted = addresses(sandbox, 6)
    sandbox.fault("email_smtp", "reply_lost", times=99)
    receipts = send(sandbox, messages(*wanted))
    assert [receipts[key_of(address)].verdict for address in wanted] == [Verdict.UNKNOWN] * 3 + [Verdict.LATER] * 3
    assert got(sandbox) == sorted(wanted[:3])


def test_a_session_that_the_server_ended_is_opened_again(sandbox: Sandbox) -> None:
    wanted = addresses(sandbox, 3)
    sandbox.fault("email_smtp", "reset", match="MAIL", after=1)
    receipts = send(sandbox, messages(*wanted))
    assert {receipt.verdict for receipt in receipts.values()} == {Verdict.ACCEPTED}
    assert got(sandbox) == sorted(wanted)


def test_a_server_that_is_down_got_nothing(sandbox: Sandbox) -> None:
    sandbox.fault("email_smtp", "down")
    with pytest.raises(Retryable):
        send(sandbox, messages(*addresses(sandbox, 1)))


def test_a_wrong_password_needs_a_person(sandbox: Sandbox) -> None:
    right = sandbox.connection("email_smtp")
    wrong = Connection(name=right.name, url=right.url, login=right.login, password="not-the-secret", extra=right.extra)
    with CHANNEL.connect(wrong) as client, pytest.raises(NeedsPerson, match="535") as caught:
        client.send("batch", messages(*addresses(sandbox, 1)))
    assert "not-the-secret" not in str(caught.value)


def test_bounces_can_come_back_to_an_address_that_names_the_message(sandbox: Sandbox) -> None:
    (message,) = messages(*addresses(sandbox, 1))
    send(sandbox, [message])
    send(sandbox, [message], verp_domain="bounce.brand.example")
    first, second = (delivery["envelope_sender"] for delivery in sandbox.deliveries("email_smtp"))
    assert first == LOGIN
    assert second == f"b-{message.key[:40]}@bounce.brand.example"
    assert len(second.partition("@")[0]) <= 64


def test_a_template_without_a_subject_is_refused_before_anything_is_said(sandbox: Sandbox) -> None:
    with pytest.raises(Rejected, match="no subject"):
        send(sandbox, messages(*addresses(sandbox, 1), template="好久不见"))
    assert sandbox.journal("email_smtp") == []


class Mailbox:
    """Takes every mail, and remembers whether it came encrypted."""

    def __init__(self) -> None:
        self.encrypted: list[bool] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.encrypted.append(server.transport.get_extra_info("ssl_object") is not None)
        return "250 OK"


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate of localhost that nobody vouches for, and a server's side of it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return path, context


@contextmanager
def encrypted_server(folder: Path, scheme: str) -> Iterator[tuple[str, Mailbox, Path]]:
    """A server that speaks TLS, from the first byte or after STARTTLS."""
    path, context = certificate(folder)
    mailbox = Mailbox()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    at_once = scheme == "smtps"

    async def listen() -> asyncio.Server:
        return await loop.create_server(
            lambda: SMTP(
                mailbox,
                loop=loop,
                tls_context=None if at_once else context,
                require_starttls=not at_once,
                auth_require_tls=not at_once,
                authenticator=lambda *_: AuthResult(success=True),
            ),
            "127.0.0.1",
            0,
            ssl=context if at_once else None,
        )

    server = asyncio.run_coroutine_threadsafe(listen(), loop).result(timeout=10)
    try:
        yield f"{scheme}://localhost:{server.sockets[0].getsockname()[1]}", mailbox, path
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=10)


@pytest.mark.parametrize("scheme", ["smtps", "smtp+starttls"])
def test_login_and_mail_travel_encrypted(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    extra = sandbox.connection("email_smtp").extra
    with encrypted_server(tmp_path, scheme) as (url, mailbox, path):
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
        where = Connection(name="email_smtp", url=url, login="a", password="b", extra=extra)
        with CHANNEL.connect(where) as client:
            (receipt,) = client.send("batch", messages("somebody@brand.example"))
    assert receipt.verdict is Verdict.ACCEPTED
    assert mailbox.encrypted == [True]


@pytest.mark.parametrize("scheme", ["smtps", "smtp+starttls"])
def test_a_server_that_nobody_vouches_for_gets_neither_login_nor_mail(
    sandbox: Sandbox, tmp_path: Path, scheme: str
) -> None:
    extra = sandbox.connection("email_smtp").extra
    with encrypted_server(tmp_path, scheme) as (url, mailbox, _):
        where = Connection(name="email_smtp", url=url, login="a", password="b", extra=extra)
        with CHANNEL.connect(where) as client, pytest.raises(NeedsPerson, match="certificate"):
            client.send("batch", messages("somebody@brand.example"))
    assert mailbox.encrypted == []


def test_a_server_without_encryption_gets_no_password(sandbox: Sandbox) -> None:
    plain = sandbox.connection("email_smtp")
    where = Connection(
        name=plain.name, url=plain.url.replace("smtp:", "smtp+starttls:"), login="a", password="b", extra=plain.extra
    )
    with CHANNEL.connect(where) as client, pytest.raises(NeedsPerson, match="no encryption"):
        client.send("batch", messages("somebody@brand.example"))


@pytest.mark.parametrize(
    ("url", "extra"),
    [
        ("smtp://mail.brand.example", {}),
        ("https://mail.brand.example", {}),
        ("smtps://mail.brand.example", {"unsubscribe_url": "http://brand.example/out"}),
        ("smtps://mail.brand.example", {"unsubscribe_url": ""}),
        ("smtps://mail.brand.example", {"unsubscribe_secret": ""}),
        ("smtps://mail.brand.example", {"unsubscribe_secret": "not a key"}),
        ("smtps://mail.brand.example", {"sender": "not an address"}),
    ],
)
def test_an_unsafe_or_incomplete_connection_is_named(url: str, extra: dict[str, str]) -> None:
    good = {
        "sender": "noreply@brand.example",
        "sender_name": "全域",
        "unsubscribe_url": "https://brand.example/out",
        "unsubscribe_secret": UNSUBSCRIBE_SECRET,
    }
    where = Connection(name="email_smtp", url=url, login="a", password="b", extra={**good, **extra})
    with pytest.raises(ConfigurationError, match="quanyu_email_smtp"), CHANNEL.connect(where):
        pass


def test_no_mail_begins_after_the_deadline(sandbox: Sandbox) -> None:
    with deadline.within(timedelta()), pytest.raises(TooLate):
        send(sandbox, messages(*addresses(sandbox, 2)))
    assert got(sandbox) == []
