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
        (
            select one_id from (
                select * from {{ ref('int_profiles_tonight') }}
                except
                select * from {{ last_mart('int_profiles') }}
            ) as come
        )
        union
        (
            select one_id from (
                select * from {{ last_mart('int_profiles') }}
                except
                select * from {{ ref('int_profiles_tonight') }}
            ) as gone
        )
    {% endif %}
)

select one_id from people
where
    one_id is not null
    and {{ is_delta() }}
