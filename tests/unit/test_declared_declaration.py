"""What a YAML file may say: every mistake is named by file and place, with what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from quanyu.contracts import Mode, Personal
from quanyu.declared import read_declaration
from quanyu.errors import ConfigurationError
from tests.unit.declared_kit import declare, said

TABLE = {"files": None, "format": None, "table": "crm.member", "changed_by": "at", "mode": "increment"}
TIMED = {"columns": {"id": "text", "at": "time"}}


def refusal(path: Path, **entity: Any) -> str:
    with pytest.raises(ConfigurationError) as refused:
        declare(path, **entity)
    assert refused.value.remedy
    return str(refused.value)


def with_top(**keys: Any) -> dict[str, Any]:
    return {key: value for key, value in (said() | keys).items() if value is not None}


def test_a_declaration_becomes_entities_of_landed_types(tmp_path: Path) -> None:
    columns = {
        "id": "text",
        "count": "integer?",
        "money": "number",
        "day": "date?",
        "at": "time",
        "is_new": "boolean",
        "phone": {"type": "text?", "personal": "phone", "from": "手机"},
    }
    source = declare(tmp_path, columns=columns, reread_days=2)
    entity = source.entities[0]
    assert (source.name, source.about, entity.name) == ("till", "A till of our own.", "rows")
    assert (entity.key, entity.mode, entity.reread_days) == (("id",), Mode.DAILY, 2)
    assert dict(entity.fields) == {
        "id": "text",
        "count": "integer?",
        "money": "text",
        "day": "text?",
        "at": "text",
        "is_new": "boolean",
        "phone": "text?",
    }
    assert dict(entity.personal) == {"phone": Personal.PHONE}


@pytest.mark.parametrize(
    ("content", "place", "words"),
    [
        (with_top(nmae="x"), "nmae", "no such key"),
        (with_top(name=None), "name", "is missing"),
        (with_top(name="Till"), "name", "pattern"),
        (with_top(about="short"), "about", "at least 10"),
        (with_top(entities={}), "entities", "at least 1"),
        (with_top(entities=["rows"]), "entities", "mapping"),
        (with_top(time_zone="Peking"), "time_zone", "'Peking' is no time zone, write for example Asia/Shanghai"),
        (with_top(time_zone="Asia"), "time_zone", "no time zone"),
        (with_top(time_zone="../etc/passwd"), "time_zone", "no time zone"),
        (with_top(time_zone=8), "time_zone", "must be text"),
        ([1, 2], "the file", "mapping"),
        ("words", "the file", "mapping"),
    ],
)
def test_a_mistake_at_the_top_names_file_place_and_remedy(tmp_path: Path, content: Any, place: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        declare(tmp_path, content)
    assert f"{tmp_path.name}/declared_" in refused.value.message
    assert f", {place}: " in refused.value.message
    assert words in refused.value.message
    assert "docs/bring-your-own.md" in refused.value.remedy


@pytest.mark.parametrize(
    ("entity", "place", "words"),
    [
        ({"fromat": "csv"}, ".fromat", "no such key"),
        ({"mode": "weekly"}, ".mode", "'increment', 'snapshot' or 'daily'"),
        ({"mode": None}, ".mode", "is missing"),
        ({"key": []}, ".key", "at least 1"),
        ({"key": "id"}, ".key", "valid tuple"),
        ({"reread_days": -1}, ".reread_days", "greater than or equal to 0"),
        ({"reread_days": "some"}, ".reread_days", "valid integer"),
        ({"format": "xls"}, ".format", "'csv', 'tsv', 'excel', 'jsonl' or 'parquet'"),
        ({"done": "maybe"}, ".done", "'required' or 'absent'"),
        ({"encoding": "utf-ate"}, ".encoding", "'utf-ate' is no encoding"),
        ({"encoding": "base64"}, ".encoding", "no encoding"),
        ({"delimiter": ";;"}, ".delimiter", "match pattern"),
        ({"delimiter": '"'}, ".delimiter", "match pattern"),
        ({"columns": {}}, ".columns", "at least 1"),
        ({"columns": {"id": "string"}}, ".columns.id.type", "'string' is no type, write one of text, integer"),
        ({"columns": {"id": 5}}, ".columns.id", "mapping"),
        ({"columns": {"id": {"type": "text", "form": "x"}}}, ".columns.id.form", "no such key"),
        ({"columns": {"id": {"personal": "telephone"}}}, ".columns.id.personal", "'phone'"),
        ({"columns": {"id": "text", 7: "text"}}, ".columns.7", "in quotes"),
    ],
)
def test_a_mistake_in_an_entity_names_its_place(tmp_path: Path, entity: Any, place: str, words: str) -> None:
    message = refusal(tmp_path, **entity)
    assert f", entities.rows{place}: " in message
    assert words in message


@pytest.mark.parametrize(
    ("entity", "words"),
    [
        ({"table": "t"}, "either `files` or `table`"),
        ({"files": None}, "either `files` or `table`"),
        ({"key": ["nr"]}, "nr is named as key, version or changed_by and is no column"),
        ({"mode": "increment", "version": "changed"}, "changed is named as key, version or changed_by"),
        ({"version": "id"}, "a version belongs to mode increment"),
        ({"mode": "increment", "version": "amount"}, "the version amount is compared as text"),
        ({"changed_by": "id"}, "`changed_by` belongs to a table"),
        ({"format": None}, "say the `format`"),
        ({"files": "SALES.csv"}, "needs {day}"),
        ({"files": "SALES_{date}.csv"}, "knows {day}, {seq} and {part}"),
        ({"files": "SALES_{day}_{shop}.csv"}, "knows {day}, {seq} and {part}"),
        ({"files": "SALES_{day:%Y}.csv"}, "has %Y, %m and %d once each"),
        ({"files": "{part}/SALES_{day}.csv"}, "a folder of `files` knows {day} only"),
        ({"key": ["id", "amount"]}, "the key amount must be a required"),
        ({"columns": {"id": "text?"}}, "the key id must be a required"),
        (
            {"mode": "increment", "version": "at", "columns": {"id": "text", "at": "time?"}},
            "the version at is never empty",
        ),
        (
            {"columns": {"id": "text", "no": {"type": "integer", "personal": "phone"}}},
            "no is personal, so it must be a text",
        ),
        ({"files": "SALES_{day}_{day}.csv"}, "placeholder twice"),
        ({"format": "excel", "encoding": "gb18030"}, "`encoding` means nothing for excel"),
        ({"format": "jsonl", "delimiter": ";"}, "`delimiter` means nothing for jsonl"),
        ({"sheet": "一月"}, "`sheet` means nothing for csv"),
        ({"mode": "snapshot", "may_be_missing": True}, "would delete everybody"),
        ({"columns": {"id": "text", "a.b": "text"}}, "a.b is a path"),
        ({"format": "jsonl", "columns": {"id": "text", "a.b": {"from": "c"}}}, "a.b is a path, which `from`"),
        ({"columns": {"id": "text", "a": {"from": "甲"}, "b": {"from": "甲"}}}, "two columns come from the header 甲"),
        ({"columns": {"id": "text", "a": {"from": "id"}}}, "two columns come from the header id"),
        ({**TABLE, **TIMED, "changed_by": None}, "say `changed_by`"),
        ({**TABLE, **TIMED, "format": "csv"}, "belong to files"),
        ({**TABLE, **TIMED, "done": "required"}, "belong to files"),
        ({**TABLE, **TIMED, "may_be_missing": True}, "belong to files"),
        ({**TABLE, **TIMED, "changed_by": "since"}, "since is named"),
    ],
)
def test_what_does_not_go_together_is_refused_with_the_reason(tmp_path: Path, entity: Any, words: str) -> None:
    message = refusal(tmp_path, **entity)
    assert ", entities.rows: " in message
    assert words in message


def test_every_mistake_is_said_at_once(tmp_path: Path) -> None:
    message = refusal(tmp_path, fromat="csv", mode="weekly", columns={"id": "string"})
    assert all(place in message for place in ("rows.fromat", "rows.mode", "rows.columns.id.type"))


def test_files_and_tables_are_two_sources(tmp_path: Path) -> None:
    content = said()
    content["entities"]["members"] = said(**TABLE, **TIMED)["entities"]["rows"]
    with pytest.raises(ConfigurationError, match="declare two sources"):
        declare(tmp_path, content)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"name: till\nabout: [", "is no YAML at line 2"),
        (b"name: till\nname: tall\n", "line 2, 'name' occurs twice"),
        (b"entities: {rows: {columns: {id: text, id: integer}}}", "'id' occurs twice"),
        ("name: 收银".encode("gb18030"), "is no YAML"),
        (b"name: !!python/object:os.system {}", "is no YAML"),
    ],
)
def test_what_is_no_yaml_is_refused_by_line(tmp_path: Path, text: bytes, words: str) -> None:
    file = tmp_path / "source.yml"
    file.write_bytes(text)
    with pytest.raises(ConfigurationError) as refused:
        read_declaration(file)
    assert f"{tmp_path.name}/source.yml" in refused.value.message
    assert words in refused.value.message
    assert refused.value.remedy


@pytest.mark.parametrize("absent", [lambda folder: folder / "nowhere.yml", lambda folder: folder])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, absent: Callable[[Path], Path]) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read") as refused:
        read_declaration(absent(tmp_path))
    assert refused.value.remedy


def test_words_that_old_yaml_takes_for_a_boolean_are_names_of_columns(tmp_path: Path) -> None:
    file = tmp_path / "source.yml"
    file.write_text(
        "name: till\nabout: A till of our own.\nentities:\n  rows:\n    files: A_{day}.csv\n    format: csv\n"
        "    may_be_missing: yes\n    mode: daily\n    key: [no]\n    columns: {no: text, on: date, n: text, y: text}\n"
    )
    entity = read_declaration(file).entities["rows"]
    assert list(entity.columns) == ["no", "on", "n", "y"]
    assert entity.may_be_missing is True


def test_a_mark_of_utf8_in_front_is_no_mistake(tmp_path: Path) -> None:
    file = tmp_path / "source.yml"
    file.write_text(
        "name: till\nabout: A till of our own.\nentities:\n  rows:\n    files: A_{day}.csv\n    format: csv\n"
        "    mode: daily\n    key: [id]\n    columns: {id: text}\n",
        encoding="utf-8-sig",
    )
    assert read_declaration(file).name == "till"
