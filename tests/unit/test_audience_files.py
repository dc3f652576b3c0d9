"""Files for ad platforms: hashes as the vendors' vectors have them, lines that Google's protobuf runtime reads."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quanyu.audiences.ocean_engine_audience import line_of
from quanyu.uploads import phone_hash, zipped
from tests.sandbox.ocean_dmp import dmp_data

FILE = Path(__file__).parents[1] / "fixtures" / "vectors_audiences.json"
VECTORS: dict[str, Any] = {vector["platform"]: vector for vector in json.loads(FILE.read_text("utf-8"))}


def test_a_phone_is_hashed_as_tencent_ads_wants_it() -> None:
    vector = VECTORS["tencent_ads_audience"]
    assert phone_hash("+86" + vector["params"]["mobile"]) == vector["expected"]["SHA256_MOBILE_PHONE"]


@pytest.mark.parametrize("number", ["+85251234567", "13800000000", "+861380000000", "+8613800000000x"])
def test_what_is_no_mainland_number_is_not_hashed(number: str) -> None:
    assert phone_hash(number) is None


def test_a_line_equals_the_vendors_vector() -> None:
    vector = VECTORS["ocean_engine_dmp_file"]
    hashes = [str(phone_hash(f"+86{mobile}")) for mobile in vector["params"]["mobiles"]]
    (tag,) = vector["params"]["tags"]
    assert line_of(hashes, timestamp=vector["params"]["timestamp"], tag=tag) == vector["expected"]["line"]


@given(
    hashes=st.lists(st.text("0123456789abcdef", min_size=64, max_size=64), max_size=20),
    timestamp=st.integers(0, 2**32 - 1),
    tag=st.text(max_size=200).filter(lambda text: text.isprintable()),
)
def test_the_protobuf_runtime_reads_what_a_line_says(hashes: list[str], timestamp: int, tag: str) -> None:
    read = dmp_data().FromString(base64.b64decode(line_of(hashes, timestamp=timestamp, tag=tag)))
    assert [(item.timestamp, item.dataType, item.id, list(item.tags)) for item in read.idList] == [
        (timestamp, 6, digest, [tag]) for digest in hashes
    ]


def test_a_zip_holds_one_text_of_its_lines() -> None:
    with zipfile.ZipFile(io.BytesIO(zipped(["a", "b"]))) as archive:
        (name,) = archive.namelist()
        assert archive.read(name) == b"a\nb\n"
