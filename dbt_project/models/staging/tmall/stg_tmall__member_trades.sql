-- Grain: one row per shop, member (ouid) and trade that any version of the member named as its last.
-- The newest version forgets the trade before; as evidence of who bought it, it stays true.

with versions as (
    select
        account,
        {{ as_jsonb('payload') }} as payload,
        landed_on
    from {{ source('tmall', 'tmall__members') }}
    where not is_deleted and landed_on <= {{ business_date() }}
),

renamed as (
    select
        account as shop,
        landed_on,
        {{ json_text('payload', 'ouid') }} as ouid,
        {{ json_text('payload', 'biz_order_id') }} as tid,
        {{ shanghai_time(json_text('payload', 'last_trade_time')) }} as traded_at
    from versions
),

member_trades as (
    select
        shop,
        ouid,
        tid,
        min(traded_at) as traded_at,
        min(landed_on) as first_landed_on
    from renamed
    where tid is not null and ouid is not null
    group by shop, ouid, tid
)

select * from member_trades
