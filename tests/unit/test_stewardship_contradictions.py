"""Which decisions cannot stand side by side, against a union-find of everything they join."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from quanyu.stewardship.contradictions import contradiction
from quanyu.stewardship.nouns import Account, Decision, Identifier

DAY = date(2026, 11, 20)
PEOPLE = [Account("wecom_contact", "corp", name) for name in "abcdefg"]
PHONES = [Identifier("phone", "global", f"ph_{n:032x}") for n in range(2)]


def decide(kind: str, left: list[Account], right: list[Account]) -> Decision:
    return Decision(
        decision=kind, decided_by="li", reason="called", effective_on=DAY, left=tuple(left), right=tuple(right)
    )


@st.composite
def decisions(draw: st.DrawFn) -> Decision:
    kind = draw(st.sampled_from(["same", "same", "never_same", "split", "quarantine", "trust"]))
    if kind in {"quarantine", "trust"}:
        about = draw(st.sampled_from(PHONES))
        return Decision(decision=kind, decided_by="li", reason="seen", effective_on=DAY, identifier=about)
    some = draw(st.permutations(PEOPLE))
    size = draw(st.integers(2, 4)) if kind == "split" else 2
    cut = draw(st.integers(1, size - 1))
    return decide(kind, sorted(some[:cut]), sorted(some[cut:size]))


def can_all_be_true(taken: list[Decision]) -> bool:
    """The reference: join what must be joined, then look for somebody who must not be."""
    parent = {account: account for account in PEOPLE}

    def find(account: Account) -> Account:
        while parent[account] != account:
            account = parent[account]
        return account

    for decision in taken:
        groups = {"same": [[*decision.left, *decision.right]], "split": [decision.left, decision.right]}
        for group in groups.get(decision.decision, ()):
            for account in group[1:]:
                parent[find(account)] = find(group[0])
    apart = [d for d in taken if d.decision in {"never_same", "split"}]
    joined = any(find(one) == find(other) for d in apart for one in d.left for other in d.right)
    said: dict[Any, set[str]] = {}
    for decision in taken:
        if decision.identifier:
            said.setdefault(decision.identifier, set()).add(decision.decision)
    return not joined and all(len(kinds) == 1 for kinds in said.values())


@given(st.lists(decisions(), max_size=12))
def test_a_decision_is_refused_exactly_when_it_cannot_be_true_beside_the_others(wanted: list[Decision]) -> None:
    standing: list[Decision] = []
    for decision in wanted:
        against = contradiction(decision, standing)
        assert bool(against) == (not can_all_be_true([*standing, decision]))
        assert {*against} <= {*standing}
        if not against:
            standing.append(decision)


@given(st.lists(decisions(), max_size=12))
def test_what_is_named_contradicts_by_itself_and_no_part_of_it_does(wanted: list[Decision]) -> None:
    """So that taking back any one of them is enough to resolve it."""
    standing: list[Decision] = []
    for decision in wanted:
        against = contradiction(decision, standing)
        if not against:
            standing.append(decision)
            continue
        if decision.identifier:
            continue
        assert not can_all_be_true([*against, decision])
        for other in {*against}:
            assert can_all_be_true([*({*against} - {other}), decision])


def test_the_id_of_a_decision_follows_from_what_it_says_and_from_when_on() -> None:
    a, b, c = PEOPLE[:3]
    assert decide("same", [a], [b]).decision_id == decide("same", [b], [a]).decision_id
    split = decide("split", [a, b], [c])
    assert split.decision_id == decide("split", [c], [b, a]).decision_id
    later = Decision(
        decision="same", decided_by="wang", reason="wrote", effective_on=date(2026, 11, 21), left=(a,), right=(b,)
    )
    others = {split.decision_id, later.decision_id, decide("never_same", [a], [b]).decision_id}
    assert len(others | {decide("same", [a], [b]).decision_id, decide("same", [a], [c]).decision_id}) == 5


@given(st.text(min_size=1), st.text(min_size=1), st.text(alphabet="ab:\\", min_size=1))
def test_a_written_account_is_read_as_the_same_account(scope: str, own: str, colons: str) -> None:
    for account in (Account("store_member", scope, colons), Account("store_member", colons, own)):
        written = str(account)
        assert written == account.key or Account.parse(written) == account
