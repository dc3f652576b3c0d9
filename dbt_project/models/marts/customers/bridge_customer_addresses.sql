-- Grain: one address of one person on one channel, and only where a message can arrive.
-- A phone is the address of every channel that takes one, and so on: which of them a brand has, its connections say.
{% set phone_channels = ['aliyun_sms', 'tencent_sms', 'aliyun_call', 'tencent_ads_audience', 'ocean_engine_audience'] %}
{% set contact_channels = ['wecom_broadcast', 'wecom_tag'] %}
{% set follower_channels = ['official_account_mass', 'official_account_template', 'official_account_tag'] %}
{% set person_channels = ['webhook', 'file_export'] %}

with

accounts as (select * from {{ ref('bridge_account_customer') }}),

identifiers as (select * from {{ ref('bridge_identifier_customer') }}),

edges as (select * from {{ ref('int_identity__edges') }}),

observations as (select * from {{ ref('int_identity__observations') }}),

followers as (select * from {{ ref('stg_official_account__followers') }}),

contacts as (select * from {{ ref('stg_wecom__contacts') }}),

chat_groups as (
    select * from {{ ref('stg_wecom__groups') }}
    where not is_deleted
),

group_members as (
    select * from {{ ref('stg_wecom__group_members') }}
    where member_type = 2 and is_member
),

tmall_members as (select * from {{ ref('stg_tmall__members') }}),

youzan_customers as (
    select * from {{ ref('stg_youzan__customers') }}
    where is_customer
),

switches as (
    select * from {{ ref('stg_tracking__events') }}
    where platform = 'app' and event_name in ('push_enabled', 'push_disabled')
),

cards as (select * from {{ ref('stg_store_db__members') }}),

tencent_leads as (select * from {{ ref('stg_tencent_ads__leads') }}),

ocean_leads as (select * from {{ ref('stg_ocean_engine__leads') }}),

imported as (select * from {{ ref('stg_consent_import__entries') }}),

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

contact_addresses as (
    select
        accounts.one_id,
        accounts.account_key,
        ranked_contacts.external_userid as address,
        ranked_contacts.staff_userid as sender,
        ranked_contacts.corp_id as scope
    from ranked_contacts
    inner join accounts
        on
            accounts.account_type = 'wecom_contact'
            and ranked_contacts.corp_id = accounts.scope
            and ranked_contacts.external_userid = accounts.account_id
    where ranked_contacts.staff_rank = 1
),

-- The owner writes to a group; somebody who is in it with two accounts reads it once.
group_addresses as (
    select
        accounts.one_id,
        group_members.chat_id as address,
        chat_groups.owner_userid as sender,
        group_members.corp_id as scope,
        min(accounts.account_key) as account_key
    from group_members
    inner join chat_groups
        on group_members.corp_id = chat_groups.corp_id and group_members.chat_id = chat_groups.chat_id
    inner join accounts
        on
            accounts.account_type = 'wecom_contact'
            and group_members.corp_id = accounts.scope
            and group_members.userid = accounts.account_id
    group by accounts.one_id, group_members.chat_id, chat_groups.owner_userid, group_members.corp_id
),

follower_addresses as (
    select
        accounts.one_id,
        accounts.account_key,
        followers.openid as address,
        followers.appid as scope
    from followers
    inner join accounts
        on
            accounts.account_type = 'official_account_follower'
            and followers.appid = accounts.scope
            and followers.openid = accounts.account_id
    where followers.is_subscribed
),

-- A device can be pushed to while its switch is on, and shows it to whoever used the app there last.
ranked_switches as (
    select
        *,
        row_number() over (
            partition by appid, device_id order by occurred_at desc, event_id desc
        ) as device_age,
        row_number() over (
            partition by push_provider, registration_id order by occurred_at desc, event_id desc
        ) as registration_age
    from switches
),

push_addresses as (
    select
        accounts.one_id,
        accounts.account_key,
        ranked_switches.push_provider as channel,
        ranked_switches.registration_id as address,
        ranked_switches.appid as scope
    from ranked_switches
    inner join accounts
        on
            accounts.account_type = 'app_user'
            and ranked_switches.appid = accounts.scope
            and ranked_switches.user_id = accounts.account_id
    where
        ranked_switches.event_name = 'push_enabled'
        and ranked_switches.device_age = 1
        and ranked_switches.registration_age = 1
        and ranked_switches.push_provider in ('jpush', 'getui')
        and ranked_switches.registration_id is not null
),

shop_addresses as (
    select
        accounts.one_id,
        accounts.account_key,
        'tmall_group' as channel,
        tmall_members.ouid as address,
        tmall_members.shop as scope
    from tmall_members
    inner join accounts
        on
            accounts.account_type = 'tmall_member'
            and tmall_members.shop = accounts.scope
            and tmall_members.ouid = accounts.account_id
    union all
    select
        accounts.one_id,
        accounts.account_key,
        'youzan_tag' as channel,
        youzan_customers.yz_open_id as address,
        youzan_customers.kdt_id as scope
    from youzan_customers
    inner join accounts
        on
            accounts.account_type = 'youzan_customer'
            and youzan_customers.kdt_id = accounts.scope
            and youzan_customers.yz_open_id = accounts.account_id
),

email_sightings as (
    select
        'store_member' as account_type,
        brand as scope,
        member_card as account_id,
        email_token
    from cards
    union all
    select
        'tencent_ads_lead' as account_type,
        account_id as scope,
        lead_id as account_id,
        email_token
    from tencent_leads
    union all
    select
        'ocean_engine_lead' as account_type,
        advertiser_id as scope,
        lead_id as account_id,
        email_token
    from ocean_leads
    union all
    select
        account_type,
        scope,
        account_id,
        email_token
    from imported
),

-- No identity rests on mail addresses: one that two people gave is nobody's.
email_addresses as (
    select
        email_sightings.email_token as address,
        min(accounts.one_id) as one_id,
        min(accounts.account_key) as account_key
    from email_sightings
    inner join accounts
        on
            email_sightings.account_type = accounts.account_type
            and email_sightings.scope = accounts.scope
            and email_sightings.account_id = accounts.account_id
    where left(email_sightings.email_token, 3) = 'em_'
    group by email_sightings.email_token
    having count(distinct accounts.one_id) = 1
),

persons as (
    select
        one_id,
        min(account_key) as account_key
    from accounts
    group by one_id
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

phone_addresses as (
    select
        identifiers.one_id,
        identifiers.identifier_value as address,
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

addresses as (
    {% for channel in contact_channels %}
        select
            one_id,
            '{{ channel }}' as channel,
            address,
            sender,
            scope,
            account_key
        from contact_addresses
        union all
    {% endfor %}
    select
        one_id,
        'wecom_group' as channel,
        address,
        sender,
        scope,
        account_key
    from group_addresses
    union all
    {% for channel in follower_channels %}
        select
            one_id,
            '{{ channel }}' as channel,
            address,
            '' as sender,
            scope,
            account_key
        from follower_addresses
        union all
    {% endfor %}
    {% for account_type, channel in [('mini_program_user', 'subscription_message'), ('app_user', 'in_app_popup')] %}
        select
            one_id,
            '{{ channel }}' as channel,
            account_id as address,
            '' as sender,
            scope,
            account_key
        from accounts
        where account_type = '{{ account_type }}'
        union all
    {% endfor %}
    {% for relation in ['push_addresses', 'shop_addresses'] %}
        select
            one_id,
            channel,
            address,
            '' as sender,
            scope,
            account_key
        from {{ relation }}
        union all
    {% endfor %}
    select
        one_id,
        'email_smtp' as channel,
        address,
        '' as sender,
        'global' as scope,
        account_key
    from email_addresses
    {% for channel in person_channels %}
        union all
        select
            one_id,
            '{{ channel }}' as channel,
            one_id as address,
            '' as sender,
            'global' as scope,
            account_key
        from persons
    {% endfor %}
),

bridge_customer_addresses as (
    select
        addresses.one_id,
        addresses.channel,
        addresses.address,
        addresses.sender,
        addresses.scope,
        addresses.account_key,
        last_seen_accounts.last_seen_at
    from addresses
    left join last_seen_accounts on addresses.account_key = last_seen_accounts.account_key
    {% for channel in phone_channels %}
        union all
        select
            one_id,
            '{{ channel }}' as channel,
            address,
            '' as sender,
            'global' as scope,
            account_key,
            last_seen_at
        from phone_addresses
    {% endfor %}
)

select * from bridge_customer_addresses
