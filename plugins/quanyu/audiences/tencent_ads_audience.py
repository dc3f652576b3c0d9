"""Audiences of Tencent Ads (广点通客户人群): whom adverts are shown to, or not shown to, by the SHA-256 of a phone.

    custom_audiences/get -> custom_audiences/add -> custom_audience_files/add (zip; APPEND | REDUCE)
    -> custom_audience_files/get until SUCCESS: only then is a member acknowledged

Uploading is providing personal data to a third party (PIPL art. 23): it needs a consent for `advertising` of its own,
and fewer than 2,000 people are not uploaded, since a small file singles people out. That bound is ours; the platform
calls a seed below 2,000 active users too small. Files are worked on afterwards, in an order nobody promises: while one
that we know nothing of is under way (its answer was lost), no other is handed over. The log tells how many lines of a
file were valid; few mean that the numbers were written in another form.

Guesses: `outer_audience_id` makes a repeated creation harmless, as its documented predecessor `external_audience_id`
does; a file of which no line is known to the platform is a SUCCESS.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from quanyu import tencent_ads
from quanyu.contracts import Audience, Connection, Member, Receipt, Record, RemoteList, Verdict
from quanyu.errors import Retryable
from quanyu.uploads import form_with_file, handed_over, zipped

log = logging.getLogger(__name__)

_AUDIENCES, _FILES = "/v3.0/custom_audiences/", "/v3.0/custom_audience_files/"
_PAGE = 100
_UNDER_WAY = {"PENDING", "PROCESSING"}
_FAILED = "ERROR"


class TencentAdsAudience:
    """The account as an audience client; addresses are phones in E.164."""

    def __init__(self, api: tencent_ads.MarketingApi) -> None:
        self._api = api
        self._own: set[str] = set()

    def open(self, name: str) -> RemoteList:
        """Find the audience or create it."""
        for audience in self._listed(_AUDIENCES + "get"):
            if audience.get("name") == name:
                return RemoteList(name=name, id=str(audience["audience_id"]))
        asked = {
            "account_id": self._api.account,
            "name": name,
            "type": "CUSTOMER_FILE",
            "outer_audience_id": name,
            "description": "mirrors a segment; kept up to date every morning",
        }
        return RemoteList(name=name, id=str(self._api.post(_AUDIENCES + "add", json=asked)["audience_id"]))

    def add(self, to: RemoteList, members: Sequence[Member]) -> list[Receipt]:
        """Upload who joined."""
        return handed_over(members, lambda hashes: self._upload("APPEND", to, hashes))

    def remove(self, of: RemoteList, members: Sequence[Member]) -> list[Receipt]:
        """Upload who left."""
        return handed_over(members, lambda hashes: self._upload("REDUCE", of, hashes))

    def settle(self, tickets: Sequence[str]) -> list[Receipt]:
        """Ask for each file."""
        receipts = []
        for ticket in tickets:
            found = next(iter(self._listed(_FILES + "get", custom_audience_file_id=int(ticket))), None)
            if found is None:
                receipts.append(Receipt(key=ticket, verdict=Verdict.UNKNOWN))
            elif found.get("process_status") not in _UNDER_WAY:
                receipts.append(_outcome(ticket, found))
        return receipts

    def _upload(self, operation: str, which: RemoteList, hashes: Sequence[str]) -> str:
        """Hand a file over; its id, empty while one is under way of which nothing is known here."""
        if self._is_busy(which):
            return ""
        fields = {
            "account_id": str(self._api.account),
            "audience_id": which.id,
            "user_id_type": "SHA256_MOBILE_PHONE",
            "operation_type": operation,
        }
        data = self._api.post(_FILES + "add", **form_with_file(fields, zipped(hashes)))
        ticket = str(data["custom_audience_file_id"])
        self._own.add(ticket)
        return ticket

    def _is_busy(self, which: RemoteList) -> bool:
        return any(
            found.get("process_status") in _UNDER_WAY and str(found["custom_audience_file_id"]) not in self._own
            for found in self._listed(_FILES + "get", audience_id=int(which.id))
        )

    def _listed(self, path: str, **asked: int) -> Iterator[Record]:
        page, total = 0, 1
        while page * _PAGE < total:
            page += 1
            data = self._api.get(path, account_id=self._api.account, page=page, page_size=_PAGE, **asked)
            info = data.get("page_info") or {}
            if not isinstance(info.get("total_number"), int):
                raise Retryable(f"{path}: the list names no total_number.")
            total = info["total_number"]
            yield from data.get("list") or []


def _outcome(ticket: str, found: Record) -> Receipt:
    code = int(found.get("process_code") or 0)
    if found.get("process_status") == _FAILED or code:
        return Receipt(key=ticket, verdict=Verdict.REFUSED, code=str(code or _FAILED))
    lines, valid, users = (found.get(name) for name in ("line_count", "valid_line_count", "user_count"))
    log.info("tencent_ads: file %s: %s of %s lines valid, %s users", ticket, valid, lines, users)
    return Receipt(key=ticket, verdict=Verdict.ACCEPTED)


@contextmanager
def connect(where: Connection) -> Iterator[TencentAdsAudience]:
    """Open the account behind the connection `quanyu_tencent_ads`."""
    with tencent_ads.connect(where) as api:
        yield TencentAdsAudience(api)


AUDIENCE = Audience(
    name="tencent_ads_audience",
    about=__doc__,
    connection="tencent_ads",
    address_type="phone",
    consent="advertising",
    # A file may have 100 MB zipped, which is two million hashes; here each takes 2 KB of memory on its way.
    largest_batch=200_000,
    longest_name=32,
    smallest_list=2_000,
    connect=connect,
)
