-- Grain: one invited person and one of the people who brought them, directly (level 1) or through others, up to the
-- depth cap. Of an invitation of oneself it is the person.
{% set percents = var('referral_reward_percents')[: var('referral_depth_cap')] %}

with

referrals as (
    select * from {{ ref('fct_referrals') }}
    where verdict = 'counted'
),

self_referrals as (
    select
        one_id,
        min(accepted_at) as accepted_at
    from {{ ref('fct_referrals') }}
    where verdict = 'self_referral'
    group by one_id
),

level_1 as (
    select
        one_id,
        inviter_one_id,
        accepted_at,
        1 as referral_level
    from referrals
),

{% for percent in percents[1:] %}
    {% set level = loop.index + 1 %}
    level_{{ level }} as (
        select
            below.one_id,
            referrals.inviter_one_id,
            below.accepted_at,
            {{ level }} as referral_level
        from level_{{ level - 1 }} as below
        inner join referrals on below.inviter_one_id = referrals.one_id
    ),
{% endfor %}

levels as (
    {% for percent in percents %}
        select
            *,
            {{ percent }} as percent
        from level_{{ loop.index }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

int_referral_chains_tonight as (
    select
        one_id,
        inviter_one_id,
        accepted_at,
        referral_level,
        percent,
        false as is_self_referral
    from levels
    union all
    select
        one_id,
        one_id as inviter_one_id,
        accepted_at,
        1 as referral_level,
        {{ percents[0] }} as percent,
        true as is_self_referral
    from self_referrals
)

select * from int_referral_chains_tonight
