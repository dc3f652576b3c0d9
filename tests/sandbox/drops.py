"""Files as systems drop them: CSV or JSON Lines, and the `.done` beside each."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from dataclasses import dataclass, replace
from typing import Any

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Drop:
    """One data file before it is bytes; `odd` is the column that the fault `changed_type` spoils."""

    name: str
    header: tuple[str, ...]
    rows: tuple[Row, ...]
    encoding: str = "utf-8-sig"
    odd: str = ""

    def data(self) -> bytes:
        """The file; its ending says in which format."""
        if self.name.endswith(".jsonl"):
            lines = (json.dumps(dict(zip(self.header, row, strict=True)), ensure_ascii=False) for row in self.rows)
            return "".join(f"{line}\n" for line in lines).encode()
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(self.header)
        writer.writerows(self.rows)
        return text.getvalue().encode(self.encoding)

    def with_column(self, name: str, value: str) -> Drop:
        """The file with one more column at the end."""
        return replace(self, header=(*self.header, name), rows=tuple((*row, value) for row in self.rows))

    def without_column(self, index: int) -> Drop:
        """The file with one column less."""
        rows = tuple(row[:index] + row[index + 1 :] for row in self.rows)
        return replace(self, header=self.header[:index] + self.header[index + 1 :], rows=rows)

    def with_odd_values(self) -> Drop:
        """The file with values in a form nobody agreed on."""
        index = self.header.index(self.odd)
        rows = tuple((*row[:index], f"约{row[index]}", *row[index + 1 :]) for row in self.rows)
        return replace(self, rows=rows)


def done(data: bytes, rows: int) -> bytes:
    """What the `.done` file says of a data file: md5, size in bytes, rows without the header."""
    return f"{hashlib.md5(data).hexdigest()} {len(data)} {rows}".encode()
