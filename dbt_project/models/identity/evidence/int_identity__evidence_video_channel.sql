-- Grain: one row per lead: a phone left at a form, by day.

with leads as (
    select
        *,
        component_id || '|' || phone_token as account_id,
        {{ start_of_day('left_on') }} as seen_at
    from {{ ref('stg_video_channel__leads') }}
),

evidence as (
    select
        'video_channel' as source,
        'video_channel_lead' as account_type,
        appid as scope,
        account_id,
        'phone' as identifier_type,
        'global' as identifier_scope,
        phone_token as identifier_value,
        seen_at,
        seen_at as last_at,
        first_landed_on as landed_on
    from leads
)

select * from evidence
where account_id is not null and identifier_value is not null
