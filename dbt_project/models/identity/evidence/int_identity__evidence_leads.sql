-- Grain: one row per lead and identifier.
-- A lead is an act; the number that was left ties it to somebody. A name counts within that number only.

with leads as (
    select * from {{ ref('stg_leads__leads') }}
),

-- Whoever leaves a number that is nobody's says nothing with the name beside it either.
blocked_tokens as (
    select token from {{ source('ops', 'blocked_token') }}
    where identifier_type = 'phone'
),

sightings as (
    select
        brand,
        lead_id,
        'phone' as identifier_type,
        'global' as identifier_scope,
        phone_token as identifier_value,
        captured_at as seen_at,
        first_landed_on as landed_on
    from leads
    union all
    select
        leads.brand,
        leads.lead_id,
        'name' as identifier_type,
        leads.phone_token as identifier_scope,
        leads.name_token as identifier_value,
        leads.captured_at as seen_at,
        leads.first_landed_on as landed_on
    from leads
    left join blocked_tokens on leads.phone_token = blocked_tokens.token
    where
        leads.name_token like 'nm!_%' escape '!'
        and leads.phone_token like 'ph!_%' escape '!'
        and blocked_tokens.token is null
),

evidence as (
    select
        'leads' as source,
        'lead' as account_type,
        brand as scope,
        lead_id as account_id,
        identifier_type,
        identifier_scope,
        identifier_value,
        seen_at,
        seen_at as last_at,
        landed_on
    from sightings
)

select * from evidence
where account_id is not null and identifier_value is not null
