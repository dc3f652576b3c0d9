-- Grain: one row per corp, customer group and member; whoever left is kept.
-- A group is one record, so who left shows in no newest version: the older ones are looked through as well.

with versions as (
    select
        {{ record_id('wecom__groups', 'account', 'record_key') }} as record_id,
        account,
        record_key,
        version,
        load_id,
        is_deleted,
        landed_on,
        {{ as_jsonb('payload') }} as payload,
        row_number() over (partition by account, record_key order by version desc, load_id desc) as age,
        lag(landed_on) over (partition by account, record_key order by version desc, load_id desc) as missing_on
    from {{ source('wecom', 'wecom__groups') }}
    where landed_on <= {{ business_date() }}
),

shown as (
    select
        versions.record_id,
        versions.account as corp_id,
        versions.landed_on,
        versions.age,
        versions.age = 1 and not versions.is_deleted as is_member,
        -- Nobody says when somebody left: the night that found it. A group that is gone takes all with it.
        coalesce(versions.missing_on, case when versions.is_deleted then versions.landed_on end) as left_on,
        -- ids
        {{ json_text('versions.payload', 'chat_id') }} as chat_id,
        {{ json_text('member.value', 'userid') }} as userid,
        {{ json_text('member.value', 'unionid') }} as unionid,
        {{ json_text('member.value', 'invitor', 'userid') }} as invited_by_userid,
        -- strings
        {{ json_text('member.value', 'state') }} as state,
        {{ json_text('member.value', 'name') }} as name_token,
        {{ json_text('member.value', 'group_nickname') }} as group_nickname_token,
        -- numerics
        {{ integer_number(json_text('member.value', 'type')) }} as member_type,
        {{ integer_number(json_text('member.value', 'join_scene')) }} as join_scene,
        -- timestamps
        {{ epoch_time(json_text('member.value', 'join_time')) }} as joined_at
    from versions
    cross join lateral {{ json_elements('versions.payload', 'member_list') }} as member (value)
),

ranked as (
    select
        *,
        min(landed_on) over (partition by corp_id, chat_id, userid) as first_landed_on,
        min(joined_at) over (partition by corp_id, chat_id, userid) as first_joined_at,
        row_number() over (partition by corp_id, chat_id, userid order by age) as place
    from shown
),

members as (
    select
        record_id,
        corp_id,
        is_member,
        landed_on,
        first_landed_on,
        chat_id,
        userid,
        unionid,
        invited_by_userid,
        state,
        name_token,
        group_nickname_token,
        member_type,
        join_scene,
        joined_at,
        first_joined_at,
        left_on
    from ranked
    where place = 1
)

select * from members
