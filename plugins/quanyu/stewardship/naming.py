"""From what a steward types to the account or identifier that is meant, with a hint where it is not known."""

from __future__ import annotations

import re

from psycopg.rows import TupleRow

from quanyu.contracts import Personal
from quanyu.errors import ConfigurationError, NotReady
from quanyu.stewardship.nouns import Account, Identifier, holds_phone
from quanyu.vault import INVALID, Vault
from quanyu.warehouse import Connection

_KEY = re.compile(r"[0-9a-f]{32}")
_ONE_ID = re.compile(r"q[0-9a-f]{31}")
_TOKEN = re.compile(r"[a-z0-9]{2,3}_[0-9a-f]{32}")

# Every sighting is here, whatever became of it, and here are the indexes by account and by identifier.
_ACCOUNTS = "select account_type, scope, account_id from identity.int_identity__screened"
_IDENTIFIERS = "select identifier_type, identifier_scope, identifier_value from identity.int_identity__screened"


def find_account(connection: Connection, name: str, vault: Vault) -> Account:
    """The account meant by `type:scope:id`, an account_key, a One-ID (its oldest account) or `phone:<number>`.

    Raises ConfigurationError when nobody is called that, NotReady before the first build.
    """
    require_identity(connection)
    if name.startswith("phone:"):
        return _oldest_account(connection, _owner(connection, find_identifiers(connection, name, vault)))
    if _ONE_ID.fullmatch(name):
        return _oldest_account(connection, name)
    if _KEY.fullmatch(name):
        row = connection.execute(f"{_ACCOUNTS} where account_key = %s limit 1", [name]).fetchone()
        if row is None:
            raise ConfigurationError(f"no account has the key {name}.", remedy="name it as type:scope:id.")
        return Account(*row)
    account = Account.parse(name)
    require_account(connection, account)
    return account


def find_identifiers(connection: Connection, name: str, vault: Vault) -> list[Identifier]:
    """The identifiers meant by `type:scope:value`, an identifier_key, or a phone in clear (`phone:<number>`).

    A phone that landed as hashes only is one identifier per hash. Raises as `find_account` does.
    """
    require_identity(connection)
    if _KEY.fullmatch(name):
        row = connection.execute(f"{_IDENTIFIERS} where identifier_key = %s limit 1", [name]).fetchone()
        if row is None:
            raise ConfigurationError(f"no identifier has the key {name}.", remedy="name it as type:scope:value.")
        return [Identifier(*row)]
    if name.startswith("phone:"):
        return _phones(connection, name.removeprefix("phone:").removeprefix("global:"), vault)
    identifier = Identifier.parse(name)
    require_identifier(connection, identifier)
    return [identifier]


def person_of(connection: Connection, one_id: str) -> list[Account]:
    """Every account of a person, the oldest one first. Raises ConfigurationError when there is no such person today."""
    rows = connection.execute(
        """select account_type, scope, account_id
        from identity.bridge_account_customer
        where one_id = %s
        -- A One-ID is the key of the oldest account.
        order by left(account_key, 31) <> substr(one_id, 2), account_type, scope, account_id""",
        [one_id],
    ).fetchall()
    if not rows:
        raise ConfigurationError(
            f"{one_id} is nobody's One-ID today.{_became(connection, one_id)}",
            remedy="use the One-ID of today, or name one of the accounts.",
        )
    return [Account(*row) for row in rows]


def one_id_of(connection: Connection, account: Account) -> str | None:
    """Whose account it is; None when it is nobody's."""
    row = connection.execute(
        "select one_id from identity.int_identity__components where account_key = %s", [account.key]
    ).fetchone()
    return str(row[0]) if row else None


def require_identity(connection: Connection) -> None:
    """Raise NotReady in a warehouse where identity was never built."""
    row = connection.execute("select to_regclass('identity.int_identity__screened')").fetchone()
    if row == (None,):
        raise NotReady("identity was never built in this warehouse.", remedy="run a night first.")


def require_account(connection: Connection, account: Account) -> None:
    """Raise ConfigurationError when identity has never seen the account, with the like of it."""
    if _is_there(connection, f"{_ACCOUNTS} where account_key = %s limit 1", account.key):
        return
    alike = connection.execute(
        f"{_ACCOUNTS} where account_id = %s group by 1, 2, 3 order by 1, 2 limit 3", [account.account_id]
    )
    known = connection.execute(
        "select distinct account_type from identity.int_identity__accounts order by 1"
    ).fetchall()
    raise _unknown("account", account, account.account_type, known, [str(Account(*row)) for row in alike])


def require_identifier(connection: Connection, identifier: Identifier) -> None:
    """Raise ConfigurationError when no account has ever shown the identifier, or when it is a decision itself."""
    if identifier.identifier_type.startswith("steward_"):
        raise ConfigurationError(
            f"{identifier.identifier_type} is a decision, not evidence.", remedy="use quanyu identity revoke."
        )
    if _is_there(connection, f"{_IDENTIFIERS} where identifier_key = %s limit 1", identifier.key):
        return
    alike = connection.execute(
        f"{_IDENTIFIERS} where identifier_value = %s group by 1, 2, 3 order by 1, 2 limit 3", [identifier.value]
    )
    known = connection.execute(
        r"select identifier_type from policy.identity_identifier_types where identifier_type not like 'steward\_%'"
        " order by priority"
    ).fetchall()
    hints = [f"{kind}:{scope}:…" for kind, scope, _ in alike]
    raise _unknown("identifier", identifier, identifier.identifier_type, known, hints)


def _unknown(
    noun: str, what: Account | Identifier, kind: str, known: list[TupleRow], alike: list[str]
) -> ConfigurationError:
    kinds = [name for (name,) in known]
    if kind not in kinds:
        # What stands before the first colon may be anything a person pasted.
        said = "that" if holds_phone(kind) else repr(kind)
        return ConfigurationError(f"there is no {noun} type {said}.", remedy=f"use one of {', '.join(kinds)}.")
    remedy = f"did you mean {' or '.join(alike)}?" if alike else "check the scope and the id; both are case-sensitive."
    return ConfigurationError(f"identity has never seen {what}.", remedy=remedy)


def _phones(connection: Connection, value: str, vault: Vault) -> list[Identifier]:
    """A phone's token and those of its hashes, as far as they landed; no message repeats the value."""
    tokens: tuple[str, ...] = (value,)
    if not _TOKEN.fullmatch(value):
        token = vault.tokenise(Personal.PHONE, value)
        tokens = (token.token, *token.aliases)
    if tokens[0].startswith(f"{INVALID}_"):
        raise ConfigurationError(
            "that is not a mobile number anybody answers.", remedy="write its 11 digits, or +<country> and the rest."
        )
    # A hash stands under the phone's own token once the phone itself has landed.
    rows = connection.execute(
        f"""{_IDENTIFIERS}
        where identifier_type = 'phone' and identifier_value in (
            select unnest(%(tokens)s::text[])
            union select token from vault.alias where alias_token = any(%(tokens)s)
        )
        group by 1, 2, 3 order by 1, 2, 3""",
        {"tokens": list(tokens)},
    ).fetchall()
    if not rows:
        raise ConfigurationError("no account shows this phone.", remedy="check the number; it is not repeated here.")
    return [Identifier(*row) for row in rows]


def _owner(connection: Connection, identifiers: list[Identifier]) -> str:
    owners = connection.execute(
        """select distinct one_id from identity.bridge_identifier_customer
        where valid_to is null and identifier_type = any(%s) and identifier_scope = any(%s)
        and identifier_value = any(%s) order by 1""",
        [[getattr(i, name) for i in identifiers] for name in ("identifier_type", "scope", "value")],
    ).fetchall()
    if len(owners) != 1:
        whose = f"{len(owners)} people" if owners else "nobody"
        raise ConfigurationError(f"this phone stands for {whose} today.", remedy="name one of its accounts instead.")
    return str(owners[0][0])


def _oldest_account(connection: Connection, one_id: str) -> Account:
    return person_of(connection, one_id)[0]


def _became(connection: Connection, one_id: str) -> str:
    row = connection.execute(
        """select one_id, business_date from identity.identity_events
        where event = 'merged' and other_one_id = %s order by business_date desc limit 1""",
        [one_id],
    ).fetchone()
    return f" It became {row[0]} on {row[1]}." if row else ""


def _is_there(connection: Connection, query: str, key: str) -> bool:
    return connection.execute(query, [key]).fetchone() is not None
