-- Grain: one row per shop and member (ouid), newest version.

with newest as (
    {{ newest_version(source('tmall', 'tmall__members')) }}
),

renamed as (
    select
        account as shop,
        landed_on,
        first_landed_on,
        -- ids
        {{ json_text('payload', 'ouid') }} as ouid,
        {{ json_text('payload', 'biz_order_id') }} as last_tid,
        -- strings
        {{ json_text('payload', 'grade') }} as grade,
        {{ json_text('payload', 'status') }} as status,
        -- timestamps
        {{ shanghai_time(json_text('payload', 'last_trade_time')) }} as last_trade_at
    from newest
    where not is_deleted
)

select * from renamed
