-- Grain: one person, as their accounts, cards and identifiers speak of them tonight. Computed whole and compared with
-- what the last build knew (int_changed__customers): a comparison forgets nothing.
with

accounts as (select * from {{ ref('bridge_account_customer') }}),

seen_accounts as (select * from {{ ref('bridge_customer_accounts') }}),

identifiers as (select * from {{ ref('bridge_identifier_customer') }}),

addresses as (select * from {{ ref('bridge_customer_addresses') }}),

members as (select * from {{ ref('stg_store__members') }}),

tmall_members as (select * from {{ ref('stg_tmall__members') }}),

wechat_store_members as (select * from {{ ref('stg_wechat_store__members') }}),

followers as (select * from {{ ref('stg_official_account__followers') }}),

contacts as (select * from {{ ref('stg_wecom__contacts') }}),

decisions as (select * from {{ ref('int_consent_decisions') }}),

customers as (
    select
        one_id,
        count(*) as accounts_count,
        min(first_seen_on) as first_seen_on,
        max(last_seen_on) as last_seen_on,
        bool_or(account_type = 'store_member') as is_store_member,
        bool_or(account_type = 'tmall_buyer') as is_tmall_buyer
    from seen_accounts
    group by one_id
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

-- Each shop counts its grades from one: the highest of any is the person's tier.
graded as (
    select
        accounts.one_id,
        {{ integer_number('tmall_members.grade') }} as grade,
        tmall_members.last_trade_at is not null as has_traded
    from tmall_members
    inner join accounts
        on
            accounts.account_type = 'tmall_member'
            and tmall_members.shop = accounts.scope
            and tmall_members.ouid = accounts.account_id
    union all
    select
        accounts.one_id,
        wechat_store_members.grade,
        false as has_traded
    from wechat_store_members
    inner join accounts
        on
            accounts.account_type = 'wechat_store_user'
            and wechat_store_members.appid = accounts.scope
            and wechat_store_members.openid = accounts.account_id
    where wechat_store_members.is_member
),

-- Somebody Tmall calls a member with a last trade has bought, even if before the history that was read.
grades as (
    select
        one_id,
        max(grade) as tier,
        bool_or(has_traded) as has_traded_on_tmall
    from graded
    group by one_id
),

reachable as (
    select
        one_id,
        bool_or(channel = 'aliyun_sms') as by_sms,
        bool_or(channel = 'wecom_broadcast') as by_wecom,
        bool_or(channel = 'official_account_mass') as by_official_account
    from addresses
    group by one_id
),

-- No birthday says how old somebody is, because its year is not kept. One account that is a child's is enough.
minors as (
    select one_id from decisions
    where act = 'minor_declared' and is_granted
    group by one_id
),

-- What was typed for a birthday and is none lands as a token.
cards as (
    select
        brand,
        member_card,
        registered_store,
        updated_at,
        lunar_birthday_mmdd,
        case when length(birthday_mmdd) = 4 then birthday_mmdd end as birthday_mmdd
    from members
),

-- A person with several cards: the card that was changed last speaks for them, field by field.
member_cards as (
    select
        accounts.one_id,
        cards.birthday_mmdd,
        cards.lunar_birthday_mmdd,
        cards.registered_store,
        row_number() over (
            partition by accounts.one_id
            order by
                case when coalesce(cards.birthday_mmdd, cards.lunar_birthday_mmdd) is null then 1 else 0 end asc,
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
        max(case when birthday_rank = 1 then lunar_birthday_mmdd end) as lunar_birthday_mmdd,
        max(case when store_rank = 1 then registered_store end) as registered_store
    from member_cards
    group by one_id
),

int_profiles_tonight as (
    select
        customers.one_id,
        customers.first_seen_on,
        customers.last_seen_on,
        customers.accounts_count,
        customers.is_store_member,
        customers.is_tmall_buyer,
        card_facts.birthday_mmdd,
        card_facts.lunar_birthday_mmdd,
        card_facts.registered_store,
        grades.tier,
        cast(coalesce(current_identifiers.identifiers_count, 0) as bigint) as identifiers_count,
        coalesce(grades.has_traded_on_tmall, false) as has_traded_on_tmall,
        coalesce(current_identifiers.has_phone, false) as has_phone,
        following.one_id is not null as is_follower,
        wecom_contacts.one_id is not null as is_wecom_contact,
        coalesce(reachable.by_sms, false) as is_reachable_by_sms,
        coalesce(reachable.by_wecom, false) as is_reachable_by_wecom,
        coalesce(reachable.by_official_account, false) as is_reachable_by_official_account,
        minors.one_id is not null as is_minor
    from customers
    left join current_identifiers on customers.one_id = current_identifiers.one_id
    left join following on customers.one_id = following.one_id
    left join wecom_contacts on customers.one_id = wecom_contacts.one_id
    left join grades on customers.one_id = grades.one_id
    left join reachable on customers.one_id = reachable.one_id
    left join card_facts on customers.one_id = card_facts.one_id
    left join minors on customers.one_id = minors.one_id
)

select * from int_profiles_tonight
