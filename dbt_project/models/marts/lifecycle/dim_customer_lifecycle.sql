-- Grain: one person, and where they stand on the business date.
{{ config(materialized='kept', key='one_id', scope='int_changed__lifecycles') }}

with

profiles as (
    select one_id from {{ ref('int_profiles') }}
    {{ where_changed('one_id', ref('int_changed__lifecycles')) }}
),

all_spells as (
    select * from {{ ref('fct_lifecycle_spells') }}
    {{ where_changed('one_id', ref('int_changed__lifecycles')) }}
),

order_days as (
    select * from {{ ref('int_order_days') }}
    {{ where_changed('one_id', ref('int_changed__lifecycles')) }}
),

intervals as (
    select * from {{ ref('fct_repurchase_intervals') }}
    where is_used
),

spells as (
    select * from all_spells
    where from_on <= {{ business_date() }} and (until_on is null or {{ business_date() }} < until_on)
),

bought as (
    select
        one_id,
        max(ordered_on) as last_order_on,
        max(case when next_on is null then category end) as last_category,
        sum(orders_count) as orders_count,
        sum(net_fen) as money_fen
    from order_days
    group by one_id
),

favourites as (
    select
        one_id,
        category,
        row_number() over (
            partition by one_id order by count(*) desc, max(ordered_on) desc, category asc
        ) as category_rank
    from order_days
    where category <> ''
    group by one_id, category
),

gaps as (
    select
        one_id,
        {{ days_between('ordered_on', 'next_on') }} as interval_days,
        row_number() over (partition by one_id order by {{ days_between('ordered_on', 'next_on') }}) as gap_rank,
        count(*) over (partition by one_id) as gaps_count
    from order_days
    where next_on is not null
),

own_intervals as (
    select
        one_id,
        min(interval_days) as interval_days
    from gaps
    where gap_rank * 2 >= gaps_count and gaps_count >= {{ var('repurchase_own_intervals') }}
    group by one_id
),

paced as (
    select
        bought.*,
        coalesce(own_intervals.interval_days, of_category.median_days, of_everybody.median_days)
            as typical_interval_days,
        case
            when own_intervals.one_id is not null then 'own'
            when of_category.category is not null then 'category'
            when of_everybody.category is not null then 'everybody'
        end as interval_basis
    from bought
    left join own_intervals on bought.one_id = own_intervals.one_id
    left join intervals as of_category on bought.last_category = of_category.category
    left join intervals as of_everybody on of_everybody.category = '*'
),

dim_customer_lifecycle as (
    select
        profiles.one_id,
        coalesce(spells.state, 'prospect') as state,
        spells.from_on as state_since_on,
        spells.until_on as state_until_on,
        paced.last_order_on,
        cast(coalesce(paced.orders_count, 0) as bigint) as orders_count,
        cast(coalesce(paced.money_fen, 0) as bigint) as money_fen,
        {{ recency_score('paced.last_order_on') }} as recency_score,
        case
            {% for orders in var('rfm_frequency_orders') %}
                when paced.orders_count >= {{ orders }} then {{ 6 - loop.index }}
            {% endfor %}
            when paced.orders_count > 0 then 1
        end as frequency_score,
        case
            {% for fen in var('rfm_money_fen') %}
                when paced.money_fen >= {{ fen }} then {{ 6 - loop.index }}
            {% endfor %}
            when paced.orders_count > 0 then 1
        end as money_score,
        favourites.category as preferred_category,
        paced.last_category,
        paced.typical_interval_days,
        paced.interval_basis,
        {{ days_after('paced.last_order_on', 'paced.typical_interval_days') }} as expected_next_on
    from profiles
    left join spells on profiles.one_id = spells.one_id
    left join paced on profiles.one_id = paced.one_id
    left join favourites on profiles.one_id = favourites.one_id and favourites.category_rank = 1
)

select * from dim_customer_lifecycle
