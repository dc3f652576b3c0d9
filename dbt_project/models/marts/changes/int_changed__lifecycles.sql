-- Grain: one person of whom the lifecycle says something else: a fact of theirs changed, or a day came on which a state
-- or a score ends, or the interval by which their next order is expected is another. Empty when the marts are built
-- anew.
-- depends_on: {{ ref('fct_repurchase_intervals') }}, {{ ref('fct_lifecycle_spells') }}
with

customers as (select * from {{ ref('int_changed__customers') }}),

{% if is_delta() %}

    known as (select * from {{ last_mart('dim_customer_lifecycle') }}),

    begun as (
        select one_id from {{ ref('fct_lifecycle_spells') }}
        where
            from_on <= {{ business_date() }}
            and (until_on is null or until_on > {{ business_date() }})
    ),

    intervals as (
        select * from {{ ref('fct_repurchase_intervals') }}
        where is_used
    ),

    expected as (
        select
            known.*,
            coalesce(of_category.median_days, of_everybody.median_days) as interval_days_now,
            case
                when of_category.category is not null then 'category'
                when of_everybody.category is not null then 'everybody'
            end as interval_basis_now
        from known
        left join intervals as of_category on known.last_category = of_category.category
        left join intervals as of_everybody on of_everybody.category = '*'
    ),

    outdated as (
        select one_id
        from expected
        where
            (state_since_on is null and one_id in (select begun.one_id from begun))
            or state_until_on <= {{ business_date() }}
            or recency_score <> {{ recency_score('last_order_on') }}
            or (
                last_order_on is not null
                and coalesce(interval_basis, '') <> 'own'
                and (
                    typical_interval_days is distinct from interval_days_now
                    or interval_basis is distinct from interval_basis_now
                )
            )
    ),

{% endif %}

changed as (
    select one_id from customers
    {% if is_delta() %}
        union
        select one_id from outdated
    {% endif %}
)

select one_id from changed
