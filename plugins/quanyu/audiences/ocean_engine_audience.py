"""Audiences of Ocean Engine (巨量引擎 DMP 人群包): whom adverts are shown to or kept from, by the SHA-256 of a phone.

    custom_audience/select -> data_source/file/upload -> data_source/create | update (1 add, 2 delete)
    -> data_source/read until the change is in effect -> custom_audience/publish, once for all changes of a night
    -> published: only then is a member acknowledged

A line of a file is the base64 of a protobuf message `DmpData {repeated IdItem}` with at most 10,000 ids. Uploading is
providing personal data to a third party (PIPL art. 23): it needs a consent for `advertising` of its own, and fewer than
2,000 people are not uploaded, since a small file singles people out (our bound). A data source makes itself with its
first file, and shows up by its name 20 to 60 minutes later: when the answer to making it was lost, nothing is done
before it can be found. While a change that we know nothing of is under way, no other is handed over.

Guesses: the audience is called as its data source; the first version is published by itself, every later one by
`publish`, which is refused within 24 hours of the last; `change_logs` name the file paths of their change.
"""

from __future__ import annotations

import base64
import hashlib
import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

from quanyu import ocean_engine
from quanyu.contracts import Audience, Connection, Member, Receipt, Record, RemoteList, Verdict
from quanyu.errors import DeliveryUnknown, Rejected, Retryable
from quanyu.settings import utc_now
from quanyu.uploads import form_with_file, handed_over, zipped

log = logging.getLogger(__name__)

_SOURCES, _AUDIENCES = "/open_api/2/dmp/data_source/", "/open_api/2/dmp/custom_audience/"
_PAGE = 100
_IDS_PER_LINE = 10_000
_ADD, _DELETE = 1, 2
_IN_EFFECT, _FAILED = 2, 3
_MOBILE_HASH_SHA256 = 6
_FORMAT = {"data_format": 0, "file_storage_type": 0}


class OceanEngineAudience:
    """The advertiser as an audience client; addresses are phones in E.164."""

    def __init__(self, api: ocean_engine.OpenApi) -> None:
        self._api = api
        self._made: dict[str, str] = {}
        self._own: set[str] = set()
        self._doubtful: set[str] = set()

    def open(self, name: str) -> RemoteList:
        """Find the data source by its audience; it has no id before its first file is in effect."""
        offset, total = 0, 1
        while offset < total:
            asked = {"advertiser_id": self._api.advertiser, "select_type": 0, "offset": offset, "limit": _PAGE}
            data = self._api.get(_AUDIENCES + "select/", **asked)
            if not isinstance(data.get("total_num"), int):
                raise Retryable(f"{_AUDIENCES}select/: the list names no total_num.")
            total = data["total_num"]
            for audience in data.get("custom_audience_list") or []:
                if audience.get("name") == name and not int(audience.get("isdel") or 0):
                    return RemoteList(name=name, id=str(audience["data_source_id"]))
            offset += _PAGE
        return RemoteList(name=name)

    def add(self, to: RemoteList, members: Sequence[Member]) -> list[Receipt]:
        """Upload who joined; the first file makes the data source."""
        return handed_over(members, lambda hashes: self._upload(_ADD, to, hashes))

    def remove(self, of: RemoteList, members: Sequence[Member]) -> list[Receipt]:
        """Upload who left."""
        return handed_over(members, lambda hashes: self._upload(_DELETE, of, hashes))

    def settle(self, tickets: Sequence[str]) -> list[Receipt]:
        """Ask what came of changes, and publish when all of a data source are in effect."""
        by_source: dict[str, dict[str, str]] = {}
        for ticket in tickets:
            source, _, path = ticket.partition(":")
            by_source.setdefault(source, {})[path] = ticket
        return [receipt for source, paths in by_source.items() for receipt in self._settle(source, paths)]

    def _settle(self, source: str, paths: dict[str, str]) -> Iterator[Receipt]:
        found = self._read(source)
        if found is None:
            yield from (Receipt(key=ticket, verdict=Verdict.UNKNOWN) for ticket in paths.values())
            return
        logs = found.get("change_logs") or []
        published = int(found.get("latest_published_changelog_id") or 0)
        waiting = False
        for change in logs:
            status = int(change.get("status") or 0)
            mine = [paths[path] for path in change.get("file_paths") or [] if path in paths]
            if status == _FAILED:
                yield from (Receipt(key=ticket, verdict=Verdict.REFUSED, code=str(status)) for ticket in mine)
            elif status == _IN_EFFECT and int(change["change_log_id"]) <= published:
                yield from (Receipt(key=ticket, verdict=Verdict.ACCEPTED) for ticket in mine)
            waiting = waiting or (status == _IN_EFFECT and int(change["change_log_id"]) > published)
        if waiting and all(int(change.get("status") or 0) in {_IN_EFFECT, _FAILED} for change in logs):
            self._publish(found)

    def _publish(self, source: Record) -> None:
        audience = (source.get("default_audience") or {}).get("custom_audience_id")
        if audience is None:
            return
        asked = {"advertiser_id": self._api.advertiser, "custom_audience_id": audience}
        try:
            self._api.post(_AUDIENCES + "publish/", json=asked)
        except Rejected as error:
            # Twice within 24 hours: the changes are in effect and wait for the next time.
            log.warning("ocean_engine: audience %s is not published yet: %s", audience, error.message)

    def _upload(self, operation: int, which: RemoteList, hashes: Sequence[str]) -> str:
        """Hand a change over; its source and path, empty while one is under way of which nothing is known here."""
        source = which.id or self._made.get(which.name, "")
        if which.name in self._doubtful or (source and self._is_busy(source)):
            return ""
        path = self._uploaded(which.name, hashes)
        if source:
            self._update(source, operation, path)
        else:
            source = self._made[which.name] = self._create(which.name, path)
        self._own.add(path)
        return f"{source}:{path}"

    def _update(self, source: str, operation: int, path: str) -> None:
        asked = {"advertiser_id": self._api.advertiser, **_FORMAT, "file_paths": [path]}
        asked |= {"data_source_id": source, "operation_type": operation}
        # Not repeated at once: each repeat would be another change, and changes are worked on one after the other.
        self._api.post(_SOURCES + "update/", repeatable=False, json=asked)

    def _create(self, name: str, path: str) -> str:
        asked = {
            "advertiser_id": self._api.advertiser,
            **_FORMAT,
            "file_paths": [path],
            "data_source_name": name,
            "data_source_type": "UID",
            "description": "mirrors a segment; kept up to date every morning",
        }
        try:
            data = self._api.post(_SOURCES + "create/", repeatable=False, json=asked)
        except DeliveryUnknown:
            # A second one of the name would be a list that nobody empties.
            self._doubtful.add(name)
            raise
        return str(data["data_source_id"])

    def _uploaded(self, name: str, hashes: Sequence[str]) -> str:
        """Upload a file, of which nothing comes before a change names it; return its path, good for 14 days."""
        now = int(utc_now().timestamp())
        parts = (hashes[at : at + _IDS_PER_LINE] for at in range(0, len(hashes), _IDS_PER_LINE))
        content = zipped(line_of(part, timestamp=now, tag=name) for part in parts)
        signature = hashlib.md5(content, usedforsecurity=False).hexdigest()
        fields = {"advertiser_id": str(self._api.advertiser), "file_signature": signature}
        return str(self._api.post(_SOURCES + "file/upload/", **form_with_file(fields, content))["file_path"])

    def _is_busy(self, source: str) -> bool:
        logs = (self._read(source) or {}).get("change_logs") or []
        return any(
            int(change.get("status") or 0) not in {_IN_EFFECT, _FAILED}
            and not self._own & set(change.get("file_paths") or [])
            for change in logs
        )

    def _read(self, source: str) -> Record | None:
        data = self._api.get(
            _SOURCES + "read/", advertiser_id=self._api.advertiser, data_source_id_list=json.dumps([source])
        )
        return next(iter(data.get("data_list") or []), None)


def line_of(hashes: Iterable[str], *, timestamp: int, tag: str) -> str:
    """One line of a file: base64 of `DmpData {repeated IdItem idList = 1}` in the protobuf wire format.

    `IdItem {uint32 timestamp = 1; DataType dataType = 2; string id = 3; repeated string tags = 4}`.
    """
    items = (
        b"\x08"
        + _varint(timestamp)
        + b"\x10"
        + _varint(_MOBILE_HASH_SHA256)
        + b"\x1a"
        + _text(digest)
        + b"\x22"
        + _text(tag)
        for digest in hashes
    )
    return base64.b64encode(b"".join(b"\x0a" + _varint(len(item)) + item for item in items)).decode()


def _text(value: str) -> bytes:
    content = value.encode()
    return _varint(len(content)) + content


def _varint(number: int) -> bytes:
    """Seven bits a byte, the lowest first; the high bit says that more follow."""
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + _varint(rest) if rest else bytes([low])


@contextmanager
def connect(where: Connection) -> Iterator[OceanEngineAudience]:
    """Open the advertiser behind the connection `quanyu_ocean_engine`."""
    with ocean_engine.connect(where) as api:
        yield OceanEngineAudience(api)


AUDIENCE = Audience(
    name="ocean_engine_audience",
    about=__doc__,
    connection="ocean_engine",
    address_type="phone",
    consent="advertising",
    # A zip may have 50 MB, of which a hash takes some 60 bytes; here each takes 2 KB of memory on its way.
    largest_batch=200_000,
    longest_name=30,
    smallest_list=2_000,
    lag=timedelta(minutes=75),
    connect=connect,
)
