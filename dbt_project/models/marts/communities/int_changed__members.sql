-- Grain: one member of a group of whom something else is to be said: their group changed, whose account it is, or what
-- that person did. Empty when the marts are built anew.
with

members as (select * from {{ ref('int_community_members') }}),

accounts as (select * from {{ ref('bridge_account_customer') }}),

placed as (
    select
        members.member_key,
        members.record_id,
        members.account_key,
        accounts.one_id
    from members
    left join accounts on members.account_key = accounts.account_key
),

int_changed__members as (
    select
        member_key,
        one_id
    from placed
    where
        {{ is_delta() }}
        and (
            record_id in (select records.record_id from {{ ref('int_changed__records') }} as records)
            or one_id in (select customers.one_id from {{ ref('int_changed__customers') }} as customers)
            or account_key in (select moved.account_key from {{ ref('int_changed__accounts') }} as moved)
        )
)

select * from int_changed__members
