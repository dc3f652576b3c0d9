-- Grain: one contact added by one member of staff; and one customer who joined one group, by the newest joining.
with

contacts as (select * from {{ ref('stg_wecom__contacts') }}),

members as (
    select * from {{ ref('stg_wecom__group_members') }}
    where member_type = 2
),

chats as (select * from {{ ref('stg_wecom__groups') }})

select
    record_id,
    'wecom|' || corp_id || '|' || external_userid || '|' || staff_userid as touchpoint_key,
    {{ account_key("'wecom_contact'", 'corp_id', 'external_userid') }} as account_key,
    'contact_added' as touchpoint_type,
    'wecom' as channel,
    cast(null as text) as placement,
    cast(null as text) as campaign_key,
    cast(null as text) as content_key,
    cast(null as text) as product_key,
    staff_userid as staff_code,
    cast(null as text) as store_code,
    cast(null as text) as session_key,
    added_at as occurred_at,
    1 as quantity,
    'wecom' as source
from contacts
where added_at is not null

union all

select
    members.record_id,
    'wecom_group|' || members.corp_id || '|' || members.chat_id || '|' || members.userid as touchpoint_key,
    {{ account_key("'wecom_contact'", 'members.corp_id', 'members.userid') }} as account_key,
    'group_joined' as touchpoint_type,
    'wecom' as channel,
    cast(null as text) as placement,
    cast(null as text) as campaign_key,
    'wecom|' || members.corp_id || '|' || members.chat_id as content_key,
    cast(null as text) as product_key,
    chats.owner_userid as staff_code,
    cast(null as text) as store_code,
    cast(null as text) as session_key,
    members.joined_at as occurred_at,
    1 as quantity,
    'wecom' as source
from members
inner join chats on members.corp_id = chats.corp_id and members.chat_id = chats.chat_id
where members.joined_at is not null
