-- Counted from the members, not from the model: whoever said no with one card gets no text message at all.
with

consents as (select * from {{ ref('fct_consents') }}),

accounts as (select * from {{ ref('bridge_account_customer') }}),

members as (select * from {{ ref('stg_store__members') }})

select consents.one_id
from consents
inner join accounts on consents.one_id = accounts.one_id
inner join members
    on
        accounts.account_type = 'store_member'
        and accounts.scope = members.brand
        and accounts.account_id = members.member_card
where
    consents.channel = 'aliyun_sms'
    and consents.is_granted
    and not members.has_sms_consent
