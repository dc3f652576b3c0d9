"""A bucket with a reader of exported lists: takes a CSV once its manifest is there, checks it, takes no name twice."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from typing import ClassVar

from tests.sandbox.bucket import Bucket
from tests.sandbox.fate import send_time


class FileExport(Bucket):
    """The reader's side of the folder."""

    name: ClassVar[str] = "file_export"
    secret: ClassVar[str] = "sandbox-secret-file-export"

    def written(self, key: str, content: bytes) -> None:
        """Read a list that is finished; raises when it is not the one its manifest announces."""
        if not key.endswith(".json"):
            return
        manifest = json.loads(content)
        name = str(manifest["file"])
        if any(delivery["batch_key"] == name for delivery in self.deliveries):
            return
        data = self.objects[f"{self.prefix}/{name}"]
        rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
        if hashlib.sha256(data).hexdigest() != manifest["sha256"] or len(rows) != manifest["rows"]:
            raise ValueError(f"{name} is not what its manifest announces")
        for row in rows:
            # One leading quote is not part of the cell.
            meant = {column: cell.removeprefix("'") for column, cell in row.items()}
            self.deliveries.append(
                {
                    "recipient": meant["one_id"],
                    "content": meant["text"],
                    "columns": meant,
                    "provider_id": name,
                    "batch_key": name,
                    "day": send_time(self.clock).date().isoformat(),
                    "outcome": "delivered",
                }
            )
