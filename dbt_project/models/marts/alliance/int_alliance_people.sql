-- Grain: one contract in force and one of our people whose phone is on the partner's list.
with

contracts as (select * from {{ ref('int_alliance_contracts') }}),

members as (select * from {{ ref('stg_alliance__members') }}),

aliases as (select * from {{ source('vault', 'alias') }}),

phones as (
    select
        identifier_value,
        one_id
    from {{ ref('bridge_identifier_customer') }}
    where
        identifier_type = 'phone'
        and valid_to is null
),

-- Who is on the list with two phones is in one segment.
int_alliance_people as (
    select
        contracts.contract,
        phones.one_id,
        min(members.segment) as partner_segment
    from contracts
    inner join members on contracts.contract = members.contract
    inner join aliases on members.phone_hash_token = aliases.alias_token
    inner join phones on aliases.token = phones.identifier_value
    group by contracts.contract, phones.one_id
)

select * from int_alliance_people
