"""What a campaign says, checked before anybody gets it: rules per channel and purpose, and one offer everywhere."""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator

from quanyu.activation.definition import SegmentDefinition
from quanyu.contracts import Purpose

_FILE = Path(__file__).with_name("wording.yml")

# What a customer would hold us to: 满199减30, 8.5折, 20元, 300积分, 第二件半价.
_OFFER = re.compile(r"满\s*\d+\s*[减送]\s*\d+|\d+(?:\.\d+)?\s*(?:元|折|%|％|积分|天|期)|[半买]价|买[一二三]送[一二三]")


class Rule(BaseModel):
    """One row of `wording.yml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    channels: tuple[str, ...] = ()
    purposes: tuple[Purpose, ...] = ()
    must: str = ""
    never: str = ""
    why: Annotated[str, StringConstraints(min_length=1)]
    source: Annotated[str, StringConstraints(min_length=1)]
    as_of: date

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if bool(self.must) == bool(self.never):
            raise ValueError("name either must or never")
        return self

    def is_broken_by(self, channel: str, purpose: Purpose, text: str) -> bool:
        """Whether a text on a channel is what the rule forbids."""
        if (self.channels and channel not in self.channels) or (self.purposes and purpose not in self.purposes):
            return False
        return bool(re.search(self.never, text)) if self.never else not re.search(self.must, text)


@cache
def rules() -> tuple[Rule, ...]:
    """All rows of `wording.yml`."""
    rows = yaml.safe_load(_FILE.read_text(encoding="utf-8"))["rules"]
    return tuple(Rule.model_validate(row) for row in rows)


def complaints(definition: SegmentDefinition, texts: dict[str, str]) -> list[str]:
    """What is wrong with a campaign's words, one clause each; `texts` maps its channels to what they will say."""
    found = [
        f"{channel}: {rule.why}"
        for channel, text in texts.items()
        for rule in rules()
        if rule.is_broken_by(channel, definition.purpose, text)
    ]
    offers = {channel: offer_of(text) for channel, text in texts.items()}
    if len(set(offers.values())) > 1:
        said = "; ".join(f"{channel}: {', '.join(sorted(offer)) or 'none'}" for channel, offer in offers.items())
        found.append(f"the channels promise different things ({said})")
    return found


def offer_of(text: str) -> frozenset[str]:
    """The figures of an offer in a text, e.g. `{满199减30, 7天}`."""
    return frozenset(re.sub(r"\s", "", found[0]) for found in _OFFER.finditer(text))
