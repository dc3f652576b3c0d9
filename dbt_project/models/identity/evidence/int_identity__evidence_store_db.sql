-- Grain: one row per sighting of an identifier by a store member, as the tills' own database knows it.
-- The accounts are the cards of source store: whichever of the two is on, a card is the same account.

with members as (
    select
        *,
        coalesce(registered_at, updated_at, {{ start_of_day('first_landed_on') }}) as seen_at
    from {{ ref('stg_store_db__members') }}
),

tenders as (
    select * from {{ ref('stg_store_db__tenders') }}
    where member_reference is not null
),

-- Whoever gives a number that is nobody's says nothing with the name beside it either.
blocked_tokens as (
    select token from {{ source('ops', 'blocked_token') }}
    where identifier_type = 'phone'
),

-- A till notes the system's id of the card or the number on it.
card_names as (
    select
        brand,
        member_card,
        card_id as reference
    from members
    union
    select
        brand,
        member_card,
        member_card as reference
    from members
),

last_uses as (
    select
        card_names.brand,
        card_names.member_card,
        max(tenders.paid_at) as used_at
    from tenders
    inner join card_names
        on tenders.brand = card_names.brand and tenders.member_reference = card_names.reference
    group by card_names.brand, card_names.member_card
),

-- A card in use vouches for the phone on it: its evidence lasts until the card falls silent.
living_members as (
    select
        members.brand,
        members.member_card,
        members.phone_token,
        members.other_phone_token,
        members.name_token,
        members.birthday_mmdd,
        members.seen_at,
        members.first_landed_on as landed_on,
        greatest(members.seen_at, members.updated_at, last_uses.used_at) as last_at
    from members
    left join last_uses
        on members.brand = last_uses.brand and members.member_card = last_uses.member_card
),

-- Who a number was registered for: a name and a birthday count within the number they were given with.
phone_holders as (
    select living_members.*
    from living_members
    left join blocked_tokens on living_members.phone_token = blocked_tokens.token
    where living_members.phone_token like 'ph!_%' escape '!' and blocked_tokens.token is null
),

sightings as (
    select
        brand,
        member_card,
        'member_card' as identifier_type,
        brand as identifier_scope,
        member_card as identifier_value,
        seen_at,
        last_at,
        landed_on
    from living_members
    union all
    select
        brand,
        member_card,
        'phone' as identifier_type,
        'global' as identifier_scope,
        phone_token as identifier_value,
        seen_at,
        last_at,
        landed_on
    from living_members
    union all
    select
        brand,
        member_card,
        'phone' as identifier_type,
        'global' as identifier_scope,
        other_phone_token as identifier_value,
        seen_at,
        last_at,
        landed_on
    from living_members
    union all
    select
        brand,
        member_card,
        'name' as identifier_type,
        phone_token as identifier_scope,
        name_token as identifier_value,
        seen_at,
        last_at,
        landed_on
    from phone_holders
    where name_token like 'nm!_%' escape '!'
    union all
    select
        brand,
        member_card,
        'birthday' as identifier_type,
        phone_token as identifier_scope,
        birthday_mmdd as identifier_value,
        seen_at,
        last_at,
        landed_on
    from phone_holders
),

evidence as (
    select
        'store_db' as source,
        'store_member' as account_type,
        brand as scope,
        member_card as account_id,
        identifier_type,
        identifier_scope,
        identifier_value,
        seen_at,
        last_at,
        landed_on
    from sightings
)

select * from evidence
where account_id is not null and identifier_value is not null
