-- Grain: one row per corp, customer (external_userid) and staff member, newest version; deleted relations are kept.

with newest as (
    {{ newest_version(source('wecom', 'wecom__contacts')) }}
),

versions as (
    select
        account,
        record_key,
        {{ as_jsonb('payload') }} as payload
    from {{ source('wecom', 'wecom__contacts') }}
    where landed_on <= {{ business_date() }}
),

-- createtime moves when a customer is added again; identity needs the first one.
first_times as (
    select
        account,
        record_key,
        min({{ epoch_time(json_text('payload', 'follow_info', 'createtime')) }}) as first_added_at
    from versions
    group by account, record_key
),

renamed as (
    select
        newest.record_id,
        newest.account as corp_id,
        newest.is_deleted,
        newest.landed_on,
        newest.first_landed_on,
        -- ids
        {{ json_text('newest.payload', 'external_contact', 'external_userid') }} as external_userid,
        {{ json_text('newest.payload', 'follow_info', 'userid') }} as staff_userid,
        {{ json_text('newest.payload', 'external_contact', 'unionid') }} as unionid,
        -- strings
        {{ json_text('newest.payload', 'external_contact', 'name') }} as name_token,
        {{ json_text('newest.payload', 'follow_info', 'remark') }} as remark_token,
        {{ json_text('newest.payload', 'follow_info', 'description') }} as description_token,
        {{ json_text('newest.payload', 'follow_info', 'state') }} as state,
        {{ json_text('newest.payload', 'follow_info', 'add_way') }} as add_way,
        -- timestamps
        {{ epoch_time(json_text('newest.payload', 'follow_info', 'createtime')) }} as added_at,
        first_times.first_added_at
    from newest
    inner join first_times
        on newest.account = first_times.account and newest.record_key = first_times.record_key
)

select * from renamed
