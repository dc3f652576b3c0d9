"""Personal data: what stands in for a value at rest, and the one place that gives the value back.

A token is a keyed hash of the value's normal form, so the same phone is the same token from every
source, and nobody without the key can test a guess. The ciphertext is bound to its token. Both keys
are derived from the one vault key, which is never in the database.

    normal_forms  what all spellings of a value share
    digests       how platforms hash a phone: the plain hashes, and those an operator declares with their salt
    vault         tokens, ciphertexts and aliases: tokenise, store, reveal, erase
"""

from quanyu.vault.vault import INVALID, Token, Vault

__all__ = ["INVALID", "Token", "Vault"]
