"""The vault: one token per person's value however it is typed, and nobody reads it without the key."""

from __future__ import annotations

import hashlib
import itertools
import random
from collections.abc import Callable
from typing import Any

import phonenumbers
import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.hashes import SM3, Hash
from hypothesis import example, given
from hypothesis import strategies as st

from quanyu import warehouse
from quanyu.contracts import Personal
from quanyu.errors import ConfigurationError
from quanyu.settings import settings
from quanyu.vault import Vault, digests, normal_forms, vault

KEY = bytes(range(32))
VAULT = Vault(KEY)
SALTED = {"shop": "md5:s4lt{phone}", "app": "sha256:{phone}|盐", "bank": "sm3:<{phone}>", "e164": "sha256:+86{phone}"}
SALTED_VAULT = Vault(KEY, SALTED)

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


@pytest.mark.parametrize("typed", ["王女士", "欧阳先生", "王**", "*婉清", "会员", "微信用户123", "李 姐"])
def test_a_form_of_address_is_no_name(typed: str) -> None:
    """It may be revealed, to greet somebody with; it says nothing of who somebody is."""
    assert VAULT.tokenise(Personal.NAME, typed).token.startswith("xx_")
    assert VAULT.tokenise(Personal.NAME, "王婉清").token.startswith("nm_")


def sm3(data: bytes) -> str:
    state = Hash(SM3())
    state.update(data)
    return state.finalize().hex()


HASHES: dict[str, tuple[Personal, Callable[[str], str]]] = {
    "MD5": (Personal.PHONE_MD5, lambda phone: hashlib.md5(phone.encode()).hexdigest()),
    "SHA-256": (Personal.PHONE_SHA256, lambda phone: hashlib.sha256(phone.encode()).hexdigest()),
    "SM3": (Personal.PHONE_SM3, lambda phone: sm3(phone.encode())),
    "shop": (Personal.PHONE_DIGEST, lambda phone: hashlib.md5(f"s4lt{phone}".encode()).hexdigest()),
    "app": (Personal.PHONE_DIGEST, lambda phone: hashlib.sha256(f"{phone}|盐".encode()).hexdigest()),
    "bank": (Personal.PHONE_DIGEST, lambda phone: sm3(f"<{phone}>".encode())),
    "e164": (Personal.PHONE_DIGEST, lambda phone: hashlib.sha256(f"+86{phone}".encode()).hexdigest()),
}


@given(mobile=mobiles, spelling=spellings, is_upper=st.booleans())
def test_every_hash_of_a_phone_is_an_alias_of_every_spelling_of_it(mobile: str, spelling: str, is_upper: bool) -> None:
    """Whoever knows only a hash of the 11 digits, plain or by a declared salt, in any case, meets the phone."""
    aliases = SALTED_VAULT.tokenise(
        Personal.PHONE, spelling.format(mobile, mobile[:3], mobile[3:7], mobile[7:])
    ).aliases
    written = [(kind, hash_of(mobile)) for kind, hash_of in HASHES.values()]
    tokens = [SALTED_VAULT.tokenise(kind, h.upper() if is_upper else h).token for kind, h in written]
    assert aliases == tuple(tokens)
    assert [token[:3] for token in tokens] == ["pm_", "ps_", "pc_", "pd_", "pd_", "pd_", "pd_"]


@given(mobile=mobiles, salt=st.text(max_size=12), is_before=st.booleans())
def test_a_digest_by_a_salt_nobody_declared_meets_nobody(mobile: str, salt: str, is_before: bool) -> None:
    """The digest of the phone itself is no alias unless its very recipe is declared; then it is."""
    text = salt + mobile if is_before else mobile + salt
    written = hashlib.md5(text.encode(errors="surrogatepass")).hexdigest()
    token = VAULT.tokenise(Personal.PHONE_DIGEST, written).token
    assert token not in SALTED_VAULT.tokenise(Personal.PHONE, mobile).aliases
    if salt.isprintable() and "{phone}" not in salt:
        knowing = Vault(KEY, {"theirs": f"md5:{salt}{{phone}}" if is_before else f"md5:{{phone}}{salt}"})
        assert token in knowing.tokenise(Personal.PHONE, mobile).aliases


@given(mobiles, st.permutations(list(HASHES)))
def test_the_declaration_decides_which_hash_it_is(mobile: str, names: list[str]) -> None:
    """64 digits are SHA-256 or SM3, 32 are MD5 or salted: a hash under another kind's name ties nobody together."""
    (one, hash_of), (other, _) = HASHES[names[0]], HASHES[names[1]]
    if one is not other:
        aliases = SALTED_VAULT.tokenise(Personal.PHONE, mobile).aliases
        assert SALTED_VAULT.tokenise(other, hash_of(mobile)).token not in aliases


@pytest.mark.parametrize(
    ("message", "digest"),
    [
        (b"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
        (b"abcd" * 16, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"),
    ],
)
def test_sm3_is_that_of_the_standard(message: bytes, digest: str) -> None:
    """The two examples of GB/T 32905-2016, appendix A."""
    text = message.decode()
    assert digests.PhoneDigest(Personal.PHONE_DIGEST, "sm3", text + "{phone}").of("") == digest


@pytest.mark.parametrize("recipe", ["s4lt{phone}", "sha1:s4lt{phone}", "md5:s4lt", "md5:s4lt{phone}{phone}", "md5"])
def test_a_digest_that_cannot_be_computed_is_refused_without_its_salt(recipe: str) -> None:
    """No algorithm, an unknown one, no place for the phone or two: the error names the digest and what to write."""
    with pytest.raises(ConfigurationError, match="QUANYU_PHONE_DIGESTS: shop is not") as caught:
        Vault(KEY, {"shop": recipe})
    assert "s4lt" not in str(caught.value)


def test_an_openssl_without_sm3_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """A phone must not land without one of its aliases."""

    def refuse(*_: Any) -> None:
        raise UnsupportedAlgorithm("sm3 is not supported")

    monkeypatch.setattr(digests, "Hash", refuse)
    with pytest.raises(ConfigurationError, match="no SM3"):
        Vault(KEY).tokenise(Personal.PHONE, "13800138000")


def test_declared_digests_come_from_the_environment(environment: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """JSON, name to recipe; nothing of it is said when it is no JSON, and none need be declared."""
    assert settings().digests == {}
    monkeypatch.setenv("QUANYU_PHONE_DIGESTS", '{"shop": "md5:s4lt{phone}"}')
    settings.cache_clear()
    assert settings().digests == {"shop": "md5:s4lt{phone}"}
    assert "s4lt" not in repr(settings())
    for wrong in ("md5:s4lt{phone}", '["md5:s4lt{phone}"]', '{"shop": {"salt": "s4lt"}}'):
        monkeypatch.setenv("QUANYU_PHONE_DIGESTS", wrong)
        settings.cache_clear()
        with pytest.raises(ConfigurationError, match="QUANYU_PHONE_DIGESTS: Value error, must be a JSON") as caught:
            settings()
        assert "s4lt" not in str(caught.value)


def test_a_hash_of_the_wrong_length_is_marked() -> None:
    """Somebody's SHA-1, or a phone in the hash column, ties nobody together."""
    for wrong in ("13800138000", hashlib.sha1(b"13800138000").hexdigest()):
        for kind in (Personal.PHONE_MD5, Personal.PHONE_SHA256, Personal.PHONE_SM3, Personal.PHONE_DIGEST):
            assert VAULT.tokenise(kind, wrong).token.startswith("xx_")


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
    assert [alias[:3] for (alias,) in aliases] == ["pc_", "pm_", "ps_"]


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


@pytest.mark.parametrize("known_by", ["the phone", "its MD5", "its salted digest"])
def test_an_erased_phone_is_gone_with_its_hashes(dsn: str, known_by: str) -> None:
    """Erasing by any of its tokens forgets the value, every alias and the hashes stored under them; others stay."""
    phone = SALTED_VAULT.tokenise(Personal.PHONE, "13800138000")
    hashed = [SALTED_VAULT.tokenise(kind, hash_of("13800138000")) for kind, hash_of in HASHES.values()]
    other = SALTED_VAULT.tokenise(Personal.PHONE, "13900139000")
    named = {"the phone": phone, "its MD5": hashed[0], "its salted digest": hashed[3]}[known_by]
    with warehouse.connect(dsn) as connection:
        SALTED_VAULT.store(connection, [phone, *hashed, other])
        assert SALTED_VAULT.erase(connection, [named.token]) == 1 + len(hashed)
        tokens = [token.token for token in (phone, *hashed, other)]
        assert SALTED_VAULT.reveal(connection, tokens) == {other.token: "+8613900139000"}
        SALTED_VAULT.fill_aliases(connection)
        assert _aliases(connection) == dict.fromkeys(other.aliases, other.token)


def _aliases(connection: warehouse.Connection) -> dict[str, str]:
    return dict(connection.execute("select alias_token, token from vault.alias").fetchall())


def _aliases_of(*tokens: Any) -> dict[str, str]:
    return {alias: token.token for token in tokens for alias in token.aliases}


def _fail_at(call: int, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, until somebody pulls the plug."""
    calls = itertools.count(1)

    def until_then(*values: Any) -> Any:
        if next(calls) == call:
            raise KeyboardInterrupt
        return function(*values)

    return until_then


PHONES = [f"1380013{n:04d}" for n in range(7)]


def test_phones_that_landed_before_a_salt_was_declared_get_its_alias(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Batch by batch, once, whatever else lies among the phones; a broken-off run goes on where it stopped."""
    monkeypatch.setattr(vault, "_FILL_BATCH", 3)
    elsewhere = ["+852 9123 4567", "+86 12345678901", "138****8000"]  # one abroad, two that are no phones
    with warehouse.connect(dsn, autocommit=True) as connection:
        VAULT.store(connection, [VAULT.tokenise(Personal.PHONE, phone) for phone in PHONES + elsewhere])
        VAULT.store(connection, [VAULT.tokenise(Personal.NAME, "张三")])
        wanted = [SALTED_VAULT.tokenise(Personal.PHONE, phone) for phone in PHONES]
        with monkeypatch.context() as broken:
            broken.setattr(SALTED_VAULT, "_aliases", _fail_at(4, SALTED_VAULT._aliases))
            with pytest.raises(KeyboardInterrupt):
                SALTED_VAULT.fill_aliases(connection)
        first = sorted(wanted, key=lambda token: token.token)[:3]
        assert _aliases(connection).items() >= _aliases_of(*first).items()
        assert SALTED_VAULT.fill_aliases(connection) == len(PHONES) + 1 - 3
        connection.execute("delete from vault.alias_progress")
        assert SALTED_VAULT.fill_aliases(connection) == len(PHONES) + 1
        assert _aliases(connection) == _aliases_of(*wanted)
        assert SALTED_VAULT.fill_aliases(connection) == 0


def test_a_writer_that_lacks_a_salt_leaves_no_phone_without_its_alias(dsn: str) -> None:
    """A process still running with yesterday's settings lands a new phone; the next reading makes up for it."""
    old, new = (SALTED_VAULT.tokenise(Personal.PHONE, phone) for phone in PHONES[:2])
    with warehouse.connect(dsn, autocommit=True) as connection:
        SALTED_VAULT.store(connection, [old])
        assert SALTED_VAULT.fill_aliases(connection) == 1
        VAULT.store(connection, [VAULT.tokenise(Personal.PHONE, PHONES[0])])
        assert SALTED_VAULT.fill_aliases(connection) == 0
        VAULT.store(connection, [VAULT.tokenise(Personal.PHONE, PHONES[1])])
        assert VAULT.fill_aliases(connection) == 0
        assert SALTED_VAULT.fill_aliases(connection) == 2
        assert _aliases(connection) == _aliases_of(old, new)


def test_the_loader_may_fill_and_the_database_holds_no_salt(dsn: str) -> None:
    """The role that lands makes the aliases; what it notes of a digest is keyed, so that a short salt stays unknown."""
    with warehouse.connect(dsn) as connection:
        connection.execute("set role quanyu_loader")
        VAULT.store(connection, [VAULT.tokenise(Personal.PHONE, PHONES[0])])
        SALTED_VAULT.fill_aliases(connection)
        VAULT.store(connection, [VAULT.tokenise(Personal.PHONE, PHONES[1])])
        SALTED_VAULT.fill_aliases(connection)
        assert _aliases(connection) == _aliases_of(
            *(SALTED_VAULT.tokenise(Personal.PHONE, phone) for phone in PHONES[:2])
        )
        noted = connection.execute("select digest from vault.alias_progress").fetchall()
    plain = {hash_of(text) for text in (*SALTED.values(), "s4lt", "") for _, hash_of in HASHES.values()}
    assert len(noted) == 7
    assert not {digest for (digest,) in noted} & {guess[:32] for guess in plain}


def test_another_key_fills_nothing(dsn: str) -> None:
    """Aliases under another key would meet no hash that ever landed."""
    with warehouse.connect(dsn) as connection:
        VAULT.store(connection, [VAULT.tokenise(Personal.PHONE, PHONES[0])])
        with pytest.raises(ConfigurationError, match="QUANYU_VAULT_KEY"):
            Vault(bytes(32)).fill_aliases(connection)


def test_a_short_key_is_refused() -> None:
    """A key that is not 32 bytes is a setting to correct."""
    with pytest.raises(ConfigurationError, match="32 bytes"):
        Vault(b"short")


@pytest.mark.parametrize("seed", range(3))
def test_eleven_digits_are_a_mobile_number_the_fast_way_as_by_the_library(seed: int) -> None:
    """Whatever the pattern takes, the library takes and writes alike."""
    rng = random.Random(seed)
    drawn = [f"1{rng.randrange(10**10):010d}" for _ in range(5_000)]
    taken = [number for number in drawn if normal_forms._MAINLAND_MOBILE.fullmatch(number)]
    assert 1_000 < len(taken) < 5_000
    for number in taken:
        parsed = phonenumbers.parse(number, "CN")
        assert phonenumbers.number_type(parsed) in normal_forms._MOBILE
        form = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
        assert normal_forms.normal_form(Personal.PHONE, number) == form
