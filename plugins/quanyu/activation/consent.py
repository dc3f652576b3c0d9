"""Whether a person agreed to be written to, asked of their accounts as they are known today."""

from __future__ import annotations

# Why `asked` (one_id, channel) may not be written to; null when it may. An opt-out of any address of a person
# counts for all of them; messages of purpose `service` (an order was shipped) are owed even then. Below 14 a consent is
# the guardian's to give (PIPL, art. 31), which nobody here can ask for: no advertising, whatever was ticked.
_NO_CONSENT = """
case
    when %(purpose)s = 'marketing' and exists (
        select from marts.dim_customers as customer where customer.one_id = {person} and customer.is_minor
    ) then 'below 14'
    when not exists (
        select from marts.fct_consents as consent
        where consent.one_id = {person} and consent.channel = asked.channel
            and consent.purpose = %(consent)s and consent.is_granted
    ) then 'no consent on record'
    when %(purpose)s <> 'service' and (
        exists (
            select from activation.opt_out as said
            where said.channel = asked.channel and said.address = asked.address
        )
        or exists (
            select from activation.opt_out as said
            inner join marts.bridge_customer_addresses as own using (channel, address)
            where own.one_id = {person} and own.channel = asked.channel
        )
    ) then 'opted out'
end
"""

# Whoever the account of a message is today, whatever merged or was split since it was planned.
_OWNER = """coalesce(
    (select one_id from marts.bridge_customer_accounts as account where account.account_key = asked.account_key),
    (select one_id_current from marts.bridge_one_id_alias as alias where alias.one_id_old = asked.one_id),
    asked.one_id
)"""

NO_CONSENT = _NO_CONSENT.replace("{person}", "asked.one_id")
"""Asked of a person who is being planned for."""

NO_CONSENT_TODAY = _NO_CONSENT.replace("{person}", _OWNER)
"""Asked of a row of the ledger."""
