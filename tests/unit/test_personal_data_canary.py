"""Known personal values go in; afterwards nothing at rest and nothing said holds them in clear."""

from __future__ import annotations

import hashlib
import logging

import psycopg
import pytest
from psycopg import sql

from quanyu import gates, landing
from quanyu.contracts import Page, Personal
from quanyu.errors import GateFailed, QuanyuError, SchemaDrift
from tests.unit.landing_kit import VAULT, D, Shop

PHONE = "13800138000"
CANARIES = {
    "phone": PHONE,
    "typed phone": "138 0013 8000",
    "E.164": "+8613800138000",
    "MD5 of the phone": hashlib.md5(PHONE.encode()).hexdigest(),
    "SHA-256 of the phone": hashlib.sha256(PHONE.encode()).hexdigest(),
    "masked phone": "138****8000",
    "name": "欧阳金丝雀",
    "e-mail": "canary@example.com",
    "address": "花街道金丝雀路七号",
    "ID number": "11010519491231002X",
    "remark": "喜欢金丝雀黄",
    "birthday": "1949-12-31",
}
RECORD = {
    "id": 1,
    "who": {"name": CANARIES["name"], "id_number": CANARIES["ID number"], "born": CANARIES["birthday"]},
    "phones": [CANARIES["typed phone"], CANARIES["E.164"], CANARIES["masked phone"]],
    "hashes": {"md5": CANARIES["MD5 of the phone"].upper(), "sha256": CANARIES["SHA-256 of the phone"]},
    "mail": CANARIES["e-mail"].upper(),
    "address": CANARIES["address"],
    "remark": CANARIES["remark"],
}
PERSONAL = {
    "who.name": Personal.NAME,
    "who.id_number": Personal.ID_NUMBER,
    "who.born": Personal.BIRTHDAY,
    "phones[]": Personal.PHONE,
    "hashes.md5": Personal.PHONE_MD5,
    "hashes.sha256": Personal.PHONE_SHA256,
    "mail": Personal.EMAIL,
    "address": Personal.ADDRESS,
    "remark": Personal.TEXT,
}


def _at_rest(dsn: str) -> dict[str, str]:
    """Every table of the database as text, ciphertexts decoded byte for byte."""
    with psycopg.connect(dsn) as connection:
        tables = connection.execute(
            """select n.nspname, c.relname from pg_class as c inner join pg_namespace as n on n.oid = c.relnamespace
            where c.relkind in ('r', 'm') and n.nspname not in ('pg_catalog', 'information_schema')"""
        ).fetchall()
        query = sql.SQL("select coalesce(string_agg(t::text, e'\\n'), '') from {} as t")
        texts = {}
        for schema, name in tables:
            [text] = connection.execute(query.format(sql.Identifier(schema, name))).fetchone() or [""]
            texts[f"{schema}.{name}"] = text
        sealed = connection.execute("select ciphertext from vault.secret").fetchall()
        texts["ciphertexts"] = "\n".join(bytes(value).decode("utf-8", "replace") for (value,) in sealed)
        return texts


def _assert_nothing_sings(texts: dict[str, str]) -> None:
    for place, text in texts.items():
        for what, value in CANARIES.items():
            assert value.lower() not in text.lower(), f"{place} holds the {what}"


def test_no_table_and_no_log_line_holds_a_personal_value(
    dsn: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """A good night, a drift, a defect of a source, and a gate that refuses: every table and log line is searched."""
    fields = {"id": "integer", "who": "object", "phones": "array", "mail": "text?"}
    said: list[str] = []
    with caplog.at_level(logging.DEBUG):
        shop = Shop(fields=fields, personal=PERSONAL).holds(RECORD)
        shop.land(dsn)
        gates.check(dsn, "raw", D)
        landing.admit(dsn, D, "shop")
        landing.seal(dsn, D, shop.source)
        with pytest.raises(SchemaDrift) as drift:
            shop.holds(RECORD, RECORD | {"id": PHONE, "mail": {CANARIES["e-mail"]: [CANARIES["name"]]}}).land(dsn)
        shop.pages = [Page([RECORD]), ValueError(f"cannot read {CANARIES['name']}, {PHONE}")]
        with pytest.raises(QuanyuError) as defect:
            shop.land(dsn)
        shop.holds(RECORD | {"undeclared": "13900139000"}).land(dsn)
        with pytest.raises(GateFailed) as refused:
            gates.check(dsn, "raw", D)
        landing.admit(dsn, D, "shop")
        landing.seal(dsn, D, shop.source)
        said += [str(error.value) for error in (drift, defect, refused)]
    texts = _at_rest(dsn)
    assert {
        "raw.shop__rows",
        "landing.shop__rows",
        "ops.entity_load",
        "ops.quarantine",
        "ops.gate_result",
    } <= texts.keys()
    _assert_nothing_sings(texts)
    _assert_nothing_sings({"errors": "\n".join(said), "logs": caplog.text, "terminal": "".join(capfd.readouterr())})
    assert "13900139000" not in texts["raw.shop__rows"]


def test_the_search_finds_what_stands_in_clear(dsn: str) -> None:
    """The canary itself can fail: an undeclared phone in the pen is found."""
    Shop(fields={"id": "integer"}).holds({"id": 1, "phone": PHONE}).land(dsn)
    with pytest.raises(AssertionError, match=r"landing\.shop__rows holds the phone"):
        _assert_nothing_sings(_at_rest(dsn))


def test_what_landed_as_tokens_can_still_be_used(dsn: str) -> None:
    """The canaries are in the vault, whole: nothing was hidden by losing it."""
    Shop(fields={"id": "integer"}, personal=PERSONAL).holds(RECORD).land(dsn)
    with psycopg.connect(dsn) as connection:
        tokens = [token for (token,) in connection.execute("select token from vault.secret")]
        kept = set(VAULT.reveal(connection, tokens).values())
    assert kept == {value for what, value in CANARIES.items() if what not in {"phone", "typed phone", "birthday"}}
