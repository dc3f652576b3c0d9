-- Grain: one touchpoint that one model credits with part of one order; and an order without a path, which every model
-- credits to 'unattributed'.
{{ config(materialized='kept', key='order_key', scope='int_changed__credits') }}
{% set models = ['first', 'last', 'linear', 'time_decay', 'position', 'markov', 'shapley'] %}
{#- Divisible by every number up to 20, so that an equal part of it is a whole number. -#}
{% set whole = 232792560 %}
{% set first, last = var('attribution_position_first_percent'), var('attribution_position_last_percent') %}
{% set half_life = 'cast(86400.0 * ' ~ var('attribution_half_life_days') ~ ' as double precision)' %}

with

orders as (
    select * from {{ ref('fct_orders') }}
    {{ where_changed('order_key', ref('int_changed__credits')) }}
),

paths as (
    select * from {{ ref('int_attribution__paths') }}
    {{ where_changed('order_key', ref('int_changed__credits')) }}
),

removal as (select * from {{ ref('int_attribution__removal') }}),

-- Weights are whole numbers; only their proportions within an order matter. What a model gives to a channel, the
-- channel's acts on the path share equally.
weighted as (
    select
        paths.*,
        orders.net_fen,
        orders.channel as sales_channel,
        case when paths.position = 1 then 1 else 0 end as weight_first,
        case when paths.position = paths.path_length then 1 else 0 end as weight_last,
        1 as weight_linear,
        cast(
            1 + round({{ whole }} * power(cast(0.5 as double precision), paths.seconds_before / {{ half_life }}))
            as bigint
        ) as weight_time_decay,
        case
            when paths.path_length = 1 then 1
            when paths.path_length = 2 and paths.position = 1 then {{ first }}
            when paths.path_length = 2 then {{ last }}
            when paths.position = 1 then {{ first }} * (paths.path_length - 2)
            when paths.position = paths.path_length then {{ last }} * (paths.path_length - 2)
            else 100 - {{ first }} - {{ last }}
        end as weight_position,
        -- A path of which no channel is missed has none that matters more than another.
        case
            when sum(removal.weight) over (partition by paths.order_key) > 0 then coalesce(removal.weight, 0)
            else 1
        end * round(cast({{ whole }} as numeric) / paths.acts_of_channel) as weight_markov,
        round(cast({{ whole }} as numeric) / paths.acts_of_channel) as weight_shapley
    from paths
    inner join orders on paths.order_key = orders.order_key
    left join removal
        on
            {{ month_of('paths.ordered_on') }} = removal.learned_in
            and paths.channel = removal.channel
),

running as (
    select
        *,
        {% for model in models %}
            sum(weight_{{ model }}) over in_order as until_{{ model }},
            sum(weight_{{ model }}) over whole_path as all_{{ model }}
            {% if not loop.last %},{% endif %}
        {% endfor %}
    from weighted
    window
        whole_path as (partition by order_key),
        in_order as (partition by order_key order by position rows unbounded preceding)
),

without_path as (
    select orders.*
    from orders
    left join paths on orders.order_key = paths.order_key
    where paths.order_key is null
),

-- Credits are differences of rounded running sums, so that those of an order add up to it.
credits as (
    {% for model in models %}
        select
            order_key,
            '{{ model }}' as model,
            touchpoint_key,
            ordered_on,
            sales_channel,
            channel,
            campaign_key,
            occurred_on as touched_on,
            round(cast(net_fen as numeric) * until_{{ model }} / all_{{ model }})
            - round(cast(net_fen as numeric) * (until_{{ model }} - weight_{{ model }}) / all_{{ model }}) as credit_fen
        from running
        where weight_{{ model }} > 0
        union all
        select
            order_key,
            '{{ model }}' as model,
            'none' as touchpoint_key,
            ordered_on,
            channel as sales_channel,
            'unattributed' as channel,
            '' as campaign_key,
            cast(null as date) as touched_on,
            net_fen as credit_fen
        from without_path
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

fct_attribution as (
    select
        order_key,
        model,
        touchpoint_key,
        ordered_on,
        sales_channel,
        channel,
        campaign_key,
        touched_on,
        cast(credit_fen as bigint) as credit_fen
    from credits
)

select * from fct_attribution
