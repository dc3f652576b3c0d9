"""What a mail from a list looks like: text and safe HTML, headers of our own making, a way out in one click."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from urllib.parse import urlencode

from cryptography.fernet import Fernet

from quanyu.contracts import SHANGHAI, Message
from quanyu.errors import Rejected
from quanyu.settings import utc_now

_WAY_OUT = "不想再收到此类邮件？点此退订"


class _Headers(EmailPolicy):
    """Wrap long headers, but not those without a space: the library would encode an address that readers must see."""

    def fold_binary(self, name: str, value: str) -> bytes:
        """Write one header."""
        if name in {"Message-ID", "List-Unsubscribe"}:
            return f"{name}: {value}\r\n".encode("ascii")
        return super().fold_binary(name, value)


_POLICY = _Headers(linesep="\r\n", cte_type="7bit")


@dataclass(frozen=True, slots=True, kw_only=True)
class WayOut:
    """The brand's endpoint that takes people off the list (RFC 8058), and the Fernet key that it shares with us."""

    url: str
    secret: str = field(repr=False)

    def link(self, address: str) -> str:
        """The link of one address: a Fernet token of it, that nobody else can read or make."""
        token = Fernet(self.secret).encrypt(address.encode()).decode()
        return f"{self.url}{'&' if '?' in self.url else '?'}{urlencode({'t': token})}"


def compose(message: Message, sender: Address, way_out: WayOut) -> EmailMessage:
    """Write the mail of one message. Raises Rejected when its template does not begin with a subject."""
    subject, divider, body = message.template.partition("\n\n")
    if not divider:
        raise Rejected(
            "a mail's template has no subject.",
            remedy="begin it with the subject and an empty line; nothing was sent.",
        )
    link = way_out.link(message.address)
    text = body.format_map(message.params)
    mail = EmailMessage(policy=_POLICY)
    # A value with a line break would write headers of its own.
    mail["Subject"] = " ".join(subject.format_map(message.params).split())
    mail["From"] = sender
    mail["To"] = message.address
    mail["Date"] = format_datetime(utc_now().astimezone(SHANGHAI))
    mail["Message-ID"] = f"<{message.key}@{sender.domain}>"
    mail["Precedence"] = "bulk"
    mail["List-Unsubscribe"] = f"<{link}>"
    mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(f"{text}\n\n{_WAY_OUT}：{link}\n")
    mail.add_alternative(_as_html(text, link), subtype="html")
    return mail


def _as_html(text: str, link: str) -> str:
    paragraphs = "".join(f"<p>{html.escape(part).replace(chr(10), '<br>')}</p>" for part in text.split("\n\n"))
    way_out = f'<p><a href="{html.escape(link)}">{_WAY_OUT}</a></p>'
    return f'<!doctype html><html lang="zh-CN"><body>{paragraphs}{way_out}</body></html>\n'
