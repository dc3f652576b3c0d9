-- Grain: one row per sighting of an identifier by a ticket, an answer or a card that one of them named; not unique.
-- A ticket or an answer that names a card is the card's: it is no account of its own, or every call of a loyal customer
-- would count against what one card may tie together. The number of a caller who names a card says nothing more.

with tickets as (
    select * from {{ ref('stg_service_desk__tickets') }}
),

surveys as (
    select * from {{ ref('stg_service_desk__surveys') }}
),

sightings as (
    select
        'service_ticket' as account_type,
        brand,
        ticket_id as account_id,
        'phone' as identifier_type,
        'global' as identifier_scope,
        phone_token as identifier_value,
        opened_at as seen_at,
        first_landed_on as landed_on
    from tickets
    where member_card is null
    union all
    select
        'store_member' as account_type,
        brand,
        member_card as account_id,
        'member_card' as identifier_type,
        brand as identifier_scope,
        member_card as identifier_value,
        opened_at as seen_at,
        first_landed_on as landed_on
    from tickets
    union all
    select
        case when member_card is null then 'survey_answer' else 'store_member' end as account_type,
        brand,
        coalesce(member_card, survey_id) as account_id,
        'unionid' as identifier_type,
        'open_platform' as identifier_scope,
        unionid as identifier_value,
        answered_at as seen_at,
        first_landed_on as landed_on
    from surveys
    union all
    select
        'store_member' as account_type,
        brand,
        member_card as account_id,
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
        account_type,
        brand as scope,
        account_id,
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
