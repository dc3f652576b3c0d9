-- Grain: one month whose removal effects are to be learned again: a journey of it changed, or days of it went by. Empty
-- when the marts are built anew.
with

transitions as (select * from {{ ref('int_attribution__transitions') }}),

changed as (
    select {{ month_of('ordered_on') }} as learned_in
    from {{ changes_of(ref('int_attribution__paths')) }} as journeys
    union
    select {{ month_of('lapses_on') }} as learned_in
    from {{ changes_of(ref('int_attribution__silent')) }} as journeys
    {% if is_delta() %}
        union
        select {{ month_of('transitions.ended_on') }} as learned_in
        from transitions
        left join {{ last_mart('int_attribution__removal') }} as known
            on {{ month_of('transitions.ended_on') }} = known.learned_in
        where
            transitions.ended_on <= {{ business_date() }}
            and coalesce(transitions.ended_on > known.learned_until, true)
    {% endif %}
)

select learned_in from changed
where {{ is_delta() }}
