"""What each channel of a campaign will say, and the variables it needs.

A segment writes the text itself, or names a platform's code whose text, as approved, stands in the seed
`message_templates`. Variables are names in braces, and each is a column of the segment.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from string import Formatter

from quanyu.activation.definition import SegmentDefinition
from quanyu.contracts import Channel
from quanyu.settings import PROJECT

_FILE = PROJECT / "dbt_project" / "seeds" / "message_templates.csv"


@dataclass(frozen=True, slots=True)
class Template:
    """`sent` is what the ledger keeps and a channel gets: the text, or `code:first,second` where texts are approved.

    `text` is None for a code that the seed does not know. `variables` are in the order of the text.
    """

    sent: str
    text: str | None
    variables: tuple[str, ...]


@cache
def approved() -> Mapping[tuple[str, str], str]:
    """Channel and code -> the approved text."""
    with _FILE.open(encoding="utf-8", newline="") as file:
        return {(row["channel"], row["template_code"]): row["text"] for row in csv.DictReader(file)}


def template(definition: SegmentDefinition, channel: Channel) -> Template:
    """What a segment says on a channel."""
    written = definition.templates[channel.name]
    if not channel.is_coded:
        return Template(sent=written, text=written, variables=variables_in(written))
    text = approved().get((channel.name, written))
    variables = variables_in(text or "")
    sent = f"{written}:{','.join(variables)}" if variables else written
    return Template(sent=sent, text=text, variables=variables)


def variables_in(text: str) -> tuple[str, ...]:
    """The names in braces, each once, in the order of their first place."""
    return tuple(dict.fromkeys(name for _, name, _, _ in Formatter().parse(text) if name))
