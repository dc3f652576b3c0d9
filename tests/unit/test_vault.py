"""The vault: one token per person's value however it is typed, and nobody reads it without the key."""

from __future__ import annotations

import hashlib
import random

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from quanyu import warehouse
from quanyu.contracts import Personal
from quanyu.errors import ConfigurationError
from quanyu.vault import Vault

KEY = bytes(range(32))
VAULT = Vault(KEY)

mobiles = st.builds(
    lambda head, tail: f"{head}{tail:08d}",
    st.sampled_from(["130", "138", "150", "166", "170", "186", "199"]),
    st.integers(min_value=0, max_value=10**8 - 1),
)
full_width = str.maketrans("0123456789+-", "０１２３４５６７８９＋－")
spellings = st.sampled_from(
    [
        "{0}", " {0} ", "+86{0}", "0086{0}", "86{0}", "+86 {0}", "+86-{0}", "(+86) {0}",
        "{1} {2} {3}", "{1}-{2}-{3}", "+86 {1} {2} {3}", "0086 {1}-{2}-{3}", "\t{1}\u3000{2}\u00a0{3}",
    ]
)  # fmt: skip


@given(mobile=mobiles, spelling=spellings, is_wide=st.booleans())
def test_a_phone_has_one_token_in_every_spelling(mobile: str, spelling: str, is_wide: bool) -> None:
    """Country code, spaces, dashes and full-width digits change nothing."""
    typed = spelling.format(mobile, mobile[:3], mobile[3:7], mobile[7:])
    token = VAULT.tokenise(Personal.PHONE, typed.translate(full_width) if is_wide else typed)
    assert token == VAULT.tokenise(Personal.PHONE, mobile)
    assert token.token.startswith("ph_")
    assert len(token.token) == 3 + 32
    assert token.clear == f"+86{mobile}"


@given(mobiles, mobiles)
def test_two_phones_have_two_tokens(one: str, other: str) -> None:
    """Equal tokens mean equal phones."""
    tokens = {VAULT.tokenise(Personal.PHONE, mobile).token for mobile in (one, other)}
    assert len(tokens) == len({one, other})


@given(st.sampled_from(list(Personal)), st.text(min_size=1).filter(str.strip))
@example(Personal.ID_NUMBER, "\u0339 \u0334")  # combining marks that change places when the space between them goes
def test_every_value_gets_a_token_that_does_not_contain_it(kind: Personal, value: str) -> None:
    """Whatever somebody typed, tokenising neither fails nor leaks, and formatting the normal form changes nothing."""
    token = VAULT.tokenise(kind, value)
    assert token.token[2:3] in {"_", "0", "1"}
    if token.clear and not token.token.startswith("xx_"):
        assert VAULT.tokenise(kind, f"  {token.clear} ") == token
    assert repr(token) == f"Token(token={token.token!r}, kind={kind!r}, aliases={token.aliases!r})"


@given(st.binary(min_size=32, max_size=32).filter(lambda key: key != KEY), mobiles)
def test_another_key_gives_another_token(key: bytes, mobile: str) -> None:
    """A token says nothing to whoever lacks the key, and two brands cannot compare theirs."""
    assert Vault(key).tokenise(Personal.PHONE, mobile).token != VAULT.tokenise(Personal.PHONE, mobile).token


@given(st.sampled_from([Personal.NAME, Personal.TEXT, Personal.ADDRESS]), st.sampled_from(["张三", "Anna"]))
def test_the_same_text_of_two_kinds_has_two_tokens(kind: Personal, value: str) -> None:
    """A name never meets an e-mail address by accident."""
    assert VAULT.tokenise(kind, value).token != VAULT.tokenise(Personal.EMAIL, value).token


@pytest.mark.parametrize(
    "typed",
    [
        "138****8000", "1380013800", "138001380001", "18877771111-123", "138abcdefgh", "13800138000 张三",
        "010-12345678", "4008001234", "12345678901", "0", "-", "无", "13800138000/13900139000",
    ],
)  # fmt: skip
def test_what_is_no_mobile_phone_is_marked_and_never_identity(typed: str) -> None:
    """Masked, short, virtual, landline and scribbled numbers land as `xx_`, without aliases."""
    token = VAULT.tokenise(Personal.PHONE, typed)
    assert token.token.startswith("xx_")
    assert token.aliases == ()


@given(mobiles)
def test_the_hashes_of_a_phone_are_its_aliases(mobile: str) -> None:
    """A platform that knows only the MD5 or SHA-256 of the 11 digits, in any case, meets the phone."""
    aliases = VAULT.tokenise(Personal.PHONE, f"+86{mobile}").aliases
    md5 = VAULT.tokenise(Personal.PHONE_MD5, hashlib.md5(mobile.encode()).hexdigest().upper())
    sha256 = VAULT.tokenise(Personal.PHONE_SHA256, hashlib.sha256(mobile.encode()).hexdigest())
    assert aliases == (md5.token, sha256.token)
    assert md5.token.startswith("pm_")
    assert sha256.token.startswith("ps_")


def test_a_hash_of_the_wrong_length_is_marked() -> None:
    """Somebody's SHA-1, or a phone in the hash column, ties nobody together."""
    for wrong in ("13800138000", hashlib.sha1(b"13800138000").hexdigest()):
        assert VAULT.tokenise(Personal.PHONE_MD5, wrong).token.startswith("xx_")


def test_a_hong_kong_phone_is_valid_and_has_no_aliases() -> None:
    """Platforms hash 11 digits of the mainland only."""
    token = VAULT.tokenise(Personal.PHONE, "+852 9123 4567")
    assert (token.clear, token.aliases) == ("+85291234567", ())


@pytest.mark.parametrize(
    "typed", ["1990-02-09", "1990/2/9", "19900209", "1990年2月9日", "--0209", "1990-02-09 00:00:00"]
)
def test_a_birthday_keeps_month_and_day_only(typed: str) -> None:
    """The year goes, and nothing is left to reveal."""
    token = VAULT.tokenise(Personal.BIRTHDAY, typed)
    assert (token.token, token.clear) == ("--0209", "")


def test_a_birthday_that_is_no_day_is_marked_and_not_kept() -> None:
    """30 February is a typo; 29 February is a birthday."""
    assert VAULT.tokenise(Personal.BIRTHDAY, "1990-02-30").token.startswith("xx_")
    assert VAULT.tokenise(Personal.BIRTHDAY, "1990-02-30").clear == ""
    assert VAULT.tokenise(Personal.BIRTHDAY, "1992-02-29").token == "--0229"


def test_what_is_stored_can_be_revealed(dsn: str) -> None:
    """reveal(tokenise(x)) is the normal form of x, for every kind that is kept, also when stored twice."""
    chance = random.Random(7)
    typed = {
        Personal.PHONE: f"138 {chance.randrange(10**4):04d} {chance.randrange(10**4):04d}",
        Personal.PHONE_MD5: hashlib.md5(b"13800138000").hexdigest(),
        Personal.NAME: " 张　三 ",
        Personal.EMAIL: "Anna@Example.COM",
        Personal.ID_NUMBER: "11010519491231002x",
        Personal.TEXT: "喜欢 红色",
        Personal.BIRTHDAY: "1990-02-09",
    }
    tokens = [VAULT.tokenise(kind, value) for kind, value in typed.items()]
    with warehouse.connect(dsn) as connection:
        VAULT.store(connection, [*tokens, *tokens])
        VAULT.store(connection, tokens)
        revealed = VAULT.reveal(connection, [*(token.token for token in tokens), "ph_" + "0" * 32])
    assert revealed == {token.token: token.clear for token in tokens if token.kind is not Personal.BIRTHDAY}
    e164 = phonenumbers.format_number(
        phonenumbers.parse(typed[Personal.PHONE], "CN"), phonenumbers.PhoneNumberFormat.E164
    )
    assert {e164, "张 三", "anna@example.com", "11010519491231002X"} <= set(revealed.values())


def test_the_database_holds_no_value_in_clear(dsn: str) -> None:
    """Whoever copies the vault's tables has nothing."""
    with warehouse.connect(dsn) as connection:
        VAULT.store(connection, [VAULT.tokenise(Personal.PHONE, "13800138000")])
        rows = connection.execute("select secret::text, ciphertext from vault.secret").fetchall()
        aliases = connection.execute("select alias_token from vault.alias order by 1").fetchall()
    assert len(rows) == 1
    assert b"13800138000" not in rows[0][1]
    assert [alias[:3] for (alias,) in aliases] == ["pm_", "ps_"]


def test_a_ciphertext_moved_to_another_token_does_not_open(dsn: str) -> None:
    """The token is part of what is authenticated: swapping rows in the vault cannot redirect a message."""
    tokens = [VAULT.tokenise(Personal.PHONE, phone) for phone in ("13800138000", "13900139000")]
    with warehouse.connect(dsn) as connection:
        VAULT.store(connection, tokens)
        connection.execute(
            "update vault.secret set ciphertext = (select ciphertext from vault.secret where token = %s)",
            [tokens[0].token],
        )
        with pytest.raises(ConfigurationError, match="does not open"):
            VAULT.reveal(connection, [tokens[1].token])


def test_another_key_does_not_open_the_vault(dsn: str) -> None:
    """The error names the token and what to set, never the value."""
    token = VAULT.tokenise(Personal.PHONE, "13800138000")
    with warehouse.connect(dsn) as connection:
        VAULT.store(connection, [token])
        with pytest.raises(ConfigurationError, match="QUANYU_VAULT_KEY") as caught:
            Vault(bytes(32)).reveal(connection, [token.token])
    assert "13800138000" not in str(caught.value)


def test_an_erased_phone_is_gone_with_its_hashes(dsn: str) -> None:
    """Erasing forgets the value, the aliases and the hashes stored under them; others stay."""
    phone = VAULT.tokenise(Personal.PHONE, "13800138000")
    digest = VAULT.tokenise(Personal.PHONE_MD5, hashlib.md5(b"13800138000").hexdigest())
    other = VAULT.tokenise(Personal.PHONE, "13900139000")
    with warehouse.connect(dsn) as connection:
        VAULT.store(connection, [phone, digest, other])
        assert VAULT.erase(connection, [phone.token]) == 2
        assert VAULT.reveal(connection, [phone.token, digest.token, other.token]) == {other.token: "+8613900139000"}
        assert connection.execute("select count(*) from vault.alias").fetchone() == (2,)


def test_a_short_key_is_refused() -> None:
    """A key that is not 32 bytes is a setting to correct."""
    with pytest.raises(ConfigurationError, match="32 bytes"):
        Vault(b"short")
