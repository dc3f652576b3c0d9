-- Whoever follows or is a contact today can be written to, once each, and nobody else; so can every user of the mini
-- program, and everybody can be handed over.
with

reachable as (
    select
        'official_account_mass' as channel,
        count(*) as addresses_count
    from {{ ref('stg_official_account__followers') }}
    where is_subscribed
    union all
    select
        'wecom_broadcast' as channel,
        count(distinct corp_id || '|' || external_userid) as addresses_count
    from {{ ref('stg_wecom__contacts') }}
    where not is_deleted
    union all
    select
        'subscription_message' as channel,
        count(*) as addresses_count
    from {{ ref('bridge_account_customer') }}
    where account_type = 'mini_program_user'
    union all
    select
        'file_export' as channel,
        count(distinct one_id) as addresses_count
    from {{ ref('bridge_account_customer') }}
),

addresses as (
    select
        channel,
        count(*) as addresses_count
    from {{ ref('bridge_customer_addresses') }}
    group by channel
)

select
    reachable.channel,
    reachable.addresses_count as expected_count,
    addresses.addresses_count
from reachable
left join addresses on reachable.channel = addresses.channel
where reachable.addresses_count <> coalesce(addresses.addresses_count, 0)
