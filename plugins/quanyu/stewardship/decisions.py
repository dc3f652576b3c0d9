"""Stewards' decisions: whether one may be taken, and where they are kept.

Decisions are input, like raw: identity is rebuilt from both. A build of business date D sees those with
`effective_on <= D` that were not revoked on or before D.
"""

from __future__ import annotations

import difflib
from datetime import date, timedelta

from psycopg import sql

from quanyu.errors import ConfigurationError, Rejected
from quanyu.stewardship.contradictions import contradiction
from quanyu.stewardship.naming import require_account, require_identifier, require_identity
from quanyu.stewardship.nouns import KINDS, OF_IDENTIFIERS, PAIRS, Account, Decision, Identifier, command, holds_phone
from quanyu.warehouse import Connection, copy_rows

__all__ = [
    "KINDS",
    "Account",
    "Decision",
    "Identifier",
    "revoke",
    "said_before",
    "standing",
    "store",
    "taken",
    "validate",
]


def validate(connection: Connection, decision: Decision) -> None:
    """Refuse what cannot be meant; of two stewards at once the second waits until the first one's transaction ends.

    Raises ConfigurationError for what is malformed or unknown, Rejected for what contradicts another decision.
    """
    connection.execute("select pg_advisory_xact_lock(hashtext('quanyu.identity_decision'))")
    _require_form(decision)
    _require_known(connection, decision)
    others = [other for other in taken(connection) if other.decision_id != decision.decision_id]
    later = {other.effective_on for other in others if other.effective_on > decision.effective_on}
    for day in sorted({decision.effective_on, *later}):
        against = contradiction(decision, [other for other in others if other.stands_on(day)])
        if against:
            undo = " or ".join(command("revoke", other.decision_id) for other in against)
            raise Rejected(
                f"{decision.decision.replace('_', ' ')} contradicts what stands on {day}: "
                f"{'; '.join(map(str, against))}.",
                remedy=f"if that was wrong, take it back first: {undo}.",
            )


def said_before(connection: Connection, decision: Decision) -> Decision | None:
    """The decision that says the same already, from then on or earlier, if there is one."""
    return next(
        (
            other
            for other in taken(connection)
            if (other.decision, other.content) == (decision.decision, decision.content)
            and other.effective_on <= decision.effective_on
            and other.revoked_on is None
        ),
        None,
    )


def store(connection: Connection, decision: Decision) -> None:
    """Keep a decision; one that is there already stays as it is.

    Raises Rejected when it is there and was revoked: what a build has seen of it does not change.
    """
    known = next((other for other in taken(connection) if other.decision_id == decision.decision_id), None)
    if known and known.revoked_on:
        day = max(known.revoked_on, known.effective_on + timedelta(days=1))
        raise Rejected(
            f"{known.decision_id} was revoked by {known.revoked_by} on {known.revoked_on}.",
            remedy=f"decide it anew from a later day on, for example --date {day}.",
        )
    if known:
        return
    names = ("decision_id", "decision", "decided_by", "reason", "effective_on", "revoked_on", "revoked_by")
    about = decision.identifier
    value = (about.identifier_type, about.scope, about.value) if about else (None, None, None)
    copy_rows(
        connection,
        sql.Identifier("ops", "identity_decision"),
        (*names, "identifier_type", "identifier_scope", "identifier_value"),
        [(*(getattr(decision, name) for name in names), *value)],
    )
    sides = (("left", decision.left), ("right", decision.right))
    copy_rows(
        connection,
        sql.Identifier("ops", "identity_decision_account"),
        ("decision_id", "side", "account_type", "scope", "account_id"),
        ((decision.decision_id, side, a.account_type, a.scope, a.account_id) for side, some in sides for a in some),
    )


def standing(connection: Connection, business_date: date) -> list[Decision]:
    """The decisions that a build of that date sees, oldest first."""
    return [decision for decision in taken(connection) if decision.stands_on(business_date)]


def revoke(connection: Connection, decision_id: str, who: str, business_date: date) -> bool:
    """Let builds from that date on see a decision no more; return whether it still stood.

    A decision that was to hold later than that never holds. Raises ConfigurationError when there is no such id.
    """
    _require_words("who", who)
    known = {decision.decision_id: decision for decision in taken(connection)}
    if decision_id not in known:
        close = difflib.get_close_matches(decision_id, known, n=3)
        raise ConfigurationError(
            f"there is no decision {decision_id}.",
            remedy=f"did you mean {' or '.join(close)}?" if close else "see quanyu identity decisions.",
        )
    revoked = connection.execute(
        "update ops.identity_decision set revoked_on = greatest(effective_on, %s), revoked_by = %s"
        " where decision_id = %s and revoked_on is null",
        [business_date, who, decision_id],
    )
    return revoked.rowcount > 0


def taken(connection: Connection) -> list[Decision]:
    """Every decision ever taken, revoked ones too; there are as many as people had time to take."""
    rows = connection.execute(
        """select
            d.decision_id, d.decision, d.decided_by, d.reason, d.effective_on, d.revoked_on, d.revoked_by,
            d.identifier_type, d.identifier_scope, d.identifier_value,
            coalesce(
                jsonb_agg(jsonb_build_array(a.side, a.account_type, a.scope, a.account_id))
                filter (where a.side is not null), '[]'
            )
        from ops.identity_decision as d
        left join ops.identity_decision_account as a on d.decision_id = a.decision_id
        group by d.decision_id
        order by d.effective_on, d.decided_at, d.decision_id"""
    )
    return [
        Decision(
            decision_id=row[0],
            decision=row[1],
            decided_by=row[2],
            reason=row[3],
            effective_on=row[4],
            revoked_on=row[5],
            revoked_by=row[6],
            identifier=Identifier(*row[7:10]) if row[7] else None,
            left=tuple(sorted(Account(*names) for side, *names in row[10] if side == "left")),
            right=tuple(sorted(Account(*names) for side, *names in row[10] if side == "right")),
        )
        for row in rows
    ]


def _require_form(decision: Decision) -> None:
    if decision.decision not in KINDS:
        raise ConfigurationError(
            f"there is no decision {decision.decision!r}.", remedy=f"use one of {', '.join(KINDS)}."
        )
    _require_words("who", decision.decided_by)
    _require_words("why", decision.reason)
    sides = len(decision.left), len(decision.right)
    if decision.decision in OF_IDENTIFIERS and (decision.identifier is None or any(sides)):
        raise ConfigurationError(f"{decision.decision} needs an identifier and no account.")
    if decision.decision in PAIRS and (decision.identifier or sides != (1, 1)):
        raise ConfigurationError(f"{decision.decision} needs one account on each side.")
    if decision.decision == "split" and (decision.identifier or not all(sides)):
        raise ConfigurationError(
            "a side of the split is empty.", remedy="name with --off some accounts of the person, but not all of them."
        )
    both = sorted({*decision.left} & {*decision.right})
    if both:
        raise ConfigurationError(f"{both[0]} is on both sides.", remedy="name two different accounts.")


def _require_words(name: str, text: str) -> None:
    if not text.strip():
        raise ConfigurationError(f"{name} is empty.", remedy="a decision is kept with who took it and why.")
    if holds_phone(text):
        raise ConfigurationError(
            f"{name} holds what looks like a phone number.",
            remedy="leave it out: it is kept in clear, and many people read it.",
        )


def _require_known(connection: Connection, decision: Decision) -> None:
    """Refuse an account or identifier that identity has never seen."""
    require_identity(connection)
    for account in (*decision.left, *decision.right):
        require_account(connection, account)
    if decision.identifier:
        require_identifier(connection, decision.identifier)
