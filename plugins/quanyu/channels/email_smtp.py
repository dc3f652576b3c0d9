"""E-mail over SMTP: a mail of their own to each address, as plain text and as HTML.

What it promises: the server's own code for every address that it refuses, a `Message-ID` that is the same whenever the
same message goes out, and a way out of the list in one click (RFC 8058). What it does not: SMTP has no key against
repeats and nothing to ask, so a mail whose last reply was lost is parked. 250 is "accepted", not "delivered", and
nothing is ever heard of it here: bounces go to the envelope's sender, a mailbox of the brand that we do not read. With
`verp_domain` each mail has an envelope sender of its own, `b-<40 digits of the message key>@<verp_domain>`, by which
whoever reads that mailbox knows the message.

    template "subject, empty line, text" -> MAIL, RCPT, DATA -> 250 | 4xx later | 5xx refused | silence: unknown

The link in each mail is `<unsubscribe_url>?t=<token>`, a Fernet token of the address: nobody but the brand's endpoint
can read it, and nobody else can make one. The endpoint answers the POST `List-Unsubscribe=One-Click` without asking
anything and a GET with a page that asks, and hands on who it was through the sources `callbacks` or `consent_import`.

Connection `quanyu_email_smtp`: host = smtps://server:465 (TLS), smtp+starttls://server:587, or smtp://server:25 on this
machine only, login and password, extra {"sender": "noreply@brand.example", "sender_name", "unsubscribe_url" (https),
"unsubscribe_secret" (32 bytes in URL-safe base64), "verp_domain"?}. Some servers (DirectMail: 436) refuse an envelope
sender other than the login.

Sources: RFC 5321, RFC 8058, RFC 2369; codes 436, 559 and 563 from help.aliyun.com on DirectMail.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from email.headerregistry import Address
from urllib.parse import urlsplit

from cryptography.fernet import Fernet

from quanyu import deadline
from quanyu.contracts import Channel, Connection, Message, Neither, Receipt, Verdict
from quanyu.errors import ConfigurationError, NeedsPerson, QuanyuError, Rejected, Retryable, Throttled
from quanyu.mail import WayOut, compose
from quanyu.transport import LOOPBACK

_TIMEOUT = 60.0
_LOST_IN_A_ROW = 3
_PORTS = {"smtps": 465, "smtp+starttls": 587, "smtp": 25}
_NEEDED = ("sender", "sender_name", "unsubscribe_url", "unsubscribe_secret")
# 530 and 535: the login; 436: the envelope's sender is not the account; the rest: the account may not send.
_PERSON = {436, 530, 534, 535, 550, 552, 553}
_ENHANCED = re.compile(rb"([245]\.\d{1,3}\.\d{1,3})\b")
# What is in use, not all that RFC 5321 allows: no quotes, no comments, no letters beyond ASCII.
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")

_Refusal = smtplib.SMTPResponseException
_Silence = (smtplib.SMTPServerDisconnected, OSError)


class EmailSmtp:
    """One account of one server; addresses are e-mail addresses in clear."""

    def __init__(self, where: Connection) -> None:
        self._where = where
        self._sender = str(where.extra["sender"])
        self._from = Address(str(where.extra["sender_name"]), addr_spec=self._sender)
        self._way_out = WayOut(url=str(where.extra["unsubscribe_url"]), secret=str(where.extra["unsubscribe_secret"]))
        self._smtp: smtplib.SMTP | None = None

    def send(self, batch_key: str, batch: Sequence[Message]) -> list[Receipt]:
        """Send one mail after the other over one session; who is refused holds up nobody."""
        del batch_key
        receipts: list[Receipt] = []
        lost = 0
        for at, message in enumerate(batch):
            try:
                deadline.require()
                receipt = self._send(message)
            except QuanyuError as error:
                error.receipts = receipts
                raise
            receipts.append(receipt)
            lost = lost + 1 if receipt.verdict is Verdict.UNKNOWN else 0
            if lost == _LOST_IN_A_ROW:
                # No accident any more: further mails would only be more that nobody knows about.
                return receipts + [Receipt(key=rest.key, verdict=Verdict.LATER) for rest in batch[at + 1 :]]
        return receipts

    def ask(self, batch_key: str, batch: Sequence[Message]) -> list[Receipt]:
        """Nobody can be asked what became of a mail."""
        del batch_key
        return [Receipt(key=message.key, verdict=Verdict.UNKNOWN) for message in batch]

    def receipts(self, sent: Sequence[Message]) -> Iterator[Receipt]:
        """None: what bounces goes to the brand's mailbox."""
        del sent
        return iter(())

    def close(self) -> None:
        """End the session."""
        if self._smtp is not None:
            with suppress(smtplib.SMTPException, OSError):
                self._smtp.quit()
        self._smtp = None

    def _send(self, message: Message) -> Receipt:
        if not _ADDRESS.fullmatch(message.address):
            return Receipt(key=message.key, verdict=Verdict.REFUSED, code="no address")
        mail = compose(message, self._from, self._way_out)
        refused = self._addressed(message)
        smtp = self._smtp
        if refused is not None or smtp is None:
            return refused or Receipt(key=message.key, verdict=Verdict.LATER)
        said: bytes | str
        try:
            code, said = smtp.data(mail.as_bytes())
        except _Refusal as error:
            code, said = error.smtp_code, error.smtp_error
        except _Silence:
            self._smtp = None
            return Receipt(key=message.key, verdict=Verdict.UNKNOWN)
        if code == 250:
            return Receipt(key=message.key, verdict=Verdict.ACCEPTED, provider_id=str(mail["Message-ID"]))
        self._start_over(smtp)
        return _refusal(message, code, said)

    def _addressed(self, message: Message) -> Receipt | None:
        """Say from whom and to whom; the receipt of an address that is refused. A session that ended is renewed."""
        was_open = self._smtp is not None
        try:
            return self._introduced(self._session(), message)
        except ssl.SSLCertVerificationError:
            raise NeedsPerson(
                f"{urlsplit(self._where.url).netloc} shows a certificate that is not its own.",
                remedy="set the connection's host to the name in the certificate.",
            ) from None
        except _Silence:
            # The body had not left.
            self._smtp = None
        if was_open:
            return self._addressed(message)
        raise Retryable(
            f"{urlsplit(self._where.url).netloc}: no session.", remedy="check the connection's host and the server."
        )

    def _introduced(self, smtp: smtplib.SMTP, message: Message) -> Receipt | None:
        code, said = smtp.mail(self._envelope_sender(message))
        if code != 250:
            self.close()
            raise self._not_now(code, said)
        code, said = smtp.rcpt(message.address)
        if code in {250, 251}:
            return None
        self._start_over(smtp)
        return _refusal(message, code, said)

    def _start_over(self, smtp: smtplib.SMTP) -> None:
        try:
            smtp.rset()
        except _Silence:
            self._smtp = None

    def _session(self) -> smtplib.SMTP:
        if self._smtp is None:
            url = urlsplit(self._where.url)
            host, port = str(url.hostname), url.port or _PORTS[url.scheme]
            context = ssl.create_default_context()
            try:
                if url.scheme == "smtps":
                    smtp: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=_TIMEOUT, context=context)
                else:
                    smtp = smtplib.SMTP(host, port, timeout=_TIMEOUT)
                if url.scheme == "smtp+starttls":
                    smtp.starttls(context=context)
                smtp.login(self._where.login, self._where.password)
            except _Refusal as error:
                raise self._not_now(error.smtp_code, error.smtp_error) from None
            except smtplib.SMTPNotSupportedError:
                raise NeedsPerson(
                    f"{host}:{port} offers no encryption or no log-in.", remedy="correct scheme and port of the host."
                ) from None
            self._smtp = smtp
        return self._smtp

    def _not_now(self, code: int, said: bytes | str) -> QuanyuError:
        """Why nothing can be sent at all. What the server wrote may hold an address: its codes only."""
        text = f"{urlsplit(self._where.url).netloc} answers {_code(code, said)}."
        if code in _PERSON:
            return NeedsPerson(text, remedy="check login, password and extra.sender, and the account at the provider.")
        if code < 500:
            return Throttled(text, remedy="run the task again later.")
        return Rejected(text, remedy="look the code up at the provider; nothing was sent.")

    def _envelope_sender(self, message: Message) -> str:
        domain = str(self._where.extra.get("verp_domain") or "")
        return f"b-{message.key[:40]}@{domain}" if domain else self._sender


def _refusal(message: Message, code: int, said: bytes | str) -> Receipt:
    verdict = Verdict.REFUSED if code >= 500 else Verdict.LATER
    return Receipt(key=message.key, verdict=verdict, code=_code(code, said))


def _code(code: int, said: bytes | str) -> str:
    """The server's code, and the enhanced one (RFC 3463) where it gives one: `550 5.1.1`."""
    found = _ENHANCED.search(said.encode() if isinstance(said, str) else said)
    return f"{code} {found[1].decode()}" if found else str(code)


@contextmanager
def connect(where: Connection) -> Iterator[EmailSmtp]:
    """Open the account behind the connection `quanyu_email_smtp`; the session is made by the first mail."""
    url = urlsplit(where.url)
    missing = [name for name in _NEEDED if not where.extra.get(name)]
    is_private = url.scheme in {"smtps", "smtp+starttls"} or url.hostname in LOOPBACK
    if missing or not (url.scheme in _PORTS and url.hostname and is_private and where.login and where.password):
        raise ConfigurationError(
            f"the connection quanyu_{where.name} is incomplete, or would send its password in clear.",
            remedy="set host to smtps://server:465 or smtp+starttls://server:587, login, password, and in extra"
            f" {', '.join(_NEEDED)}.",
        )
    if urlsplit(str(where.extra["unsubscribe_url"])).scheme != "https":
        raise ConfigurationError(
            f"quanyu_{where.name}: extra.unsubscribe_url is no https URL.", remedy="RFC 8058 asks for one."
        )
    try:
        Fernet(str(where.extra["unsubscribe_secret"]))
    except ValueError:
        raise ConfigurationError(
            f"quanyu_{where.name}: extra.unsubscribe_secret is no Fernet key.",
            remedy="make one with `openssl rand -base64 32 | tr +/ -_` and give it to the brand's endpoint.",
        ) from None
    if not _ADDRESS.fullmatch(str(where.extra["sender"])):
        raise ConfigurationError(f"quanyu_{where.name}: extra.sender is no address.", remedy="set one of the brand's.")
    client = EmailSmtp(where)
    try:
        yield client
    finally:
        client.close()


CHANNEL = Channel(
    name="email_smtp",
    about=__doc__,
    connection="email_smtp",
    address_type="email",
    ability=Neither(),
    # A lost process parks its whole batch.
    largest_batch=20,
    is_personal=True,
    has_receipts=False,
    connect=connect,
)
