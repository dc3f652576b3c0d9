"""Audiences of customer files at Tencent Ads: files are worked on minutes later, in no promised order.

POST /v3.0/custom_audiences/add         an audience; the same `outer_audience_id` again is the same audience
GET  /v3.0/custom_audiences/get         the audiences
POST /v3.0/custom_audience_files/add    a zip of one id per line, APPEND or REDUCE
GET  /v3.0/custom_audience_files/get    how far files are

From the contract: names of 1 to 32 bytes, unique; SHA256_MOBILE_PHONE; PENDING, then SUCCESS or ERROR with
process_code. The sandbox's own: files are worked on `minutes` after they came, shorter ones first; a file without a
valid line is an ERROR with code 202; a line that is no hash is counted and skipped.
"""

from __future__ import annotations

import io
import itertools
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.sandbox.platform import Clock
from tests.sandbox.tencent_error import TencentError

Row = dict[str, Any]

_HASH = re.compile(r"[0-9a-f]{64}")
_WRONG = 10100


@dataclass
class _File:
    id: int
    audience: int
    operation: str
    lines: list[str]
    done_at: datetime
    name: str

    @property
    def valid(self) -> set[str]:
        return {line for line in self.lines if _HASH.fullmatch(line)}


@dataclass
class CustomAudiences:
    """The audiences of one account; `passed` is the time that a test let pass for files alone."""

    clock: Clock
    minutes: int = 10
    passed: timedelta = timedelta()
    names: dict[int, str] = field(default_factory=dict)
    files: list[_File] = field(default_factory=list)
    _outer: dict[str, int] = field(default_factory=dict)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(30_100_001))

    def now(self) -> datetime:
        """The platform's time."""
        return self.clock.now() + self.passed

    def listed(self, name: str) -> set[str]:
        """The hashes in an audience, by the files that are done."""
        found: set[str] = set()
        for file in sorted(self.files, key=lambda file: file.done_at):
            if self.names[file.audience] == name and file.done_at <= self.now():
                found = found | file.valid if file.operation == "APPEND" else found - file.valid
        return found

    def add(self, body: Row) -> Row:
        """Make an audience."""
        name, outer = str(body.get("name") or ""), str(body.get("outer_audience_id") or "")
        if not 1 <= len(name.encode()) <= 32 or body.get("type") != "CUSTOMER_FILE":
            raise TencentError(_WRONG, "name or type is wrong")
        if outer in self._outer:
            return {"audience_id": self._outer[outer]}
        if name in self.names.values():
            raise TencentError(_WRONG, "人群名称重复")
        number = next(self._numbers)
        self.names[number] = name
        if outer:
            self._outer[outer] = number
        return {"audience_id": number}

    def rows(self) -> list[Row]:
        """What custom_audiences/get shows."""
        return [
            {"audience_id": number, "name": name, "type": "CUSTOMER_FILE", "status": "SUCCESS", "user_count": 0}
            for number, name in self.names.items()
        ]

    def upload(self, form: Mapping[str, Any]) -> Row:
        """Take a file."""
        audience = int(form.get("audience_id") or 0)
        operation = form.get("operation_type") or "APPEND"
        if audience not in self.names or form.get("user_id_type") != "SHA256_MOBILE_PHONE":
            raise TencentError(_WRONG, "audience_id or user_id_type is wrong")
        if operation not in {"APPEND", "REDUCE"}:
            raise TencentError(_WRONG, "operation_type is wrong")
        try:
            with zipfile.ZipFile(io.BytesIO(form["file"].file.read())) as archive:
                lines = archive.read(archive.namelist()[0]).decode().split()
        except (KeyError, AttributeError, zipfile.BadZipFile):
            raise TencentError(_WRONG, "file is no zip") from None
        number = next(self._numbers)
        # A short file overtakes a long one.
        done_at = self.now() + timedelta(minutes=self.minutes, seconds=len(lines))
        self.files.append(_File(number, audience, operation, lines, done_at, form["file"].filename))
        return {"custom_audience_file_id": number}

    def file_rows(self, audience: str | None, number: str | None) -> list[Row]:
        """What custom_audience_files/get shows."""
        return [
            self._shown(file)
            for file in self.files
            if audience in {None, str(file.audience)} and number in {None, str(file.id)}
        ]

    def _shown(self, file: _File) -> Row:
        is_done = file.done_at <= self.now()
        is_good = bool(file.valid)
        return {
            "audience_id": file.audience,
            "custom_audience_file_id": file.id,
            "name": file.name,
            "user_id_type": "SHA256_MOBILE_PHONE",
            "operation_type": file.operation,
            "process_status": ("SUCCESS" if is_good else "ERROR") if is_done else "PENDING",
            "process_code": 0 if is_good or not is_done else 202,
            "error_message": "" if is_good or not is_done else "解析号码包文件失败",
            "line_count": len(file.lines) if is_done else 0,
            "valid_line_count": len(file.valid) if is_done else 0,
            "user_count": len(file.valid) if is_done else 0,
        }
