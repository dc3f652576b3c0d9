"""A submission server (aiosmtpd) with one account, and the mailboxes of everybody in the world.

Beyond `down`, `reset` and `slow`: `reply_lost` (the mail is taken, the connection cut before the reply), `throttle`
(450 to MAIL, whichever command it is armed for), `greylist` (451 to RCPT), `spam` (554 to DATA). Faults and the journal
name the commands.
"""

from __future__ import annotations

import asyncio
from email import message_from_bytes
from email.policy import default
from typing import Any

from aiohttp import web
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.sandbox.fate import send_time
from tests.sandbox.faults import Faults
from tests.sandbox.platform import HOST, Clock, Platform
from tests.sandbox.world import World

LOGIN = "noreply@mail.quanyu.example"
PASSWORD = "sandbox-secret-email-smtp"
UNSUBSCRIBE_SECRET = "c2FuZGJveC11bnN1YnNjcmliZS1zZWNyZXQtMDAwMDA="


def mailbox(person: str) -> str:
    """The address of a person of the world."""
    return f"{person}@mailbox.example".lower()


class EmailSmtp(Platform):
    """The server; every mail that it took is a delivery, as it came and as it reads."""

    name = "email_smtp"

    def __init__(self, world: World, faults: Faults, clock: Clock) -> None:
        super().__init__(world, faults, clock)
        self.mailboxes = {mailbox(person.id) for person in world.people}
        self._server: asyncio.Server | None = None
        self._sessions: set[SMTP] = set()

    def routes(self) -> list[web.RouteDef]:
        """None: this platform speaks SMTP."""
        return []

    def connection(self, url: str) -> dict[str, Any]:
        """The account, and the brand's own addresses."""
        extra = {
            "sender": LOGIN,
            "sender_name": "全域商城",
            "unsubscribe_url": "https://brand.example/unsubscribe",
            "unsubscribe_secret": UNSUBSCRIBE_SECRET,
        }
        return {"conn_type": "smtp", "host": url, "login": LOGIN, "password": PASSWORD, "extra": extra}

    @property
    def url(self) -> str:
        """Where the server listens."""
        return f"smtp://{HOST}:{self._port}"

    async def set_up(self) -> None:
        """Nothing: no web server."""

    async def tear_down(self) -> None:
        """Close the port and every session."""
        await self.hang_up()

    async def listen(self) -> None:
        """Accept sessions."""
        if self._server is None:
            self._server = await asyncio.get_running_loop().create_server(self._session, HOST, self._port)

    async def hang_up(self) -> None:
        """Refuse connections and cut the open ones."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for session in self._sessions:
            _cut(session)
        self._sessions.clear()

    def _session(self) -> SMTP:
        session = SMTP(
            _Desk(self),
            hostname="mail.sandbox.example",
            auth_required=True,
            auth_require_tls=False,
            authenticator=_may_enter,
            loop=asyncio.get_running_loop(),
        )
        self._sessions.add(session)
        return session


class _Desk:
    """What the server says to each command."""

    def __init__(self, platform: EmailSmtp) -> None:
        self._platform = platform

    async def handle_MAIL(  # noqa: N802  # aiosmtpd looks for this name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, mail_options: list[str]
    ) -> str:
        """Take the envelope's sender."""
        if refusal := await self._struck(server, "MAIL", {"throttle": "450 4.7.1 too many mails, try again later"}):
            return refusal
        envelope.mail_from = address
        envelope.mail_options.extend(mail_options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802  # aiosmtpd looks for this name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, rcpt_options: list[str]
    ) -> str:
        """Take a recipient who has a mailbox."""
        if refusal := await self._struck(server, "RCPT", {"greylist": "451 4.7.1 greylisted"}):
            return refusal
        if address.lower() not in self._platform.mailboxes:
            return f"550 5.1.1 <{address}>: no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take the mail."""
        if refusal := await self._struck(server, "DATA", {"spam": "554 5.7.1 looks like spam"}):
            return refusal
        raw = envelope.content
        assert isinstance(raw, bytes)
        mail = message_from_bytes(raw, policy=default)
        text = mail.get_body(("plain",))
        assert text is not None
        self._platform.deliveries.append(
            {
                "recipient": envelope.rcpt_tos[0],
                "content": str(mail["Subject"]) + "\n" + str(text.get_content()),
                "raw": raw.decode(),
                "envelope_sender": envelope.mail_from,
                "provider_id": str(mail["Message-ID"]),
                "batch_key": "",
                "day": send_time(self._platform.clock).date().isoformat(),
                "outcome": "accepted",
            }
        )
        if self._platform.faults.take("reply_lost", "DATA"):
            _cut(server)
        return "250 2.0.0 queued"

    async def _struck(self, server: SMTP, command: str, kinds: dict[str, str]) -> str:
        faults = self._platform.faults
        entry = {"method": "SMTP", "path": command, "outcome": ""}
        self._platform.journal.append(entry)
        if faults.take("slow", command):
            await asyncio.sleep(faults.slow_seconds)
        if faults.take("reset", command):
            entry["outcome"] = "reset"
            _cut(server)
            return "421 closing"
        for kind, said in kinds.items():
            if faults.take(kind, "MAIL RCPT DATA" if kind == "throttle" else command):
                entry["outcome"] = kind
                return said
        return ""


def _may_enter(server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: Any) -> AuthResult:
    is_right = isinstance(given, LoginPassword) and (given.login, given.password) == (
        LOGIN.encode(),
        PASSWORD.encode(),
    )
    return AuthResult(success=is_right, handled=False)


def _cut(session: SMTP) -> None:
    """Cut a connection under its client."""
    if session.transport is not None:
        session.transport.abort()
