"""`quanyu source`: a person writes a declaration, looks at what it finds, and gets the first files of a new source."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from typer.testing import CliRunner, Result

from quanyu import discovery, gates, landing, warehouse
from quanyu.cli import app
from quanyu.errors import GateFailed
from quanyu.vault import Vault
from tests.sandbox import running_sandbox
from tests.unit.declared_kit import PHONE, Folder, parquet_of, said, workbook

DAY = date(2026, 11, 20)
SHIPPED = Path(discovery.__file__).parent / "sources"
DECLARED = sorted(path.parent.name for path in SHIPPED.glob("*/source.yml"))
ID_CARD = "11010519491231002X"
ID_NUMBER = "110105199005010018"


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "240")
    monkeypatch.delenv("QUANYU_SOURCES", raising=False)
    monkeypatch.delenv("AIRFLOW_CONN_QUANYU_TILL", raising=False)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "outbox")


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["source", *map(str, arguments)])


def till(path: Path, **entity: Any) -> Path:
    file = path / "till.yml"
    file.write_text(yaml.safe_dump(said(**entity), allow_unicode=True), encoding="utf-8")
    return file


# --- check


def test_without_a_connection_the_file_alone_is_judged(tmp_path: Path) -> None:
    done = run("check", till(tmp_path))
    assert done.exit_code == 0, done.output
    assert "SALES_{day}.csv" in done.output
    assert "AIRFLOW_CONN_QUANYU_TILL" in done.output


def test_a_mistake_in_the_file_is_named_by_place_and_remedy(tmp_path: Path) -> None:
    done = run("check", till(tmp_path, kee=["id"]))
    assert done.exit_code == 1
    assert "entities.rows.kee: no such key" in done.output
    assert "docs/bring-your-own.md" in done.output
    assert "Traceback" not in done.output


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    done = run("check", tmp_path / "none.yml")
    assert done.exit_code == 1
    assert "cannot be read" in done.output


def test_a_sample_shows_types_and_forms_and_nobodys_data(tmp_path: Path, folder: Folder) -> None:
    columns = {
        "id": {"type": "text", "from": "单号"},
        "phone": {"type": "text?", "personal": "phone", "from": "手机号"},
        "amount": "money",
        "at": "time",
    }
    folder.put("SALES_20261119.csv", "old file, not looked at\n")
    folder.put("SALES_20261120.csv", f"单号,手机号,amount,at\nA-17,{PHONE},12.30,2026/11/20 9:05\n刘b,,1,2026-11-20\n")
    done = run("check", till(tmp_path, columns=columns), "--folder", folder.path)
    assert done.exit_code == 0, done.output
    assert "2 rows of SALES_20261120.csv" in done.output
    lines = {line.split("│")[1].strip(): line for line in done.output.splitlines() if line.startswith("│")}
    assert "A-99" in lines["id"]
    assert "单号" in lines["id"]
    assert "***" in lines["phone"]
    assert "phone" in lines["phone"].split("│")[4]
    assert "2026-11-20T00:00 … 2026-11-20T09:05" in lines["at"]
    for value in (PHONE, "A-17", "刘b"):
        assert value not in done.output


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (("note", PHONE), ("look like phone numbers", 1)),
        (("note", f"call {PHONE}"), ("look like phone numbers", 0)),
        (("note", "+86 138 1234 5678"), ("look like phone numbers", 0)),
        (("note", "someone@example.cn"), ("look like e-mail addresses", 1)),
        (("note", ID_CARD), ("look like ID-card numbers", 0)),
        (("收货地址", "somewhere"), ("its name suggests personal data", 0)),
    ],
)
@pytest.mark.parametrize("is_declared", [True, False])
def test_what_looks_personal_and_is_not_declared_so_is_said_and_is_a_problem_where_the_gate_refuses_it(
    tmp_path: Path, folder: Folder, cell: tuple[str, str], expected: tuple[str, int], is_declared: bool
) -> None:
    title, value = cell
    words, exit_code = expected
    folder.put("SALES_20261120.csv", f"id,{title}\nA1,{value}\n")
    columns = {"id": "text", **({"note": {"type": "text", "from": title}} if is_declared else {})}
    done = run("check", till(tmp_path, columns=columns), "--folder", folder.path)
    assert done.exit_code == exit_code, done.output
    assert words in done.output
    assert ("would land in clear" in done.output) is not is_declared
    assert value not in done.output


@pytest.mark.parametrize(
    ("title", "type_", "value"),
    [
        ("contact", "integer", int(PHONE)),
        ("contact", "number", PHONE),
        ("contact", "money", PHONE),
        ("serial", "integer", int(ID_NUMBER)),
        ("birth_date", "date", "1990-05-01"),
        ("birthday", "time", "1990-05-01 00:00:00"),
        ("extra", "object", {PHONE: 1}),
        ("extra", "array", [{PHONE: "a@b.cn"}]),
        ("extra", None, {PHONE: 1}),
        ("extra", None, {"a@b.cn": 1}),
    ],
)
def test_what_looks_personal_is_shown_by_its_form_whatever_its_type(
    tmp_path: Path, folder: Folder, title: str, type_: str | None, value: object
) -> None:
    """A phone declared as a number, a birthday as a date, an object keyed by phones."""
    folder.put("EVENTS_20261120.jsonl", json.dumps({"id": "A1", title: value}) + "\n")
    columns = {"id": "text", **({title: type_} if type_ else {})}
    done = run(
        "check", till(tmp_path, files="EVENTS_{day}.jsonl", format="jsonl", columns=columns), "--folder", folder.path
    )
    assert "look like" in done.output or "suggests personal data" in done.output
    for text in (PHONE, ID_NUMBER, "1990-05-01", "a@b.cn"):
        assert text not in done.output


@pytest.mark.parametrize(
    "value",
    [PHONE, f"+86{PHONE}", f"call {PHONE}", "138-1234-5678", "a@b.cn", "mail a@b.cn", ID_CARD, {PHONE: 1}, int(PHONE)],
    ids=str,
)
def test_a_look_refuses_in_clear_exactly_what_the_raw_gate_refuses(
    tmp_path: Path, folder: Folder, dsn: str, monkeypatch: pytest.MonkeyPatch, value: object
) -> None:
    folder.put("EVENTS_20261120.jsonl", json.dumps({"id": "A1", "note": value}) + "\n")
    file = till(tmp_path, files="EVENTS_{day}.jsonl", format="jsonl", columns={"id": "text"})
    monkeypatch.setenv("QUANYU_SOURCES", str(tmp_path))
    source = discovery.sources()["till"]
    with warehouse.connect(dsn) as connection:
        landing.prepare(connection)
    vault = Vault(bytes(range(32)))
    landing.land(source, source.entities[0], folder.where, DAY, dsn=dsn, vault=vault, history_days=0)
    try:
        gates.check(dsn, "raw", DAY, landing.pens(dsn, DAY, "till"))
        is_refused = False
    except GateFailed:
        is_refused = True
    assert (run("check", file, "--folder", folder.path).exit_code == 1) is is_refused


def test_a_header_may_look_like_markup(tmp_path: Path, folder: Folder) -> None:
    folder.put("SALES_20261120.csv", "id,note[/red],[b]\nA1,x,y\n")
    done = run("check", till(tmp_path, columns={"id": "text"}), "--folder", folder.path)
    assert done.exit_code == 0, done.output
    assert "note[/red]" in done.output
    assert "[b]" in done.output


def test_an_increment_without_a_version_is_a_warning(tmp_path: Path, folder: Folder) -> None:
    folder.put("SALES_20261120.csv", "id,at\nA1,2026-11-20 01:00\n")
    columns = {"id": "text", "at": "time"}
    for entity, is_said in (
        ({"mode": "increment"}, True),
        ({"mode": "increment", "version": "at"}, False),
        ({"mode": "daily"}, False),
    ):
        done = run("check", till(tmp_path, columns=columns, **entity), "--folder", folder.path)
        assert done.exit_code == 0, done.output
        assert ("it has no `version`" in done.output) is is_said


@pytest.mark.parametrize(
    "value", ["ORDER-13812345678900", "11010519491231002A", "12345678901234567X", "a@b", "20261120"]
)
def test_what_only_resembles_personal_data_is_no_warning(tmp_path: Path, folder: Folder, value: str) -> None:
    folder.put("SALES_20261120.csv", f"id,note\nA1,{value}\n")
    done = run("check", till(tmp_path, columns={"id": "text", "note": "text"}), "--folder", folder.path)
    assert done.exit_code == 0, done.output
    assert "look" not in done.output


PROBLEMS = [
    pytest.param({}, "id,amount\nA1,12,5\n", "line 2 has 3 of 2 columns", id="a line that slipped"),
    pytest.param({}, "id,amount\nA1,twelve\nA2,x\n", "amount does not read as number. ", id="a value"),
    pytest.param({}, "id,amount\nA1,twelve\nA2,x\n", "(2 rows)", id="how often"),
    pytest.param({}, "amount\n1\n", "lacks the column id", id="a column that is not there"),
    pytest.param({}, "id,amount\nA1,1\nA1,2\n", "1 rows have the key id of another row", id="a key that is none"),
    pytest.param({"files": "ORDERS_{day}.csv"}, "id,amount\n", "no file is called ORDERS_{day}.csv", id="no file"),
    pytest.param({"done": "required"}, "id,amount\nA1,1\n", "has no .done file yet", id="no .done"),
    pytest.param({"format": "excel"}, "id,amount\n", "it is no Excel workbook", id="another format"),
]


@pytest.mark.parametrize(("entity", "content", "words"), PROBLEMS)
def test_what_would_cost_the_night_is_a_problem(
    tmp_path: Path, folder: Folder, entity: dict[str, Any], content: str, words: str
) -> None:
    folder.put("SALES_20261120.csv", content)
    done = run("check", till(tmp_path, **entity), "--folder", folder.path)
    assert done.exit_code == 1, done.output
    assert words in done.output
    assert "twelve" not in done.output


def test_a_done_file_that_promises_other_rows_is_a_problem(tmp_path: Path, folder: Folder) -> None:
    folder.put("SALES_20261120.csv", "id,amount\nA1,1\n", rows=2)
    done = run("check", till(tmp_path, done="required"), "--folder", folder.path)
    assert done.exit_code == 1
    assert "it holds 1 rows, its .done says 2" in done.output


def test_a_row_that_is_sent_twice_unchanged_is_no_problem(tmp_path: Path, folder: Folder) -> None:
    folder.put("SALES_20261120.csv", "id,amount\nA1,1\nA1,1.\n")
    assert run("check", till(tmp_path), "--folder", folder.path).exit_code == 0


def test_a_version_tells_the_changes_of_one_key_apart(tmp_path: Path, folder: Folder) -> None:
    folder.put("SALES_20261120.csv", "id,at\nA1,2026-11-20 01:00\nA1,2026-11-20 02:00\n")
    columns = {"id": "text", "at": "time"}
    file = till(tmp_path, columns=columns, mode="increment", version="at")
    assert run("check", file, "--folder", folder.path).exit_code == 0
    file = till(tmp_path, columns=columns, mode="increment")
    assert run("check", file, "--folder", folder.path).exit_code == 1


def test_the_sample_is_as_large_as_asked_and_of_the_day_asked_for(tmp_path: Path, folder: Folder) -> None:
    folder.put("SALES_20261119.csv", "id,amount\n" + "".join(f"B{n},1\n" for n in range(5)))
    folder.put("SALES_20261120.csv", "id,amount\nA1,1\n")
    done = run("check", till(tmp_path), "--folder", folder.path, "--date", "2026-11-19", "--sample", "3")
    assert "3 rows of SALES_20261119.csv" in done.output
    done = run("check", till(tmp_path), "--folder", folder.path, "--date", "2026-11-18")
    assert done.exit_code == 1
    assert "no file of 2026-11-18" in done.output


def test_paths_into_objects_and_lists_are_looked_at_too(tmp_path: Path, folder: Folder) -> None:
    columns = {
        "id": "text",
        "body": "object?",
        "lines[].sku": "text?",
        "buyer.phone": {"type": "text?", "personal": "phone"},
    }
    row = {
        "id": "A1",
        "body": {"note": PHONE, "x": 1.5},
        "lines": [{"sku": "S1", "gift": "y"}],
        "buyer": {"phone": PHONE, "mail": "a@b.cn"},
    }
    folder.put("EVENTS_20261120.jsonl", json.dumps(row) + "\n")
    file = till(tmp_path, files="EVENTS_{day}.jsonl", format="jsonl", columns=columns)
    done = run("check", file, "--folder", folder.path)
    assert done.exit_code == 1, "the raw gate refuses the phone and the address in clear"
    assert PHONE not in done.output
    undeclared = {
        line.split("│")[1].strip() for line in done.output.splitlines() if "not declared" in line.partition(" is ")[0]
    }
    assert undeclared == {"lines[].gift", "buyer.mail"}
    assert "body.note is not declared and would land in clear: 1 of 1 values look like phone numbers" in done.output
    assert "buyer.mail is not declared" in done.output
    assert "buyer.phone is not declared" not in done.output


@pytest.mark.parametrize(("name", "code"), [("buyer.mobile", 1), ("buyer.campaign", 0)])
def test_a_phone_that_is_a_number_is_told_by_its_name(tmp_path: Path, folder: Folder, name: str, code: int) -> None:
    """As the raw gate tells it: an advertisement's id may look like a phone."""
    member = name.partition(".")[2]
    row = {"id": "A1", "at": "2026-11-20 09:30:00", "buyer": {member: int(PHONE)}}
    folder.put("EVENTS_20261120.jsonl", json.dumps(row) + "\n")
    columns = {"id": "text", "at": "time"}
    file = till(tmp_path, files="EVENTS_{day}.jsonl", format="jsonl", columns=columns)
    done = run("check", file, "--folder", folder.path)
    assert (done.exit_code, PHONE in done.output) == (code, False), done.output
    assert f"{name} is not declared and would land in clear" in done.output


def test_excel_and_parquet_are_looked_at_the_same_way(tmp_path: Path, folder: Folder) -> None:
    import pyarrow

    folder.put("SALES_20261120.xlsx", workbook(["id", "amount"], ["A1", 1.5], ["A2", 2]))
    done = run("check", till(tmp_path, files="SALES_{day}.xlsx", format="excel"), "--folder", folder.path)
    assert (done.exit_code, "2 rows" in done.output) == (0, True), done.output
    folder.put("SALES_20261120.parquet", parquet_of(pyarrow.table({"id": ["A1"], "amount": [1.5]})))
    done = run("check", till(tmp_path, files="SALES_{day}.parquet", format="parquet"), "--folder", folder.path)
    assert (done.exit_code, "1 rows" in done.output) == (0, True), done.output


def test_a_table_is_looked_at_over_the_connection(tmp_path: Path, dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    address = psycopg.conninfo.conninfo_to_dict(dsn)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table member (no bigint primary key, phone text, secret text, at timestamptz)")
        connection.execute("insert into member values (9007199254740993, %s, 'x', '2026-11-20 10:00+08')", [PHONE])
    columns = {"no": "integer", "phone": {"type": "text?", "personal": "phone"}, "at": "time"}
    keys = {"files": None, "format": None, "table": "member", "changed_by": "at", "key": ["no"]}
    file = till(tmp_path, mode="increment", columns=columns, **keys)
    where = {
        "conn_type": "postgres",
        "host": f"postgresql://{address['host']}:{address['port']}/{address['dbname']}",
        "login": address["user"],
        "password": address.get("password") or "any",
    }
    monkeypatch.setenv("AIRFLOW_CONN_QUANYU_TILL", json.dumps(where))
    done = run("check", file)
    assert done.exit_code == 0, done.output
    assert "1 rows of table member" in done.output
    assert "9007199254740993" in done.output
    assert PHONE not in done.output
    assert "secret" not in done.output


def test_a_connection_of_another_name_can_be_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = till(tmp_path)
    done = run("check", file, "--connection", "other")
    assert done.exit_code == 1
    assert "AIRFLOW_CONN_QUANYU_OTHER is not set" in done.output
    monkeypatch.setenv("AIRFLOW_CONN_QUANYU_OTHER", json.dumps({"conn_type": "x", "host": (tmp_path / "no").as_uri()}))
    done = run("check", file, "--connection", "other")
    assert done.exit_code == 1
    assert "the folder cannot be read" in done.output


def test_a_name_that_could_not_be_installed_is_a_problem(tmp_path: Path) -> None:
    file = tmp_path / "tmall.yml"
    file.write_text(yaml.safe_dump(said() | {"name": "tmall"}), encoding="utf-8")
    assert "comes with the project" in run("check", file).output
    file.write_text(yaml.safe_dump(said()), encoding="utf-8")
    done = run("check", file)
    assert done.exit_code == 1
    assert "must be called till.yml" in done.output


def test_the_projects_own_declarations_understand_what_their_systems_drop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each declared source that came with the project, against its platform in the sandbox; nobody's data is shown."""
    assert DECLARED
    with running_sandbox(people=40, seed=11, business_date=DAY) as sandbox:
        people = sandbox.world.people
        for name in DECLARED:
            monkeypatch.setenv(f"AIRFLOW_CONN_QUANYU_{name.upper()}", json.dumps(sandbox.connections[name]))
            done = run("check", SHIPPED / name / "source.yml")
            assert done.exit_code == 0, done.output
            assert "not declared" not in done.output
            assert "would land in clear" not in done.output
            assert not [person for person in people if person.name in done.output]
            assert not [phone for person in people for phone in person.phones if phone in done.output]


# --- list


def test_what_is_installed_is_listed_with_what_is_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    till(tmp_path)
    monkeypatch.setenv("QUANYU_SOURCES", str(tmp_path))
    monkeypatch.setenv("AIRFLOW_CONN_QUANYU_TILL", json.dumps({"conn_type": "x", "host": "file:///x"}))
    done = run("list")
    assert done.exit_code == 0, done.output
    lines = {line.split("│")[1].strip(): line for line in done.output.splitlines() if line.startswith("│")}
    assert set(filter(None, lines)) == set(discovery.sources())
    assert " on " in lines["till"]
    assert "rows (daily)" in lines["till"]
    assert " on " not in lines["weibo"]


def test_a_file_with_a_mistake_is_listed_in_red_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    till(tmp_path, mode="weekly")
    monkeypatch.setenv("QUANYU_SOURCES", str(tmp_path))
    done = run("list")
    assert done.exit_code == 1
    assert "entities.rows.mode" in done.output
    assert "tmall" in done.output
