"""Which member and which contact are probably one person: Splink on DuckDB, in memory.

The model is that of Fellegi and Sunter. How often two strangers agree is sampled; how often one person's records
agree is learnt by expectation maximisation from the brand's own rows; a rare name proves more than a common one.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from quanyu.errors import ConfigurationError, NotReady
from quanyu.proposals import names
from quanyu.proposals.records import Account, Record

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from splink import Linker

LEAST_PROBABILITY = 0.5
"""Above it a pair is more likely than all its rivals together, so a member is proposed for one contact at most."""
_LEAST_RIVAL = 0.001
"""Below it a pair takes nothing from others."""

_SEED = 20261120
_LEAST_TIED = 20
"""People known on both sides; with fewer there is nothing to learn from."""
_LEAST_FILLED = 30
"""Values a column needs on both sides before it has a say."""
_RECALL = 0.6
"""The share of people known on both sides whom phones and unionids tie; only the starting odds hang on it."""
_PAIRS_OF_STRANGERS = 2e6
_DIGITS = 6

_TIED = "l.person = r.person"
_OPEN = "l.is_open and r.is_open"
_SURNAME = "surname_l = surname_r"
_BLOCKS = (
    "l.name = r.name",
    "l.surname = r.surname and l.store = r.store",
    "l.surname = r.surname and l.birthday = r.birthday",
    "l.surname = r.surname and l.street = r.street",
)

# DuckDB's edit distances count bytes, three of them per character: one character that differs, or is missing.
_ONE_SLIP = f"""{_SURNAME} and case length(name_l) - length(name_r)
    when 0 then length(name_l) = 3
        and (substr(name_l, 2, 1) = substr(name_r, 2, 1) or substr(name_l, 3, 1) = substr(name_r, 3, 1))
    when 1 then contains(name_l, substr(name_r, 2))
    when -1 then contains(name_r, substr(name_l, 2))
    else false
end"""

# Names in clear never reach a disk, nothing is fetched; one thread, because sums of fractions depend on their order.
_SETTINGS = (
    "threads = 1",
    "temp_directory = ''",
    "autoinstall_known_extensions = false",
    "autoload_known_extensions = false",
    "enable_external_access = false",
    "lock_configuration = true",
)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two accounts that are one person with this probability."""

    left: Account
    right: Account
    probability: float


@dataclass(frozen=True, slots=True)
class Findings:
    """What one comparison found; `model` is the fingerprint of the trained parameters."""

    model: str
    pairs: tuple[Pair, ...]


def compare(members: Sequence[Record], contacts: Sequence[Record]) -> Findings:
    """Train on all records and score the open ones; the order of the records does not matter.

    Raises ConfigurationError without the extra `splink`, NotReady while too few people are known on both sides.
    """
    tied = {record.person for record in members} & {record.person for record in contacts}
    if len(tied) < _LEAST_TIED:
        raise NotReady(
            f"only {len(tied)} people with a name are known both as store member and as WeCom contact.",
            remedy=f"wait until a phone or a unionid ties at least {_LEAST_TIED}; the model learns from them.",
        )
    # Splink warns of each level that no pair of the sample shows: on a small brand there always are some.
    logging.getLogger("splink").setLevel(logging.ERROR)
    by_id = {_unique_id(record): record for record in (*members, *contacts)}
    with _in_memory() as database:
        linker = _linker(database, members, contacts)
        _train(linker)
        scored = linker.inference.predict(_LEAST_RIVAL, warning_mode="never").as_record_list()
        model = _fingerprint(linker.misc.save_model_to_json())
    odds: dict[tuple[str, str], float] = {}
    for row in scored:
        left, right = row["unique_id_l"], row["unique_id_r"]
        if not by_id[left].contradicts(by_id[right]):
            odds[left, right] = 2.0 ** row["match_weight"]
    pairs = (
        Pair(by_id[left].account, by_id[right].account, probability)
        for (left, right), probability in _shared(odds).items()
        if by_id[left].is_lone and probability > LEAST_PROBABILITY
    )
    return Findings(model, tuple(sorted(pairs, key=lambda pair: (pair.left, pair.right))))


def _in_memory() -> DuckDBPyConnection:
    """Open a database that reads no file, writes none (no spilling to disk) and loads no extension."""
    try:
        import duckdb
        import splink  # noqa: F401  # only whether the extra is installed
    except ImportError:
        raise ConfigurationError(
            "proposals from names need the extra splink, which is not installed.",
            remedy="uv pip install 'quanyu[splink]'",
        ) from None
    database = duckdb.connect(":memory:")
    for setting in _SETTINGS:
        database.execute(f"set {setting}")
    return database


def _linker(database: DuckDBPyConnection, members: Sequence[Record], contacts: Sequence[Record]) -> Linker:
    from splink import DuckDBAPI, Linker

    api = DuckDBAPI(database)
    # Splink calls the table left whose name comes first.
    tables = [
        api.register(_columns(records), dataset_display_name=name)
        for name, records in (("left_members", members), ("right_contacts", contacts))
    ]
    return Linker(tables, _settings(members, contacts), log_level=None)


def _columns(records: Sequence[Record]) -> dict[str, list[Any]]:
    """The records as columns, in the order of their ids; every column is there, filled or not."""
    ordered = sorted(records, key=_unique_id)
    return {
        "unique_id": [_unique_id(record) for record in ordered],
        "person": [record.person for record in ordered],
        "is_open": [record.is_open for record in ordered],
        "name": [record.name for record in ordered],
        "surname": [record.name[:1] for record in ordered],
        "store": [record.store for record in ordered],
        "day": [record.day for record in ordered],
        "birthday": [record.birthday for record in ordered],
        "address": [record.address for record in ordered],
        "street": [names.street(record.address) if record.address else None for record in ordered],
    }


def _unique_id(record: Record) -> str:
    return "|".join(record.account)


def _settings(members: Sequence[Record], contacts: Sequence[Record]) -> Any:
    from splink import SettingsCreator
    from splink.blocking_rule_library import CustomRule

    def is_filled(column: str) -> bool:
        sides = (members, contacts)
        return all(sum(getattr(record, column) is not None for record in side) >= _LEAST_FILLED for side in sides)

    comparisons = _comparisons()
    return SettingsCreator(
        link_type="link_only",
        comparisons=[comparisons[column] for column in comparisons if is_filled(column)],
        blocking_rules_to_generate_predictions=[CustomRule(f"{rule} and {_OPEN}") for rule in _BLOCKS],
        retain_matching_columns=False,
        em_convergence=1e-6,
        max_iterations=100,
        linker_uid="proposals",
    )


def _comparisons() -> dict[str, Any]:
    """What is compared, each from the strongest agreement to none."""
    from splink import comparison_level_library as levels
    from splink.comparison_library import CustomComparison

    def comparison(column: str, *between: Any) -> Any:
        return CustomComparison(
            output_column_name=column, comparison_levels=[levels.NullLevel(column), *between, levels.ElseLevel()]
        )

    rare = {"term_frequency_adjustments": True}
    name = (levels.ExactMatchLevel("name", **rare), levels.CustomLevel(_ONE_SLIP), levels.CustomLevel(_SURNAME))
    near = (levels.CustomLevel("abs(day_l - day_r) <= 1"), levels.CustomLevel("abs(day_l - day_r) <= 30"))
    one_figure = levels.LevenshteinLevel("birthday", 1)
    return {
        "name": comparison("name", *name),
        "store": comparison("store", levels.ExactMatchLevel("store", **rare)),
        "day": comparison("day", *near),
        "birthday": comparison("birthday", levels.ExactMatchLevel("birthday"), one_figure),
        "address": comparison("address", levels.ExactMatchLevel("address"), levels.CustomLevel("street_l = street_r")),
    }


def _train(linker: Linker) -> None:
    training = linker.training
    training.estimate_probability_two_random_records_match([_TIED], recall=_RECALL)
    training.estimate_u_using_random_sampling(max_pairs=_PAIRS_OF_STRANGERS, seed=_SEED)
    training.estimate_parameters_using_expectation_maximisation(_TIED)


def _shared(odds: Mapping[tuple[str, str], float]) -> dict[tuple[str, str], float]:
    """Turn odds into probabilities, knowing that a member is one contact at most and the other way round.

    Namesakes are rivals: two contacts that fit one member equally well get less than a half each.
    """
    lefts: dict[str, float] = defaultdict(float)
    rights: dict[str, float] = defaultdict(float)
    for (left, right), odd in sorted(odds.items()):
        lefts[left] += odd
        rights[right] += odd
    return {
        (left, right): round(odd / (1 + lefts[left] + rights[right] - odd), _DIGITS)
        for (left, right), odd in odds.items()
    }


def _fingerprint(model: Mapping[str, Any]) -> str:
    """Name the trained parameters; the same data gives the same name."""

    def rounded(part: Any) -> Any:
        if isinstance(part, float):
            return f"{part:.{_DIGITS}g}"
        if isinstance(part, Mapping):
            return {key: rounded(value) for key, value in part.items()}
        return [rounded(value) for value in part] if isinstance(part, list) else part

    return hashlib.sha256(json.dumps(rounded(model), sort_keys=True).encode()).hexdigest()[:16]
