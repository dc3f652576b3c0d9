-- Grain: one person who bought or looked up an article, and what kinds of things they like: a taste, which many share.
{{ config(materialized='kept', key='one_id', scope='int_changed__customers') }}
{% set places = range(1, var('selection_categories') + 1) %}

with

all_lines as (
    select * from {{ ref('fct_order_lines') }}
    {{ where_changed('one_id', ref('int_changed__customers')) }}
),

touchpoints as (select * from {{ ref('int_changed__histories') }}),

categories_by_prefix as (select * from {{ ref('product_categories') }}),

lines as (
    select * from all_lines
    where one_id is not null and product_key is not null and gross_fen > 0
),

acts as (
    select
        one_id,
        product_key,
        ordered_on as acted_on,
        line_key as act_key,
        {{ var('selection_bought_points') }} as points
    from lines
    union all
    select
        touchpoints.one_id,
        touchpoints.product_key,
        touchpoints.occurred_on as acted_on,
        touchpoints.touchpoint_key as act_key,
        1 as points
    from touchpoints
    where
        touchpoints.product_key is not null
        and touchpoints.stage in {{ sql_list(var('selection_lookup_stages')) }}
),

-- By key and seed alone, and not by dim_products: an article that was only looked at may come to be there later.
articles as (select distinct product_key from acts),

ranked_prefixes as (
    select
        articles.product_key,
        prefixes.category,
        prefixes.interval_days,
        row_number() over (
            partition by articles.product_key order by length(prefixes.prefix) desc, prefixes.prefix asc
        ) as place
    from articles
    inner join categories_by_prefix as prefixes
        on left(articles.product_key, length(prefixes.prefix)) = prefixes.prefix
),

products as (
    select * from ranked_prefixes
    where place = 1
),

ranked_acts as (
    select
        *,
        row_number() over (partition by one_id order by acted_on desc, points desc, act_key asc) as place
    from acts
),

-- Who has what is bought once does not want another one.
satisfied as (
    select distinct
        lines.one_id,
        products.category
    from lines
    inner join products on lines.product_key = products.product_key
    where products.interval_days is null
),

liked as (
    select
        ranked_acts.one_id,
        products.category,
        sum(ranked_acts.points) as points,
        max(ranked_acts.acted_on) as acted_on
    from ranked_acts
    inner join products on ranked_acts.product_key = products.product_key
    left join satisfied on ranked_acts.one_id = satisfied.one_id and products.category = satisfied.category
    where
        ranked_acts.place <= {{ var('selection_acts') }}
        and satisfied.one_id is null
        and products.category not in {{ sql_list(var('selection_excluded_categories')) }}
    group by ranked_acts.one_id, products.category
),

ranked_categories as (
    select
        *,
        row_number() over (partition by one_id order by points desc, acted_on desc, category asc) as place,
        sum(points) over (partition by one_id) as all_points
    from liked
),

categories as (
    select
        one_id,
        category,
        place,
        cast(greatest(1, round({{ var('selection_steps') }} * points / all_points)) as integer) as steps
    from ranked_categories
    where place <= {{ var('selection_categories') }}
),

ranked_lines as (
    select
        one_id,
        product_key,
        row_number() over (
            partition by one_id order by ordered_on desc, gross_fen desc, line_key asc
        ) as place
    from lines
),

people as (
    select one_id from categories
    union
    select one_id from ranked_lines
),

tastes as (
    select
        people.one_id,
        {% for place in places %}
            coalesce(max(case when categories.place = {{ place }} then categories.category end), '')
                as category_{{ place }},
            coalesce(max(case when categories.place = {{ place }} then categories.steps end), 0)
                as steps_{{ place }},
        {% endfor %}
        coalesce(max(ranked_lines.product_key), '') as last_product_key
    from people
    left join categories on people.one_id = categories.one_id
    left join ranked_lines on people.one_id = ranked_lines.one_id and ranked_lines.place = 1
    group by people.one_id
),

dim_customer_tastes as (
    select
        one_id,
        {% for place in places %}
            category_{{ place }},
            steps_{{ place }},
        {% endfor %}
        last_product_key,
        {% for place in places %}
            case when steps_{{ place }} > 0 then category_{{ place }} || ' ' || steps_{{ place }} || ', ' else '' end
            || {% endfor %} last_product_key as taste_key
    from tastes
)

select * from dim_customer_tastes
