"""A policy that identity could not go by is refused before anything is built: file, line and what is wrong."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from quanyu import dbt
from quanyu.errors import ConfigurationError
from quanyu.identity_policy import check_policy
from quanyu.settings import PROJECT

SEEDS = PROJECT / "dbt_project" / "seeds"
TYPES, BLOCKED = "identity_identifier_types.csv", "identity_blocked_values.csv"


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    for name in (TYPES, BLOCKED):
        shutil.copyfile(SEEDS / name, tmp_path / name)
    return tmp_path


def _check(seeds: Path) -> None:
    check_policy(seeds / TYPES, seeds / BLOCKED)


def _change(seeds: Path, name: str, old: str, new: str) -> None:
    text = (seeds / name).read_text(encoding="utf-8")
    assert old in text
    (seeds / name).write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_policy_that_ships_is_accepted() -> None:
    check_policy(SEEDS / TYPES, SEEDS / BLOCKED)


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        (TYPES, "max_accounts,", "max_acounts,", "column max_accounts is missing; .* column max_acounts is unknown"),
        (TYPES, ",weak,12,", ",weak,a dozen,", r"line \d+: max_accounts: .*valid integer"),
        (TYPES, ",weak,12,", ",weak,0,", r"line \d+: max_accounts: .*greater than 0"),
        (TYPES, ",90,weak,", ",90,feeble,", r"line \d+: kind: .*'unique', 'strong', 'weak' or 'attribute'"),
        (TYPES, "phone,global,90", "phone,global,70", r"line \d+: priority 70 stands in line \d+ already"),
        (TYPES, "ouid,shop,50", "openid,shop,50", r"line \d+: identifier_type openid stands in line \d+ already"),
        (BLOCKED, "member_card,^0+$", "card,^0+$", rf"line \d+: card is no type of {TYPES}"),
        (BLOCKED, "^0+$", "^(0+$", r"line \d+: pattern: is no regular expression"),
        (BLOCKED, "13800138000,exact", "^138,regex", r"line 2: phones are tokens and match exactly only"),
        (BLOCKED, ",an empty card", ",", r"line \d+: reason: "),
    ],
)
def test_a_wrong_line_is_named(seeds: Path, name: str, old: str, new: str, said: str) -> None:
    _change(seeds, name, old, new)
    with pytest.raises(ConfigurationError, match=rf"{name}.*{said}"):
        _check(seeds)


def test_all_faults_are_told_at_once_and_no_value_is_repeated(seeds: Path) -> None:
    """A blocked value may be somebody's number."""
    _change(seeds, BLOCKED, "phone,13900139000,exact", "phone,13900139000,roughly")
    _change(seeds, TYPES, ",weak,12,", ",weak,-1,")
    with pytest.raises(ConfigurationError) as caught:
        _check(seeds)
    assert TYPES in str(caught.value)
    assert BLOCKED in str(caught.value)
    assert "13900139000" not in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        check_policy(tmp_path / TYPES, tmp_path / BLOCKED)


@pytest.mark.usefixtures("environment")
def test_a_night_with_a_wrong_policy_builds_nothing(dsn: str, seeds: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _change(seeds, TYPES, ",weak,12,", ",weak,twelve,")
    shutil.copytree(SEEDS, seeds / "project" / "seeds")
    shutil.copyfile(seeds / TYPES, seeds / "project" / "seeds" / TYPES)
    monkeypatch.setattr(dbt, "DBT_PROJECT", seeds / "project")
    from tests.dbt.evidence_kit import NIGHT

    with pytest.raises(ConfigurationError, match="max_accounts"):
        dbt.build("staging", NIGHT, dsn=dsn)
