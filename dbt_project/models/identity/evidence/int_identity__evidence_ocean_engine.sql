-- Grain: one row per lead with a phone. A lead is an act: an account of its own, like a receipt.

with leads as (
    select
        *,
        coalesce(left_at, {{ start_of_day('first_landed_on') }}) as seen_at
    from {{ ref('stg_ocean_engine__leads') }}
),

evidence as (
    select
        'ocean_engine' as source,
        'ocean_engine_lead' as account_type,
        advertiser_id as scope,
        lead_id as account_id,
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
