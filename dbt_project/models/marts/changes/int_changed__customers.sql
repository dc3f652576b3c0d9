-- Grain: one person of whom the marts have something to say anew: a fact of theirs changed, or who they are, or what
-- their accounts say of them; since_on is the day of the first touchpoint that changed, far ahead when none did. Empty
-- when the marts are built anew.
-- depends_on: {{ ref('int_profiles_tonight') }}
{% set never = "cast('9999-12-31' as date)" %}
with

people as (
    select
        one_id,
        occurred_on as since_on
    from {{ changes_of(ref('fct_touchpoints')) }} as touchpoints
    {% for relation, column in [
        (changes_of(ref('fct_orders')), 'one_id'), (changes_of(ref('fct_order_lines')), 'one_id'),
        (ref('int_changed__accounts'), 'one_id_before'), (ref('int_changed__accounts'), 'one_id_now'),
    ] %}
        union all
        select
            changes.{{ column }},
            {{ never }} as since_on
        from {{ relation }} as changes
    {% endfor %}
    {% if is_delta() %}
        union all
        select
            coalesce(tonight.one_id, known.one_id) as one_id,
            {{ never }} as since_on
        from {{ ref('int_profiles_tonight') }} as tonight
        full outer join {{ last_mart('int_profiles') }} as known on tonight.one_id = known.one_id
        where
            tonight.one_id is null
            or known.one_id is null
            {% for column in profile_columns() %}
                or tonight.{{ column }} is distinct from known.{{ column }}
            {% endfor %}
    {% endif %}
),

int_changed__customers as (
    select
        one_id,
        min(since_on) as since_on
    from people
    where
        one_id is not null
        and {{ is_delta() }}
    group by one_id
)

select * from int_changed__customers
