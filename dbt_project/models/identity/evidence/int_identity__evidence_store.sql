-- Grain: one row per sighting of an identifier by a store member, a receipt without a card or a visit without a card.
-- A phone typed on a receipt that shows a card is no evidence: the card already says who it is, and clerks type theirs.

with members as (
    select
        *,
        coalesce(registered_at, updated_at, {{ start_of_day('first_landed_on') }}) as seen_at
    from {{ ref('stg_store__members') }}
),

receipt_lines as (
    select * from {{ ref('stg_store__receipt_lines') }}
),

visits as (
    select * from {{ ref('stg_store__visits') }}
),

-- Whoever gives a number that is nobody's says nothing with the name beside it either.
blocked_tokens as (
    select token from {{ source('ops', 'blocked_token') }}
    where identifier_type = 'phone'
),

-- A card is bound to a Tmall buyer without naming the shop; an ouid belongs to the shop that knows it.
shop_ouids as (
    select
        shop,
        ouid
    from {{ ref('stg_tmall__members') }}
    union
    select
        shop,
        ouid
    from {{ ref('stg_tmall__refunds') }}
),

receipts as (
    select
        brand,
        store_code || '|' || receipt_no as receipt_id,
        max(member_card) as member_card,
        max(phone_token) as phone_token,
        min(sold_at) as sold_at,
        min(first_landed_on) as first_landed_on
    from receipt_lines
    group by brand, store_code, receipt_no
),

card_uses as (
    select
        brand,
        member_card,
        sold_at as used_at,
        first_landed_on
    from receipts
    where member_card is not null
    union all
    select
        brand,
        member_card,
        visited_at as used_at,
        first_landed_on
    from visits
    where member_card is not null
),

last_uses as (
    select
        brand,
        member_card,
        max(used_at) as used_at
    from card_uses
    group by brand, member_card
),

-- A card in use vouches for the phone on it: its evidence lasts until the card falls silent.
living_members as (
    select
        members.brand,
        members.member_card,
        members.phone_token,
        members.tmall_ouid,
        members.name_token,
        members.birthday_mmdd,
        members.seen_at,
        members.first_landed_on,
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

member_sightings as (
    select
        brand,
        member_card,
        'member_card' as identifier_type,
        brand as identifier_scope,
        member_card as identifier_value,
        seen_at,
        last_at,
        first_landed_on as landed_on
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
        first_landed_on as landed_on
    from living_members
    union all
    select
        living_members.brand,
        living_members.member_card,
        'ouid' as identifier_type,
        shop_ouids.shop as identifier_scope,
        living_members.tmall_ouid as identifier_value,
        living_members.seen_at,
        living_members.last_at,
        living_members.first_landed_on as landed_on
    from living_members
    inner join shop_ouids on living_members.tmall_ouid = shop_ouids.ouid
    union all
    select
        brand,
        member_card,
        'name' as identifier_type,
        phone_token as identifier_scope,
        name_token as identifier_value,
        seen_at,
        last_at,
        first_landed_on as landed_on
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
        first_landed_on as landed_on
    from phone_holders
    union all
    select
        brand,
        member_card,
        'member_card' as identifier_type,
        brand as identifier_scope,
        member_card as identifier_value,
        used_at as seen_at,
        used_at as last_at,
        first_landed_on as landed_on
    from card_uses
    union all
    select
        brand,
        member_card,
        'unionid' as identifier_type,
        'open_platform' as identifier_scope,
        unionid as identifier_value,
        visited_at as seen_at,
        visited_at as last_at,
        first_landed_on as landed_on
    from visits
    union all
    select
        brand,
        member_card,
        'phone' as identifier_type,
        'global' as identifier_scope,
        phone_hash_token as identifier_value,
        visited_at as seen_at,
        visited_at as last_at,
        first_landed_on as landed_on
    from visits
),

visit_sightings as (
    select
        brand,
        visit_id,
        'unionid' as identifier_type,
        'open_platform' as identifier_scope,
        unionid as identifier_value,
        visited_at,
        first_landed_on as landed_on
    from visits
    where member_card is null
    union all
    select
        brand,
        visit_id,
        'phone' as identifier_type,
        'global' as identifier_scope,
        phone_hash_token as identifier_value,
        visited_at,
        first_landed_on as landed_on
    from visits
    where member_card is null
),

evidence as (
    select
        'store' as source,
        'store_member' as account_type,
        brand as scope,
        member_card as account_id,
        identifier_type,
        identifier_scope,
        identifier_value,
        seen_at,
        last_at,
        landed_on
    from member_sightings
    union all
    select
        'store' as source,
        'store_visit' as account_type,
        brand as scope,
        visit_id as account_id,
        identifier_type,
        identifier_scope,
        identifier_value,
        visited_at as seen_at,
        visited_at as last_at,
        landed_on
    from visit_sightings
    union all
    select
        'store' as source,
        'store_receipt' as account_type,
        brand as scope,
        receipt_id as account_id,
        'phone' as identifier_type,
        'global' as identifier_scope,
        phone_token as identifier_value,
        sold_at as seen_at,
        sold_at as last_at,
        first_landed_on as landed_on
    from receipts
    where member_card is null
)

select * from evidence
where account_id is not null and identifier_value is not null
