"""Weak evidence for store members without a phone: who their WeCom contact probably is, by name, store and address.

It is off twice over: `propose` runs when somebody asks for it, and identity believes what it wrote only with
`identity_use_proposals: true` in dbt_project.yml. What is compared stays in memory; what is written is pairs of
accounts and a probability.

    staging, identity, vault -> records -> Splink on DuckDB -> ops.identity_proposal -> one more weak identifier
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from psycopg import sql

from quanyu import warehouse
from quanyu.proposals.model import Findings, compare
from quanyu.proposals.reading import read
from quanyu.vault import Vault

__all__ = ["Proposals", "propose"]


@dataclass(frozen=True, slots=True)
class Proposals:
    """What one run proposed: `members` had neither phone nor tie, `contacts` no card; `model` names the parameters."""

    business_date: date
    model: str
    members: int
    contacts: int
    pairs: int


def propose(dsn: str, vault: Vault, business_date: date) -> Proposals:
    """Compare names and addresses as they stand and replace the proposals of this business date.

    Raises ConfigurationError without the extra `splink`, NotReady when identity stands at another date or ties too
    few people to learn from.
    """
    with warehouse.connect(dsn) as connection:
        members, contacts = read(connection, vault, business_date)
    findings = compare(members, contacts)
    proposals = Proposals(
        business_date=business_date,
        model=findings.model,
        members=sum(member.is_lone for member in members),
        contacts=sum(contact.is_open for contact in contacts),
        pairs=len(findings.pairs),
    )
    _write(dsn, proposals, findings)
    return proposals


def _write(dsn: str, proposals: Proposals, findings: Findings) -> None:
    day = proposals.business_date
    with warehouse.connect(dsn) as connection:
        connection.execute("select pg_advisory_xact_lock(hashtext('quanyu.proposals'))")
        connection.execute("delete from ops.identity_proposal_run where proposed_on = %s", [day])
        connection.execute(
            "insert into ops.identity_proposal_run (proposed_on, model, members, contacts) values (%s, %s, %s, %s)",
            [day, proposals.model, proposals.members, proposals.contacts],
        )
        sides = [f"{side}_{part}" for side in ("left", "right") for part in ("account_type", "scope", "account_id")]
        warehouse.copy_rows(
            connection,
            sql.Identifier("ops", "identity_proposal"),
            ("proposed_on", *sides, "probability", "model"),
            ((day, *pair.left, *pair.right, pair.probability, proposals.model) for pair in findings.pairs),
        )
