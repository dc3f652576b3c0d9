"""Bring your own: a source that is declared by one YAML file, without Python (docs/bring-your-own.md).

declaration  what the file may say, strictly; loading reads it, naming says what files are called
folders      a folder, an S3-like bucket or an SFTP outbox, with `.done` files where there are any
formats      CSV, TSV, Excel, JSON Lines, Parquet, row by row
shaping      rows as records of the declared types
files        days of files as pages
reading      the source of a declaration; a table's changes as pages
unusable     the source of a file with a mistake
sample       a look at what a declaration finds; looks, what seems personal in it
scaffolding  the first files of a new source
"""

from quanyu.declared.declaration import Declaration
from quanyu.declared.loading import read_declaration
from quanyu.declared.reading import declared_source

__all__ = ["Declaration", "declared_source", "read_declaration"]
