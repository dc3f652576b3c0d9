-- Grain: one person whose orders' rewards are to be told anew: a fact of theirs changed, or who brought them. Empty when
-- the marts are built anew.
with

tonight as (select * from {{ ref('int_referral_chains_tonight') }}),

{% if is_delta() %}

    known as (select * from {{ last_mart('int_referral_chains') }}),

    moved as (
        select one_id from (
            (select * from tonight except select * from known)
            union all
            (select * from known except select * from tonight)
        ) as differences
    ),

{% endif %}

changed as (
    select one_id from {{ ref('int_changed__customers') }}
    {% if is_delta() %}
        union
        select one_id from moved
    {% endif %}
)

select distinct one_id from changed
where {{ is_delta() }}
