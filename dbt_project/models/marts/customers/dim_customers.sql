-- Grain: one person (One-ID).
with

accounts as (select * from {{ ref('bridge_account_customer') }}),

identifiers as (select * from {{ ref('bridge_identifier_customer') }}),

observations as (select * from {{ ref('int_identity__observations') }}),

members as (select * from {{ ref('stg_store__members') }}),

tmall_members as (select * from {{ ref('stg_tmall__members') }}),

followers as (select * from {{ ref('stg_official_account__followers') }}),

contacts as (select * from {{ ref('stg_wecom__contacts') }}),

orders as (select * from {{ ref('fct_orders') }}),

customers as (
    select
        one_id,
        count(*) as accounts_count,
        bool_or(account_type = 'store_member') as is_store_member,
        bool_or(account_type = 'tmall_buyer') as is_tmall_buyer
    from accounts
    group by one_id
),

seen as (
    select
        accounts.one_id,
        min({{ shanghai_date('observations.first_seen_at') }}) as first_seen_on
    from accounts
    inner join observations on accounts.account_key = observations.account_key
    where observations.source not in ('steward', 'proposals')
    group by accounts.one_id
),

current_identifiers as (
    select
        one_id,
        count(distinct identifier_type || '|' || identifier_scope || '|' || identifier_value) as identifiers_count,
        bool_or(identifier_type = 'phone') as has_phone
    from identifiers
    where valid_to is null
    group by one_id
),

following as (
    select accounts.one_id
    from followers
    inner join accounts
        on
            accounts.account_type = 'official_account_follower'
            and followers.appid = accounts.scope
            and followers.openid = accounts.account_id
    where followers.is_subscribed
    group by accounts.one_id
),

wecom_contacts as (
    select accounts.one_id
    from contacts
    inner join accounts
        on
            accounts.account_type = 'wecom_contact'
            and contacts.corp_id = accounts.scope
            and contacts.external_userid = accounts.account_id
    where not contacts.is_deleted
    group by accounts.one_id
),

-- Somebody Tmall calls a member with a last trade has bought, even if before the history that was read.
tmall_buyers as (
    select accounts.one_id
    from tmall_members
    inner join accounts
        on
            accounts.account_type = 'tmall_member'
            and tmall_members.shop = accounts.scope
            and tmall_members.ouid = accounts.account_id
    where tmall_members.last_trade_at is not null
    group by accounts.one_id
),

-- What was typed for a birthday and is none lands as a token.
cards as (
    select
        brand,
        member_card,
        registered_store,
        updated_at,
        case when length(birthday_mmdd) = 4 then birthday_mmdd end as birthday_mmdd
    from members
),

-- A person with several cards: the card that was changed last speaks for them, field by field.
member_cards as (
    select
        accounts.one_id,
        cards.birthday_mmdd,
        cards.registered_store,
        row_number() over (
            partition by accounts.one_id
            order by
                case when cards.birthday_mmdd is null then 1 else 0 end asc,
                cards.updated_at desc,
                cards.member_card asc
        ) as birthday_rank,
        row_number() over (
            partition by accounts.one_id
            order by
                case when cards.registered_store is null then 1 else 0 end asc,
                cards.updated_at desc,
                cards.member_card asc
        ) as store_rank
    from cards
    inner join accounts
        on
            accounts.account_type = 'store_member'
            and cards.brand = accounts.scope
            and cards.member_card = accounts.account_id
),

card_facts as (
    select
        one_id,
        max(case when birthday_rank = 1 then birthday_mmdd end) as birthday_mmdd,
        max(case when store_rank = 1 then registered_store end) as registered_store
    from member_cards
    group by one_id
),

last_store_orders as (
    select
        one_id,
        store_code,
        row_number() over (partition by one_id order by ordered_at desc, order_key asc) as order_rank
    from orders
    where one_id is not null and channel = 'store' and is_paid
),

revenue as (
    select
        one_id,
        min(case when is_paid then ordered_on end) as first_order_on,
        max(case when is_paid then ordered_on end) as last_order_on,
        sum(case when is_paid then 1 else 0 end) as orders_count,
        sum(net_fen) as net_revenue_fen
    from orders
    where one_id is not null
    group by one_id
),

dim_customers as (
    select
        customers.one_id,
        seen.first_seen_on,
        customers.is_store_member,
        customers.is_tmall_buyer,
        card_facts.birthday_mmdd,
        revenue.first_order_on,
        revenue.last_order_on,
        customers.accounts_count,
        cast(coalesce(current_identifiers.identifiers_count, 0) as bigint) as identifiers_count,
        cast(coalesce(revenue.orders_count, 0) as bigint) as orders_count,
        cast(coalesce(revenue.net_revenue_fen, 0) as bigint) as net_revenue_fen,
        coalesce(current_identifiers.has_phone, false) as has_phone,
        coalesce(card_facts.registered_store, last_store_orders.store_code) as home_store,
        following.one_id is not null as is_follower,
        wecom_contacts.one_id is not null as is_wecom_contact,
        revenue.one_id is not null or tmall_buyers.one_id is not null as has_bought
    from customers
    left join seen on customers.one_id = seen.one_id
    left join current_identifiers on customers.one_id = current_identifiers.one_id
    left join following on customers.one_id = following.one_id
    left join wecom_contacts on customers.one_id = wecom_contacts.one_id
    left join tmall_buyers on customers.one_id = tmall_buyers.one_id
    left join card_facts on customers.one_id = card_facts.one_id
    left join revenue on customers.one_id = revenue.one_id
    left join last_store_orders
        on
            customers.one_id = last_store_orders.one_id
            and last_store_orders.order_rank = 1
)

select * from dim_customers
