-- Grain: one row per sighting of an identifier by a ticket or a survey answer; not unique.
-- Each is an act: it is told apart by its own id and tied to somebody by what the person named.

with tickets as (
    select * from {{ ref('stg_service_desk__tickets') }}
),

surveys as (
    select * from {{ ref('stg_service_desk__surveys') }}
),

ticket_sightings as (
    select
        brand,
        ticket_id,
        'phone' as identifier_type,
        'global' as identifier_scope,
        phone_token as identifier_value,
        opened_at as seen_at,
        first_landed_on as landed_on
    from tickets
    union all
    select
        brand,
        ticket_id,
        'member_card' as identifier_type,
        brand as identifier_scope,
        member_card as identifier_value,
        opened_at as seen_at,
        first_landed_on as landed_on
    from tickets
),

survey_sightings as (
    select
        brand,
        survey_id,
        'unionid' as identifier_type,
        'open_platform' as identifier_scope,
        unionid as identifier_value,
        answered_at as seen_at,
        first_landed_on as landed_on
    from surveys
    union all
    select
        brand,
        survey_id,
        'member_card' as identifier_type,
        brand as identifier_scope,
        member_card as identifier_value,
        answered_at as seen_at,
        first_landed_on as landed_on
    from surveys
),

evidence as (
    select
        'service_desk' as source,
        'service_ticket' as account_type,
        brand as scope,
        ticket_id as account_id,
        identifier_type,
        identifier_scope,
        identifier_value,
        seen_at,
        seen_at as last_at,
        landed_on
    from ticket_sightings
    union all
    select
        'service_desk' as source,
        'survey_answer' as account_type,
        brand as scope,
        survey_id as account_id,
        identifier_type,
        identifier_scope,
        identifier_value,
        seen_at,
        seen_at as last_at,
        landed_on
    from survey_sightings
)

select * from evidence
where account_id is not null and identifier_value is not null
