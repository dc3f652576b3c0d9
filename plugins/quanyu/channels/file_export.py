"""File export: CSV for whoever takes lists by file, a call centre, a mail house, a partner; one file per batch.

What it promises: a batch has one name, so a repeat writes the same file again, and a reader that has taken a name does
not take it twice. The manifest beside it comes last: a CSV without one is not finished. Once both lie there the
messages count as `delivered`, to the folder; what the reader does is not heard of. Readers keep the names they took for
two days, which is longer than we may repeat.

    quanyu_<day>_<batch key>.csv, then quanyu_<day>_<batch key>.json {"file", "rows", "sha256", "columns"}

The CSV has a header, UTF-8 with BOM (Excel), CRLF, fields quoted where they must be, and an empty field for what is
unknown. Columns: message_key, one_id, text (the template, filled), then the segment's own columns by name. A
cell that a spreadsheet could take for a formula begins with a single quote (OWASP, CSV injection): one that starts with
= + - @, their full-width forms, a tab, a line break, or a single quote itself. So `+8613800000000` is written as
`'+8613800000000`. A reader takes off one leading single quote, and has what was meant; personal columns are in clear.

Connection `quanyu_file_export`: host = file:///folder, s3://bucket/prefix (extra {"endpoint_url"?, "region_name"?}) or
sftp://server:port (extra {"host_key", "folder": "/inbox"?}); login and password = the account or the keys.

Source: owasp.org/www-community/attacks/CSV_Injection. The two days are ours.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

from quanyu.contracts import Channel, Connection, DedupKey, Message, Receipt, Verdict
from quanyu.errors import DeliveryUnknown, QuanyuError
from quanyu.filedrop import FileDrop, open_drop

_OWN = ("message_key", "one_id", "text")
_RISKY = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n", "'")


class FileExport:
    """One folder as a channel client; addresses are what the reader knows people by."""

    def __init__(self, drop: FileDrop) -> None:
        self._drop = drop

    def send(self, batch_key: str, batch: Sequence[Message]) -> list[Receipt]:
        """Write the file and its manifest, over those of an earlier attempt."""
        name = f"quanyu_{batch[0].sent_on:%Y%m%d}_{batch_key}"
        columns = [*_OWN, *sorted({column for message in batch for column in message.params} - set(_OWN))]
        content = as_csv(columns, [_row(message, columns) for message in batch])
        manifest = {
            "file": f"{name}.csv",
            "rows": len(batch),
            "sha256": hashlib.sha256(content).hexdigest(),
            "columns": columns,
        }
        # A folder out of reach is told here, while nothing is written yet.
        self._drop.read(f"{name}.json")
        self._drop.write(f"{name}.csv", content)
        try:
            self._drop.write(f"{name}.json", json.dumps(manifest, ensure_ascii=False).encode())
        except QuanyuError as error:
            # Whatever was said: with a manifest there the list is read.
            raise DeliveryUnknown(error.message, remedy=error.remedy) from None
        return [
            Receipt(key=message.key, verdict=Verdict.DELIVERED, provider_id=f"{name}.csv", code="written")
            for message in batch
        ]

    def ask(self, batch_key: str, batch: Sequence[Message]) -> list[Receipt]:
        """A reader takes files away, so their absence says nothing; a repeat writes the same again."""
        del batch_key
        return [Receipt(key=message.key, verdict=Verdict.UNKNOWN) for message in batch]

    def receipts(self, sent: Sequence[Message]) -> Iterator[Receipt]:
        """None: what was written was delivered."""
        del sent
        return iter(())


def as_csv(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    """The bytes of a file that a spreadsheet opens without computing anything."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([_safe(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _row(message: Message, columns: Sequence[str]) -> list[str]:
    own = {
        "message_key": message.key,
        "one_id": message.address,
        "text": message.template.format_map(message.params),
    }
    return [str({**message.params, **own}.get(column) or "") for column in columns]


def _safe(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_RISKY) else cell


@contextmanager
def connect(where: Connection) -> Iterator[FileExport]:
    """Open the folder behind the connection `quanyu_file_export`."""
    with open_drop(where) as drop:
        yield FileExport(drop)


CHANNEL = Channel(
    name="file_export",
    about=__doc__,
    connection="file_export",
    address_type="one_id",
    ability=DedupKey(window=timedelta(days=2)),
    largest_batch=50_000,
    is_personal=True,
    connect=connect,
)
