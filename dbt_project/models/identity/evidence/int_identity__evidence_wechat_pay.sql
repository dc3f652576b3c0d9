-- Grain: one row per payer and line of a bill.

with trades as (
    select * from {{ ref('stg_wechat_pay__trades') }}
),

evidence as (
    select
        'wechat_pay' as source,
        'wechat_payer' as account_type,
        appid as scope,
        openid as account_id,
        'openid' as identifier_type,
        appid as identifier_scope,
        openid as identifier_value,
        traded_at as seen_at,
        traded_at as last_at,
        first_landed_on as landed_on
    from trades
)

select * from evidence
where account_id is not null and scope is not null
