"""The steward's desk, on an identity that dbt built: what it explains, refuses, keeps and never says aloud."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner, Result

from quanyu import warehouse
from quanyu.desk import identity_app
from quanyu.local.postgres import EmbeddedPostgres
from quanyu.publish import grants
from quanyu.settings import settings
from quanyu.stewardship import decisions
from quanyu.stewardship.decisions import Account, Decision, Identifier
from tests.dbt.evidence_kit import NIGHT, Evidence, Warehouse, days_ago, phone, phone_md5, warehouse_of_its_own

TIED, FAMILY, FAMILY_2, CLERK, REISSUED, NEVER, HASHED = (f"1390000000{n}" for n in range(7))
CARD_LIKE_A_PHONE = "13812345678"
CLEAR = re.compile(r"1[3-9]\d{9}")

CONTACT, MEMBER, FOLLOWER = (
    "wecom_contact:corp:wm-tied",
    "store_member:quanyu:金卡-1",
    "official_account_follower:wx:o-tied",
)
MOTHER, FATHER = "wecom_contact:corp:wm-mother", "wecom_contact:corp:wm-father"
AUNT = "wecom_contact:corp:wm-aunt"
SAME_1, SAME_2 = "wecom_contact:corp:wm-same-1", "wecom_contact:corp:wm-same-2"
NEVER_1, NEVER_2 = "store_receipt:quanyu:S1|never-1", "store_receipt:quanyu:S1|never-2"
BY = ("--who", "Li Wei", "--why", "called the shop")

STANDING = [
    Decision(
        decision="same",
        decided_by="Zhang",
        reason="two phones of one customer",
        effective_on=NIGHT - timedelta(days=9),
        left=(Account.parse(SAME_1),),
        right=(Account.parse(SAME_2),),
    ),
    Decision(
        decision="never_same",
        decided_by="Zhang",
        reason="two sisters",
        effective_on=NIGHT - timedelta(days=9),
        left=(Account.parse(NEVER_1),),
        right=(Account.parse(NEVER_2),),
    ),
]


def the_cases() -> Evidence:
    evidence = Evidence()
    # tied: contact, phone, member, unionid, follower
    evidence.contact("wm-tied", days_ago(50), phones=[phone(TIED)])
    evidence.member("金卡-1", days_ago(40), phone=phone(TIED))
    evidence.visit("tied", days_ago(30), card="金卡-1", unionid="union-of-tied-1234567890")
    evidence.follower("o-tied", days_ago(20), unionid="union-of-tied-1234567890")
    evidence.contact("wm-mother", days_ago(9), unionid="union-of-mother-123456", phones=[phone(FAMILY)])
    evidence.contact(
        "wm-father", days_ago(9), unionid="union-of-father-123456", phones=[phone(FAMILY), phone(FAMILY_2)]
    )
    evidence.contact("wm-aunt", days_ago(8), unionid="union-of-aunt-12345678", phones=[phone(FAMILY_2)])
    for n in range(15):
        evidence.receipt(f"clerk-{n}", days_ago(n), phone=phone(CLERK))
    evidence.member("old-owner", days_ago(1000), phone=phone(REISSUED), updated=days_ago(700))
    evidence.contact("wm-new-owner", days_ago(20), unionid="union-of-new-owner", phones=[phone(REISSUED)])
    evidence.contact("wm-same-1", days_ago(50), unionid="union-of-same-1-1234")
    evidence.contact("wm-same-2", days_ago(40), unionid="union-of-same-2-1234")
    for n in (1, 2):
        evidence.receipt(f"never-{n}", days_ago(5), phone=phone(NEVER))
    evidence.visit("hashed", days_ago(5), phone_hash=phone_md5(HASHED))
    evidence.member(CARD_LIKE_A_PHONE, days_ago(5))
    evidence.member("lonely", days_ago(5))
    return evidence


@pytest.fixture(scope="module")
def built(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    with warehouse_of_its_own(postgres, tmp_path_factory.mktemp("home")) as house:
        house.add(the_cases().rows)
        with warehouse.connect(house.dsn) as connection:
            for decision in STANDING:
                decisions.store(connection, decision)
        house.build()
        house.execute(f"insert into ops.publication values ('{NIGHT}', '{{}}')")
        yield house


@pytest.fixture
def house(built: Warehouse) -> Warehouse:
    """The same identity with the decisions it was built with, whatever the test before decided."""
    with warehouse.connect(built.dsn) as connection:
        connection.execute("truncate ops.identity_decision, ops.identity_decision_account")
        for decision in STANDING:
            decisions.store(connection, decision)
    return built


def desk(*arguments: str, code: int = 0) -> str:
    """What the desk answers, in one line; it never says a clear phone."""
    done: Result = CliRunner().invoke(identity_app, arguments)
    assert done.exit_code == code, f"{done.output}\n{done.exception!r}"
    assert not CLEAR.search(done.output)
    return " ".join(done.output.split())


def one_id(house: Warehouse, account: str) -> str:
    named = Account.parse(account)
    return house.people()[named.account_type, named.scope, named.account_id]


def taken(house: Warehouse) -> list[Decision]:
    """What was decided since the build."""
    with warehouse.connect(house.dsn) as connection:
        known = {decision.decision_id for decision in STANDING}
        return [decision for decision in decisions.taken(connection) if decision.decision_id not in known]


def in_order(text: str, *parts: str) -> bool:
    return re.search(".*".join(map(re.escape, parts)), text) is not None


def test_the_chain_of_evidence_ties_two_accounts_of_one_person(house: Warehouse) -> None:
    said = desk("explain", CONTACT, FOLLOWER)
    assert f"One person: {one_id(house, CONTACT)}, 3 accounts." in said
    assert in_order(said, CONTACT, "phone ph_", "wecom, 2026-10-01, 1 time", MEMBER, "unionid union-…890", FOLLOWER)
    assert phone(TIED) not in said
    assert "union-of-tied" not in said
    assert f"quanyu identity never-same {CONTACT} {FOLLOWER}" in said
    assert f"quanyu identity quarantine {Identifier('phone', 'global', phone(TIED)).key}" in said


def test_the_refused_identifier_and_what_contradicts_it_keep_a_family_apart(house: Warehouse) -> None:
    said = desk("explain", MOTHER, FATHER)
    assert in_order(said, "Not one person.", one_id(house, MOTHER), one_id(house, FATHER))
    assert in_order(said, "phone ph_", "it would turn two people into one", "What you can do", "same", MOTHER, FATHER)
    assert in_order(said, f"{MOTHER} shows unionid union-…456", f"{FATHER} shows unionid union-…456")


def test_an_account_whose_evidence_is_all_refused_is_said_to_be_nobodys(house: Warehouse) -> None:
    said = desk("explain", "store_receipt:quanyu:S1|clerk-1", "store_receipt:quanyu:S1|clerk-2")
    assert "store_receipt:quanyu:S1|clerk-1 is nobody's" in said
    assert "too many accounts show it" in said


def test_a_number_that_was_issued_again_is_named_as_the_reason(house: Warehouse) -> None:
    said = desk("explain", "store_member:quanyu:old-owner", "wecom_contact:corp:wm-new-owner")
    assert in_order(said, "Not one person", "the number was issued again", "What you can do")


def test_two_people_with_nothing_in_common_are_said_to_have_nothing_in_common(house: Warehouse) -> None:
    assert "no identifier in common within 4 steps" in desk("explain", "store_member:quanyu:lonely", CONTACT)


def test_a_tie_over_others_is_shown_with_every_step_that_was_refused(house: Warehouse) -> None:
    said = desk("explain", MOTHER, AUNT)
    refused = "it would turn two people into one"
    assert in_order(said, "Not one person", MOTHER, refused, FATHER, refused, "wm-aunt", "What you can do")


def test_a_stewards_word_is_part_of_the_explanation_and_can_be_taken_back(house: Warehouse) -> None:
    joined, parted = (decision.decision_id for decision in STANDING)
    said = desk("explain", SAME_1, SAME_2)
    assert in_order(said, "One person", SAME_1, "a steward's word", joined, "Zhang", SAME_2, f"revoke {joined}")
    said = desk("explain", NEVER_1, NEVER_2)
    assert in_order(said, "Not one person", "Zhang: two sisters", f"revoke {parted}")


def test_what_was_decided_after_the_build_is_said_to_wait_for_the_next_one(house: Warehouse) -> None:
    desk("never-same", CONTACT, MEMBER, *BY)
    assert in_order(desk("explain", CONTACT, MEMBER), "One person", "decided, for the next build", "never same")


@pytest.mark.parametrize("name", ["type:scope:id", "key", "One-ID", "phone", "phone with a prefix"])
def test_an_account_has_many_names(house: Warehouse, name: str) -> None:
    names = {
        "type:scope:id": CONTACT,
        "key": Account.parse(CONTACT).key,
        "One-ID": one_id(house, CONTACT),
        "phone": f"phone:{TIED}",
        "phone with a prefix": "phone:+86 139 0000 0000",
    }
    assert desk("explain", names[name], FOLLOWER) == desk("explain", CONTACT, FOLLOWER)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("wecom_contact:corp2:wm-tied", f"did you mean {CONTACT}?"),
        ("wecom_contact:corp:wm-nobody", "identity has never seen wecom_contact:corp:wm-nobody"),
        ("wechat:corp:wm-tied", "store_member"),
        ("wm-tied", "type:scope:id"),
        (CARD_LIKE_A_PHONE, "type:scope:id"),
        (f"store_member:other:{CARD_LIKE_A_PHONE}", "did you mean"),
        (f"{CARD_LIKE_A_PHONE}:a:b", "there is no account type that"),
        ("phone:13912345678", "no account shows this phone"),
        ("phone:139****5678", "not a mobile number"),
        ("q" + "0" * 31, "is nobody's One-ID today"),
        ("0" * 32, "no account has the key"),
    ],
)
def test_an_unknown_name_is_answered_with_a_hint_and_never_repeats_a_phone(
    house: Warehouse, name: str, answer: str
) -> None:
    said = desk("explain", CONTACT, name, code=2)
    assert answer in said
    assert "What to do:" in said


def test_a_card_that_is_numbered_by_phone_is_called_by_its_key(house: Warehouse) -> None:
    account = Account("store_member", "quanyu", CARD_LIKE_A_PHONE)
    assert account.key in desk("explain", str(account), CONTACT)


def test_the_picture_draws_refusals_dashed_and_leaves_fonts_to_the_viewer(house: Warehouse, tmp_path: Path) -> None:
    drawn = {}
    for name, one, other in (("one", CONTACT, FOLLOWER), ("two", MOTHER, FATHER)):
        desk("explain", one, other, "--svg", str(tmp_path / f"{name}.svg"))
        drawn[name] = (tmp_path / f"{name}.svg").read_text(encoding="utf-8")
        ET.fromstring(drawn[name])
        assert not re.search(r"<image|@font-face|url\((?!#)|href=\"(?!#)", drawn[name])
    assert "store_member:quanyu:金卡-1" in drawn["one"]
    assert not re.search("stroke-dasharray: [1-9]", drawn["one"])
    assert len(re.findall("stroke-dasharray: [1-9]", drawn["two"])) >= 2


def test_a_picture_that_cannot_be_written_is_said_in_a_sentence(house: Warehouse, tmp_path: Path) -> None:
    said = desk("explain", CONTACT, FOLLOWER, "--svg", str(tmp_path / "nowhere" / "one.svg"), code=2)
    assert in_order(said, "One person", "cannot be written (No such file or directory)")


def test_deciding_the_same_again_changes_nothing_and_says_so(house: Warehouse) -> None:
    first = desk("same", CONTACT, MOTHER, *BY)
    assert in_order(first, "Decided: same-", "will be one person", "external_userid", "a steward wins", "identity plan")
    for again in ((CONTACT, MOTHER), (MOTHER, CONTACT), (one_id(house, CONTACT), MOTHER)):
        assert "Nothing changes" in desk("same", *again, *BY)
    assert "Nothing changes" in desk("same", CONTACT, MOTHER, *BY, "--date", "2026-12-01")
    decided = taken(house)
    assert [(d.decision, d.effective_on, d.decided_by, d.reason) for d in decided] == [
        ("same", NIGHT, "Li Wei", "called the shop")
    ]
    assert decided[0].decision_id in desk("decisions")


def test_a_decision_against_a_standing_one_is_refused_and_names_it(house: Warehouse) -> None:
    joined = STANDING[0].decision_id
    said = desk("never-same", SAME_2, SAME_1, *BY, code=1)
    assert in_order(said, "contradicts what stands on 2026-11-20", joined, "Zhang", f"quanyu identity revoke {joined}")
    assert taken(house) == []
    assert "is revoked" in desk("revoke", joined, "--who", "Li Wei")
    desk("never-same", SAME_2, SAME_1, *BY)


def test_a_chain_of_decisions_contradicts_as_well(house: Warehouse) -> None:
    desk("same", SAME_2, MOTHER, *BY)
    (between,) = taken(house)
    said = desk("never-same", SAME_1, MOTHER, *BY, code=1)
    assert f"quanyu identity revoke {STANDING[0].decision_id}" in said
    assert f"quanyu identity revoke {between.decision_id}" in said


def test_a_decision_that_begins_later_contradicts_already(house: Warehouse) -> None:
    desk("same", CONTACT, MOTHER, *BY, "--date", "2026-12-01")
    assert "stands on 2026-12-01" in desk("never-same", CONTACT, MOTHER, *BY, code=1)


def test_an_account_cannot_be_told_apart_from_itself(house: Warehouse) -> None:
    assert "on both sides" in desk("never-same", CONTACT, one_id(house, CONTACT), *BY, code=2)


def test_a_split_gives_everybody_of_the_person_a_side(house: Warehouse) -> None:
    said = desk("split", one_id(house, CONTACT), "--off", FOLLOWER, *BY)
    assert in_order(said, "Decided: split-", "1 account will leave", "2 accounts will stay")
    (decision,) = taken(house)
    assert {*map(str, decision.left)} == {FOLLOWER}
    assert {*map(str, decision.right)} == {CONTACT, MEMBER}
    assert decision.decision_id in desk("same", CONTACT, FOLLOWER, *BY, code=1)
    assert decision.decision_id in desk("never-same", CONTACT, MEMBER, *BY, code=1)


def test_a_split_without_a_rest_or_of_a_stranger_is_refused(house: Warehouse) -> None:
    off = [part for name in (CONTACT, MEMBER, FOLLOWER) for part in ("--off", name)]
    assert "a side of the split is empty" in desk("split", CONTACT, *off, *BY, code=2)
    assert f"{MOTHER} is no account of" in desk("split", CONTACT, "--off", MOTHER, *BY, code=2)
    assert "nobody so far" in desk("split", "store_receipt:quanyu:S1|clerk-1", "--off", MOTHER, *BY, code=2)


def test_a_phone_is_quarantined_by_its_token_however_it_is_named(house: Warehouse) -> None:
    said = desk("quarantine", f"phone:{TIED}", *BY)
    assert in_order(said, "Decided: quarantine-", "shown by 2 accounts of 1 person", "will join nobody")
    (decision,) = taken(house)
    assert decision.identifier == Identifier("phone", "global", phone(TIED))
    for name in (f"phone:global:{TIED}", f"phone:global:{phone(TIED)}", decision.identifier.key):
        assert "Nothing changes" in desk("quarantine", name, *BY)
    assert decision.decision_id in desk("trust", f"phone:{TIED}", *BY, code=1)


def test_a_phone_of_which_only_a_hash_landed_is_found_by_the_phone(house: Warehouse) -> None:
    desk("quarantine", f"phone:{HASHED}", *BY)
    assert [decision.identifier for decision in taken(house)] == [Identifier("phone", "global", phone_md5(HASHED))]


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("unionid:other:union-of-tied-1234567890", "did you mean unionid:open_platform:…?"),
        ("weibo:open_platform:1", "use one of unionid"),
        ("steward_same:decision:x", "quanyu identity revoke"),
        ("0" * 32, "no identifier has the key"),
    ],
)
def test_an_unknown_identifier_is_answered_with_a_hint(house: Warehouse, name: str, answer: str) -> None:
    assert answer in desk("quarantine", name, *BY, code=2)


def test_neither_who_nor_why_may_hold_a_phone(house: Warehouse) -> None:
    said = desk("same", CONTACT, MOTHER, "--who", "Li", "--why", "rang 139 0000 0001, same voice", code=2)
    assert in_order(said, "why holds what looks like a phone number", "leave it out")
    assert "who is empty" in desk("same", CONTACT, MOTHER, "--who", " ", "--why", "seen", code=2)


def test_what_was_revoked_is_decided_anew_from_a_later_day_only(house: Warehouse) -> None:
    desk("same", CONTACT, MOTHER, *BY)
    (decision,) = taken(house)
    assert "did you mean" in desk("revoke", decision.decision_id[:-1], "--who", "Li Wei", code=2)
    desk("revoke", decision.decision_id, "--who", "Li Wei")
    assert "Nothing changes" in desk("revoke", decision.decision_id, "--who", "Li Wei")
    assert "--date 2026-11-21" in desk("same", CONTACT, MOTHER, *BY, code=1)
    desk("same", CONTACT, MOTHER, *BY, "--date", "2026-11-21")
    with warehouse.connect(house.dsn) as connection:
        stood = [{d.decision_id for d in decisions.standing(connection, NIGHT + timedelta(days=n))} for n in (0, 1)]
    assert len(stood[1] - stood[0]) == 1
    assert decision.decision_id not in stood[0] | stood[1]


def test_plan_in_front_of_a_decision_plans_it_and_takes_nothing_down(
    house: Warehouse, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[dict[str, Any]] = []

    def preview(dsn: str, **how: Any) -> str:
        asked.append({"dsn": dsn, **how})
        return "the plan"

    monkeypatch.setattr("quanyu.stewardship.preview.preview", preview)
    monkeypatch.setattr("quanyu.stewardship.preview_terminal.show", lambda plan, console, _: console.print(plan))
    assert "the plan" in desk("plan", "same", CONTACT, MOTHER, *BY)
    desk("plan", "quarantine", f"phone:{TIED}", *BY)
    desk("plan", "revoke", STANDING[0].decision_id, "--who", "Li Wei")
    desk("plan", "--identifier-types", str(tmp_path / "types.csv"))
    assert [[d.decision for d in how["decisions"]] for how in asked] == [["same"], ["quarantine"], [], []]
    assert [how["revoked"] for how in asked] == [[], [], [STANDING[0].decision_id], []]
    assert asked[3]["identifier_types"] == tmp_path / "types.csv"
    assert {how["dsn"] for how in asked} == {house.dsn}
    assert taken(house) == []


def test_the_queue_names_the_most_harmful_first_and_forgets_what_was_decided(house: Warehouse) -> None:
    mother, father, aunt = (one_id(house, account) for account in (MOTHER, FATHER, AUNT))
    house.execute("create schema if not exists marts")
    house.execute(
        f"create table marts.fct_orders as select one_id from (values ('{mother}'), ('{father}')) as v (one_id),"
        " generate_series(1, 10)"
    )
    house.execute("insert into ops.identity_proposal_run values ('2026-11-19', 'model', 1, 1)")
    house.execute(
        "insert into ops.identity_proposal values ('2026-11-19', 'store_member', 'quanyu', 'lonely',"
        " 'wecom_contact', 'corp', 'wm-tied', 0.93, 'model')"
    )
    try:
        said = desk("queue")
        clerk = Identifier("phone", "global", phone(CLERK)).key
        first = ("1. two people", ": 20 orders", "2. over its limit", f"identity quarantine {clerk}")
        assert in_order(said, *first, "3. two people", ": 10 orders", "4. perhaps one person", "93% likely")
        assert {mother, father, aunt} <= {*re.findall("q[0-9a-f]{31}", said)}
        assert "3 more wait" in desk("queue", "--limit", "1")
        for one, other in ((MOTHER, FATHER), (AUNT, FATHER), ("store_member:quanyu:lonely", CONTACT)):
            desk("never-same", one, other, *BY)
        desk("quarantine", clerk, *BY)
        assert desk("queue") == "Nothing waits for a steward."
    finally:
        house.execute("drop table marts.fct_orders")
        house.execute("delete from ops.identity_proposal_run")


def test_a_suspect_waits_once_though_it_is_a_crowd_too(house: Warehouse) -> None:
    clerk = Identifier("phone", "global", phone(CLERK))
    house.execute(
        "insert into identity.int_identity__suspects (identifier_key, identifier_type, identifier_scope,"
        " identifier_value, reason, detail, accounts, suspected_on) values"
        f" ('{clerk.key}', 'phone', 'global', '{clerk.value}', 'busy_day', '15 new on one day', 15, '2026-11-20')"
    )
    try:
        said = desk("queue")
        assert in_order(said, "1. suspected: phone ph_", "busy day: 15 new on one day", f"trust {clerk.key}")
        assert "over its limit" not in said
        desk("trust", clerk.key, *BY)
        assert clerk.key not in desk("queue")
    finally:
        house.execute("delete from identity.int_identity__suspects")


def test_a_steward_may_decide_and_revoke_and_nobody_may_rewrite(
    house: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    with warehouse.connect(house.dsn) as connection:
        warehouse.migrate(connection)
        grants.renew(connection)
    as_role(house, "quanyu_steward", monkeypatch)
    desk("explain", CONTACT, FOLLOWER)
    desk("queue")
    desk("same", CONTACT, MOTHER, *BY)
    desk("quarantine", f"phone:{TIED}", *BY)
    desk("revoke", taken(house)[0].decision_id, "--who", "Li Wei")
    for role in ("quanyu_bi", "quanyu_sender", "quanyu_builder", "quanyu_loader"):
        as_role(house, role, monkeypatch)
        assert "quanyu_steward" in desk("revoke", taken(house)[1].decision_id, "--who", "me", code=1)
    for statement in ("delete from ops.identity_decision_account", "update ops.identity_decision set reason = 'x'"):
        with warehouse.connect(house.dsn) as connection:
            connection.execute("set role quanyu_steward")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
            connection.rollback()


def as_role(house: Warehouse, role: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUANYU_WAREHOUSE_URL", psycopg.conninfo.make_conninfo(house.dsn, options=f"-c role={role}"))
    settings.cache_clear()


def test_before_the_first_build_the_desk_says_what_to_do(
    dsn: str, environment: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "run a night first" in desk("explain", CONTACT, FOLLOWER, code=1)
    assert "run a night first" in desk("queue", code=1)


def test_who_says_whose_an_identifier_was_on_a_day(house: Warehouse) -> None:
    """A number that was issued again: the former owner then, the new one now; and nobody before it was seen."""
    then, now = one_id(house, "store_member:quanyu:old-owner"), one_id(house, "wecom_contact:corp:wm-new-owner")
    said = desk("who", f"phone:{REISSUED}", "--on", f"{days_ago(900):%Y-%m-%d}")
    assert in_order(said, then, "now", now)
    assert in_order(desk("who", f"phone:{REISSUED}", "--on", f"{NIGHT}"), now, "still")
    assert "nobody's" in desk("who", f"phone:{REISSUED}", "--on", "2001-01-01")
    card = desk("who", "store_member:quanyu:old-owner", "--on", f"{NIGHT}")
    assert in_order(card, "member_card", then, "still")
