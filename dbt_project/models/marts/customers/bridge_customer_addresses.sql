-- Grain: one address of one person on one channel, and only where a message can arrive.
with

accounts as (select * from {{ ref('bridge_account_customer') }}),

identifiers as (select * from {{ ref('bridge_identifier_customer') }}),

edges as (select * from {{ ref('int_identity__edges') }}),

observations as (select * from {{ ref('int_identity__observations') }}),

followers as (select * from {{ ref('stg_official_account__followers') }}),

contacts as (select * from {{ ref('stg_wecom__contacts') }}),

-- What stewards decided or a model proposed is no sign of life.
last_seen_accounts as (
    select
        account_key,
        max(last_seen_at) as last_seen_at
    from observations
    where source not in ('steward', 'proposals')
    group by account_key
),

-- Two guides may hold the same contact: the one who added them last writes.
ranked_contacts as (
    select
        corp_id,
        external_userid,
        staff_userid,
        row_number() over (
            partition by corp_id, external_userid
            order by added_at desc nulls last, staff_userid asc
        ) as staff_rank
    from contacts
    where not is_deleted
),

wecom_addresses as (
    select
        accounts.one_id,
        'wecom_broadcast' as channel,
        ranked_contacts.external_userid as address,
        ranked_contacts.staff_userid as sender,
        ranked_contacts.corp_id as scope,
        accounts.account_key,
        last_seen_accounts.last_seen_at
    from ranked_contacts
    inner join accounts
        on
            accounts.account_type = 'wecom_contact'
            and ranked_contacts.corp_id = accounts.scope
            and ranked_contacts.external_userid = accounts.account_id
    left join last_seen_accounts on accounts.account_key = last_seen_accounts.account_key
    where ranked_contacts.staff_rank = 1
),

official_account_addresses as (
    select
        accounts.one_id,
        'official_account_mass' as channel,
        followers.openid as address,
        '' as sender,
        followers.appid as scope,
        accounts.account_key,
        last_seen_accounts.last_seen_at
    from followers
    inner join accounts
        on
            accounts.account_type = 'official_account_follower'
            and followers.appid = accounts.scope
            and followers.openid = accounts.account_id
    left join last_seen_accounts on accounts.account_key = last_seen_accounts.account_key
    where followers.is_subscribed
),

-- Only what identity believes is in the bridge: a number it refused (a clerk's, a reseller's, a former owner's) is
-- nobody's address. Of a person's accounts that show a number, the one that showed it first is the number's.
phone_sightings as (
    select
        edges.identifier_value,
        accounts.one_id,
        accounts.account_key,
        max(edges.last_seen_at) over (
            partition by edges.identifier_value, accounts.one_id
        ) as last_seen_at,
        row_number() over (
            partition by edges.identifier_value, accounts.one_id
            order by edges.first_seen_at, accounts.account_key
        ) as sighting
    from edges
    inner join accounts on edges.account_key = accounts.account_key
    where edges.identifier_type = 'phone'
),

sms_addresses as (
    select
        identifiers.one_id,
        'aliyun_sms' as channel,
        identifiers.identifier_value as address,
        '' as sender,
        'global' as scope,
        phone_sightings.account_key,
        phone_sightings.last_seen_at
    from identifiers
    inner join phone_sightings
        on
            identifiers.identifier_value = phone_sightings.identifier_value
            and identifiers.one_id = phone_sightings.one_id
            and phone_sightings.sighting = 1
    where
        identifiers.identifier_type = 'phone'
        and identifiers.valid_to is null
        -- Only a number that was once given in clear can be dialled; a hash cannot.
        and left(identifiers.identifier_value, 3) = 'ph_'
),

bridge_customer_addresses as (
    select * from wecom_addresses
    union all
    select * from official_account_addresses
    union all
    select * from sms_addresses
)

select * from bridge_customer_addresses
