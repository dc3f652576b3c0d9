-- Grain: one person of whom the marts have something to say anew: a fact of theirs changed, or who they are, or what
-- their accounts say of them. Empty when the marts are built anew.
-- depends_on: {{ ref('int_profiles_tonight') }}
with

people as (
    select one_id from {{ changes_of(ref('fct_orders')) }} as orders
    union
    select one_id from {{ changes_of(ref('fct_order_lines')) }} as order_lines
    union
    select one_id from {{ changes_of(ref('fct_touchpoints')) }} as touchpoints
    union
    select one_id_before from {{ ref('int_changed__accounts') }}
    union
    select one_id_now from {{ ref('int_changed__accounts') }}
    {% if is_delta() %}
        union
        select coalesce(tonight.one_id, known.one_id) as one_id
        from {{ ref('int_profiles_tonight') }} as tonight
        full outer join {{ last_mart('int_profiles') }} as known on tonight.one_id = known.one_id
        where
            tonight.one_id is null
            or known.one_id is null
            {% for column in profile_columns() %}
                or tonight.{{ column }} is distinct from known.{{ column }}
            {% endfor %}
    {% endif %}
)

select one_id from people
where
    one_id is not null
    and {{ is_delta() }}
