-- Grain: one act of one account (a follow, a contact added, a visit, an order), or one advertising figure of one day,
-- creative and placement, of which nobody's name is known.
{% set ad_figures = {
    'ad_impression': 'impressions',
    'ad_click': 'clicks',
    'ad_like': 'likes',
    'ad_comment': 'comments',
    'ad_collect': 'collects',
    'ad_follow': 'follows',
    'ad_share': 'shares',
} %}

with

creatives as (select * from {{ ref('stg_xiaohongshu__creative_report') }}),

followers as (select * from {{ ref('stg_official_account__followers') }}),

contacts as (select * from {{ ref('stg_wecom__contacts') }}),

visits as (select * from {{ ref('stg_store__visits') }}),

orders as (select * from {{ ref('fct_orders') }}),

accounts as (select * from {{ ref('bridge_account_customer') }}),

ads as (
    {% for interaction_type, figure in ad_figures.items() %}
        {% if not loop.first %}
            union all
        {% endif %}
        select
            advertiser_id,
            reported_on,
            creativity_id,
            placement,
            '{{ interaction_type }}' as interaction_type,
            {{ figure }} as quantity
        from creatives
    {% endfor %}
),

advertising as (
    select
        'xiaohongshu|' || advertiser_id || '|' || cast(reported_on as text) || '|' || creativity_id || '|' || placement
        || '|' || interaction_type as interaction_key,
        cast(null as text) as account_type,
        cast(null as text) as scope,
        cast(null as text) as account_id,
        interaction_type,
        'xiaohongshu' as channel,
        placement,
        {{ start_of_day('reported_on') }} as occurred_at,
        quantity,
        0 as revenue_fen,
        'xiaohongshu' as source
    from ads
    where quantity > 0
),

follows as (
    select
        'official_account|' || appid || '|' || openid as interaction_key,
        'official_account_follower' as account_type,
        appid as scope,
        openid as account_id,
        'follow' as interaction_type,
        'official_account' as channel,
        cast(null as text) as placement,
        subscribed_at as occurred_at,
        1 as quantity,
        0 as revenue_fen,
        'official_account' as source
    from followers
    -- An unfollowed account keeps no date; it did follow once, but nobody knows when.
    where subscribed_at is not null
),

contacts_added as (
    select
        'wecom|' || corp_id || '|' || external_userid || '|' || staff_userid as interaction_key,
        'wecom_contact' as account_type,
        corp_id as scope,
        external_userid as account_id,
        'contact_added' as interaction_type,
        'wecom' as channel,
        cast(null as text) as placement,
        added_at as occurred_at,
        1 as quantity,
        0 as revenue_fen,
        'wecom' as source
    from contacts
    where added_at is not null
),

store_visits as (
    select
        'store|' || brand || '|' || visit_id as interaction_key,
        case when member_card is null then 'store_visit' else 'store_member' end as account_type,
        brand as scope,
        coalesce(member_card, visit_id) as account_id,
        'visit' as interaction_type,
        'store' as channel,
        cast(null as text) as placement,
        visited_at as occurred_at,
        1 as quantity,
        0 as revenue_fen,
        'store' as source
    from visits
),

acts as (
    select * from advertising
    union all
    select * from follows
    union all
    select * from contacts_added
    union all
    select * from store_visits
),

attributed_acts as (
    select
        acts.interaction_key,
        accounts.one_id,
        acts.interaction_type,
        acts.channel,
        acts.placement,
        acts.occurred_at,
        acts.quantity,
        acts.revenue_fen,
        acts.source
    from acts
    left join accounts
        on
            acts.account_type = accounts.account_type
            and acts.scope = accounts.scope
            and acts.account_id = accounts.account_id
),

paid_orders as (
    select
        'order|' || order_key as interaction_key,
        one_id,
        'order' as interaction_type,
        channel,
        cast(null as text) as placement,
        ordered_at as occurred_at,
        1 as quantity,
        net_fen as revenue_fen,
        channel as source
    from orders
    where is_paid
),

interactions as (
    select * from attributed_acts
    union all
    select * from paid_orders
),

fct_interactions as (
    select
        interaction_key,
        one_id,
        interaction_type,
        channel,
        placement,
        occurred_at,
        {{ shanghai_date('occurred_at') }} as occurred_on,
        cast(quantity as bigint) as quantity,
        cast(revenue_fen as bigint) as revenue_fen,
        source
    from interactions
)

select * from fct_interactions
