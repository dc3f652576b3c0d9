"""TOP's signature, against the platform's published example and vectors that other SDKs produced."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from quanyu.errors import ConfigurationError
from quanyu.top import sign

FILE = Path(__file__).parents[1] / "fixtures" / "signing_vectors_commerce.json"
# Two vectors are the bare HMAC of an RFC and no TOP request.
VECTORS = [vector for vector in json.loads(FILE.read_text("utf-8")) if "sign_method" in vector["params"]]


def test_all_three_methods_are_covered() -> None:
    assert {vector["params"]["sign_method"] for vector in VECTORS} == {"md5", "hmac", "hmac-sha256"}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: f"{v['algorithm']}-{v['expected'][:6]}")
def test_a_signature_equals_the_published_one(vector: dict[str, Any]) -> None:
    assert sign(vector["params"], secret=vector["secret"]) == vector["expected"]


def test_a_signature_neither_covers_itself_nor_empty_values() -> None:
    given = dict(VECTORS[0]["params"])
    assert sign({**given, "sign": "x", "status": ""}, secret="s") == sign(given, secret="s")


def test_an_unknown_method_is_a_wrong_setting() -> None:
    with pytest.raises(ConfigurationError, match="sign_method"):
        sign({"sign_method": "sha1"}, secret="s")
