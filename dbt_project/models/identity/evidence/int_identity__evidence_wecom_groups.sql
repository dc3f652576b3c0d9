-- Grain: one row per group, customer in it and identifier; not unique per customer.
-- Whoever is in a group is a customer of the corp, also one whom no member of staff has in the address book.

with customers as (
    select
        *,
        coalesce(first_joined_at, {{ start_of_day('first_landed_on') }}) as seen_at
    from {{ ref('stg_wecom__group_members') }}
    where member_type = 2
),

sightings as (
    select
        corp_id,
        userid,
        'external_userid' as identifier_type,
        corp_id as identifier_scope,
        userid as identifier_value,
        seen_at,
        first_landed_on as landed_on
    from customers
    union all
    select
        corp_id,
        userid,
        'unionid' as identifier_type,
        'open_platform' as identifier_scope,
        unionid as identifier_value,
        seen_at,
        first_landed_on as landed_on
    from customers
),

evidence as (
    select
        'wecom' as source,
        'wecom_contact' as account_type,
        corp_id as scope,
        userid as account_id,
        identifier_type,
        identifier_scope,
        identifier_value,
        seen_at,
        seen_at as last_at,
        landed_on
    from sightings
)

select * from evidence
where account_id is not null and identifier_value is not null
