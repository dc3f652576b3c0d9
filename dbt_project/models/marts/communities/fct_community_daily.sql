-- Grain: one group and one of the last days: the first of them, and each on which a member changed state.
{% set states = ['reachable', 'interacting', 'trading', 'silent', 'departed'] %}
{% set first_day = days_after(business_date(), -var('communities_days')) %}

with

moves as (
    select
        *,
        -- All that came before stands on the first day.
        greatest(moved_on, {{ first_day }}) as community_on
    from {{ ref('int_community_moves') }}
    where moved_on <= {{ business_date() }}
),

days as (
    select
        group_key,
        community_on,
        {% for state in states %}
            sum(
                case
                    when to_state = '{{ state }}' then members_count
                    when from_state = '{{ state }}' then -members_count
                    else 0
                end
            ) as {{ state }},
        {% endfor %}
        sum(case when from_state = 'new' and moved_on = community_on then members_count else 0 end) as joined,
        sum(
            case
                when to_state in ('silent', 'departed') and from_state <> 'silent' and moved_on = community_on
                    then members_count
                else 0
            end
        ) as evaporated,
        sum(
            case
                when from_state = 'silent' and to_state <> 'departed' and moved_on = community_on
                    then members_count
                else 0
            end
        ) as woken
    from moves
    group by group_key, community_on
),

standing as (
    select
        group_key,
        community_on,
        {% for state in states %}
            sum({{ state }}) over (partition by group_key order by community_on) as {{ state }},
        {% endfor %}
        joined,
        evaporated,
        woken
    from days
),

fct_community_daily as (
    select
        group_key,
        community_on,
        cast(reachable as bigint) as reachable,
        cast(interacting as bigint) as interacting,
        cast(trading as bigint) as trading,
        cast(silent + departed as bigint) as evaporating,
        cast(departed as bigint) as departed,
        cast(joined as bigint) as joined,
        cast(evaporated as bigint) as evaporated,
        cast(woken as bigint) as woken
    from standing
)

select * from fct_community_daily
