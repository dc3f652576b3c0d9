"""Data sources and audiences at Ocean Engine's DMP: files of protobuf lines, in effect later, then published.

POST /open_api/2/dmp/data_source/file/upload/   a zip and its md5; a path, good for 14 days
POST /open_api/2/dmp/data_source/create/        a data source of uploaded files
POST /open_api/2/dmp/data_source/update/        operation_type 1 add, 2 delete, 3 reset; 50 a day
GET  /open_api/2/dmp/data_source/read/          status, change_logs, default_audience once the first version is done
GET  /open_api/2/dmp/custom_audience/select/    audiences, by offset and limit
POST /open_api/2/dmp/custom_audience/publish/   shows the changes to advertisers; 24 hours between two

Lines are read by Google's protobuf runtime. The sandbox's own: `minutes` until a change is in effect, one after the
other; the first version is published by itself; every code but 0 (40001).
"""

from __future__ import annotations

import base64
import hashlib
import io
import itertools
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from tests.sandbox.ocean_error import OceanError
from tests.sandbox.platform import Clock

Row = dict[str, Any]

_HASH = re.compile(r"[0-9a-f]{64}")
_WRONG = 40001
_MOBILE_HASH_SHA256 = 6
_UPDATES_A_DAY = 50


@cache
def dmp_data() -> Any:
    """The class of `DmpData`, as the platform's dmp.proto declares it."""
    kind = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="dmp.proto", package="toutiao.dmp", syntax="proto2")
    data = file.message_type.add(name="DmpData")
    data.field.add(
        name="idList", number=1, label=kind.LABEL_REPEATED, type=kind.TYPE_MESSAGE, type_name=".toutiao.dmp.IdItem"
    )
    item = file.message_type.add(name="IdItem")
    item.field.add(name="timestamp", number=1, label=kind.LABEL_OPTIONAL, type=kind.TYPE_UINT32)
    item.field.add(
        name="dataType", number=2, label=kind.LABEL_REQUIRED, type=kind.TYPE_ENUM, type_name=".toutiao.dmp.DataType"
    )
    item.field.add(name="id", number=3, label=kind.LABEL_REQUIRED, type=kind.TYPE_STRING)
    item.field.add(name="tags", number=4, label=kind.LABEL_REPEATED, type=kind.TYPE_STRING)
    enum = file.enum_type.add(name="DataType")
    for name, number in (("IMEI", 0), ("IDFA", 1), ("UID", 2), ("MOBILE_HASH_SHA256", _MOBILE_HASH_SHA256)):
        enum.value.add(name=name, number=number)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("toutiao.dmp.DmpData"))


@dataclass
class _Change:
    id: int
    action: int
    paths: list[str]
    hashes: set[str]
    done_at: datetime
    published: bool = False


@dataclass
class _Source:
    id: str
    name: str
    audience: int
    changes: list[_Change] = field(default_factory=list)
    published_at: datetime | None = None


@dataclass
class Dmp:
    """The data sources of one advertiser; `passed` is the time that a test let pass for files alone."""

    clock: Clock
    minutes: int = 30
    passed: timedelta = timedelta()
    sources: dict[str, _Source] = field(default_factory=dict)
    files: dict[str, set[str]] = field(default_factory=dict)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def now(self) -> datetime:
        """The platform's time."""
        return self.clock.now() + self.passed

    @property
    def names(self) -> dict[str, str]:
        """The data sources, by id."""
        return {source.id: source.name for source in self.sources.values()}

    def listed(self, name: str) -> set[str]:
        """The hashes that advertisers see under a name."""
        found: set[str] = set()
        for source in self.sources.values():
            if source.name == name:
                self._live(source)
                found |= self._content([change for change in source.changes if change.published])
        return found

    def upload(self, form: Mapping[str, Any]) -> Row:
        """Take a file and read its lines."""
        try:
            content = form["file"].file.read()
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                lines = archive.read(archive.namelist()[0]).decode().split()
        except (KeyError, AttributeError, zipfile.BadZipFile):
            raise OceanError(_WRONG, "file is no zip") from None
        if hashlib.md5(content).hexdigest() != form.get("file_signature"):
            raise OceanError(_WRONG, "file_signature is not the md5 of the file")
        hashes: set[str] = set()
        for line in lines:
            items = dmp_data().FromString(base64.b64decode(line, validate=True)).idList
            if len(items) > 10_000:
                raise OceanError(_WRONG, "more than 10000 ids in a line")
            for item in items:
                if item.dataType != _MOBILE_HASH_SHA256 or not _HASH.fullmatch(item.id):
                    raise OceanError(_WRONG, "an id is no lower-case SHA-256")
                hashes.add(item.id)
        path = f"dmp/{next(self._numbers):06d}-{hashlib.md5(content).hexdigest()}"
        self.files[path] = hashes
        return {"file_path": path}

    def create(self, body: Row) -> Row:
        """Make a data source; names need not be unique."""
        name = str(body.get("data_source_name") or "")
        if not 1 <= len(name) <= 30 or body.get("data_source_type") not in {"UID", "DID"}:
            raise OceanError(_WRONG, "data_source_name or data_source_type is wrong")
        number = next(self._numbers)
        source = _Source(id=f"ds{number:012d}", name=name, audience=20_000_000 + number)
        self._change(source, 0, body)
        self.sources[source.id] = source
        return {"data_source_id": source.id}

    def update(self, body: Row) -> Row:
        """Add to a data source, delete from it, or replace it."""
        source, action = self._known(body.get("data_source_id")), body.get("operation_type")
        if action not in {1, 2, 3}:
            raise OceanError(_WRONG, "operation_type is 1, 2 or 3")
        today = self.now() - timedelta(days=1)
        if sum(change.done_at > today for change in source.changes) >= _UPDATES_A_DAY:
            raise OceanError(_WRONG, "更新次数超过每日上限")
        self._change(source, int(action), body)
        return {}

    def read(self, ids: list[str]) -> Row:
        """How far data sources are."""
        return {"data_list": [self._shown(self.sources[one]) for one in ids if one in self.sources]}

    def select(self, offset: int, limit: int) -> Row:
        """The audiences of data sources whose first version is done."""
        found = [source for source in self.sources.values() if self._is_ready(source)]
        rows = [
            {
                "custom_audience_id": source.audience,
                "data_source_id": source.id,
                "name": source.name,
                "isdel": 0,
                "delivery_status": "CUSTOM_AUDIENCE_DELIVERY_STATUS_NEED_PUSH",
            }
            for source in found
        ]
        return {"custom_audience_list": rows[offset : offset + limit], "offset": offset + limit, "total_num": len(rows)}

    def publish(self, body: Row) -> Row:
        """Show what is in effect."""
        source = next((one for one in self.sources.values() if one.audience == body.get("custom_audience_id")), None)
        if source is None or not self._is_ready(source):
            raise OceanError(_WRONG, "custom_audience_id is unknown")
        now = self.now()
        if source.published_at is not None and now - source.published_at < timedelta(hours=24):
            raise OceanError(_WRONG, "人群包24小时内只能发布一次")
        source.published_at = now
        for change in source.changes:
            change.published = change.published or change.done_at <= now
        return {}

    def _change(self, source: _Source, action: int, body: Row) -> None:
        paths = body.get("file_paths") or []
        if not paths or not set(paths) <= self.files.keys() or body.get("data_format") != 0:
            raise OceanError(_WRONG, "file_paths or data_format is wrong")
        hashes = set().union(*(self.files[path] for path in paths))
        # One after the other.
        after = max([self.now(), *(change.done_at for change in source.changes)])
        done_at = after + timedelta(minutes=self.minutes)
        source.changes.append(_Change(next(self._numbers), action, list(paths), hashes, done_at))

    def _known(self, source: object) -> _Source:
        if str(source) not in self.sources:
            raise OceanError(_WRONG, "data_source_id is unknown")
        return self.sources[str(source)]

    def _is_ready(self, source: _Source) -> bool:
        self._live(source)
        return source.changes[0].done_at <= self.now()

    def _live(self, source: _Source) -> None:
        first = source.changes[0]
        first.published = first.published or first.done_at <= self.now()

    def _content(self, changes: list[_Change]) -> set[str]:
        found: set[str] = set()
        for change in changes:
            if change.action == 2:
                found = found - change.hashes
            else:
                found = change.hashes | (set() if change.action == 3 else found)
        return found

    def _shown(self, source: _Source) -> Row:
        now, ready = self.now(), self._is_ready(source)
        published = [change.id for change in source.changes if change.published]
        audience = {"custom_audience_id": source.audience, "name": source.name, "isdel": 0}
        return {
            "data_source_id": source.id,
            "name": source.name,
            "status": 2 if ready else 1,
            "latest_published_changelog_id": max(published, default=-1),
            "change_logs": [
                {
                    "change_log_id": change.id,
                    "action": change.action,
                    "file_paths": change.paths,
                    "status": 2 if change.done_at <= now else 1,
                }
                for change in source.changes
            ],
            **({"default_audience": audience} if ready else {}),
        }
