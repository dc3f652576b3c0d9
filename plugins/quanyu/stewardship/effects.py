"""What a decision will do at the next build, said before it is built."""

from __future__ import annotations

from collections.abc import Iterator

from quanyu.stewardship.explain import differences
from quanyu.stewardship.naming import one_id_of, person_of
from quanyu.stewardship.nouns import Account, Decision, Identifier, counted
from quanyu.warehouse import Connection


def effects(connection: Connection, decision: Decision) -> list[str]:
    """Sentences about the people or the identifier of a valid decision, as of the last build."""
    if decision.identifier:
        return list(_of_identifier(connection, decision, decision.identifier))
    if decision.decision == "same":
        return list(_of_same(connection, decision.left[0], decision.right[0]))
    return list(_of_parting(connection, decision))


def _of_identifier(connection: Connection, decision: Decision, identifier: Identifier) -> Iterator[str]:
    row = connection.execute(
        """select count(*), count(distinct c.one_id)
        from identity.int_identity__screened as o
        left join identity.int_identity__components as c on o.account_key = c.account_key
        where o.identifier_key = %s""",
        [identifier.key],
    ).fetchone()
    accounts, people = row or (0, 0)
    shown = (
        f"{identifier}, shown by {counted(accounts, 'account', 'accounts')} of {counted(people, 'person', 'people')},"
    )
    if decision.decision == "quarantine":
        yield f"{shown} will join nobody any more; what it alone tied comes apart."
    else:
        yield f"{shown} will be believed whatever the detector suspects and however many show it."


def _of_same(connection: Connection, left: Account, right: Account) -> Iterator[str]:
    one, other = one_id_of(connection, left), one_id_of(connection, right)
    if one and one == other:
        yield f"Both are {one} already; they will stay so whatever comes."
        return
    yield f"{one or f'{left} (nobody so far)'} and {other or f'{right} (nobody so far)'} will be one person."
    if one and other:
        yield "The older One-ID stays; the other one becomes its alias."
        for difference in differences(connection, person_of(connection, one), person_of(connection, other)):
            yield f"Evidence says they are two ({difference}); a steward wins."


def _of_parting(connection: Connection, decision: Decision) -> Iterator[str]:
    left, right = (
        {one_id_of(connection, account) for account in side} - {None} for side in (decision.left, decision.right)
    )
    if not left & right:
        yield "They are two already; they will stay so whatever comes."
    elif decision.decision == "split":
        sides = [counted(len(side), "account", "accounts") for side in (decision.left, decision.right)]
        yield f"{sides[0]} will leave, {sides[1]} will stay together."
    else:
        yield f"{min(map(str, left & right))} will come apart, where the weakest evidence between the two is."
    if left & right:
        yield "The side with the oldest account keeps the One-ID."
