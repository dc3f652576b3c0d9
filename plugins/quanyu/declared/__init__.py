"""Bring your own: a source that is declared by one YAML file, without Python (docs/bring-your-own.md).

declaration  what the file may say, strictly
folders      a folder, an S3-like bucket or an SFTP outbox, with `.done` files where there are any
formats      CSV, TSV, Excel, JSON Lines, Parquet, row by row
shaping      rows as records of the declared types
reading      days of files or a table's changes as pages
"""

from quanyu.declared.declaration import Declaration, read_declaration
from quanyu.declared.reading import declared_source

__all__ = ["Declaration", "declared_source", "read_declaration"]
