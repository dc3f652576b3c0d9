-- Whoever follows or is a contact today can be written to, once each, and nobody else.
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
