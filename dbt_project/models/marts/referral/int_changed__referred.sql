-- Grain: one person of whose orders the rewards are to be told anew: a fact of theirs changed, or who brought them.
-- Empty when the marts are built anew.
with

tonight as (select * from {{ ref('int_referral_chains_tonight') }}),

{% if is_delta() %}

    known as (select * from {{ last_mart('int_referral_chains') }}),

    moved as (
        select coalesce(tonight.one_id, known.one_id) as one_id
        from tonight
        full outer join known
            on
                tonight.one_id = known.one_id
                and tonight.inviter_one_id = known.inviter_one_id
        where
            tonight.accepted_at is distinct from known.accepted_at
            or tonight.referral_level is distinct from known.referral_level
            or tonight.is_self_referral is distinct from known.is_self_referral
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
