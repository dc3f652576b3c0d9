-- Grain: one link of a journey template in one week, by campaign ('' is none) and for all together ('all').
with

links as (select * from {{ ref('int_journey_links') }}),

weekly as (
    select * from {{ ref('int_breakpoints__weekly') }}
    where starts_on <= {{ business_date() }}
),

weeks as (
    select distinct starts_on from weekly
),

-- Every link of every week has a row for all campaigns together, also when nobody came to it.
cells as (
    select
        template,
        step,
        campaign_key,
        starts_on,
        people,
        people_going_on
    from weekly
    union all
    select
        links.template,
        links.step,
        'all' as campaign_key,
        weeks.starts_on,
        coalesce(sum(weekly.people), 0) as people,
        coalesce(sum(weekly.people_going_on), 0) as people_going_on
    from links
    cross join weeks
    left join weekly
        on
            links.template = weekly.template
            and links.step = weekly.step
            and weeks.starts_on = weekly.starts_on
    group by links.template, links.step, weeks.starts_on
),

-- Whoever started on a week's last day has had the link's days to go on.
rated as (
    select
        cells.*,
        links.from_node,
        links.to_node,
        links.taps,
        links.within_days,
        {{ days_after('cells.starts_on', '6 + links.within_days') }} <= {{ business_date() }} as is_settled,
        cast(cells.people_going_on as numeric) / nullif(cells.people, 0) as rate
    from cells
    inner join links
        on
            cells.template = links.template
            and cells.step = links.step
),

-- What is usual is what the link did before, all campaigns together: the lower of two middle weeks.
usual as (
    select
        now.template,
        now.step,
        now.starts_on,
        percentile_disc(0.5) within group (order by past.rate) as usual_rate
    from rated as now
    inner join rated as past
        on
            now.template = past.template
            and now.step = past.step
            and now.starts_on > past.starts_on
            and now.starts_on <= {{ days_after('past.starts_on', 7 * var('breakpoints_trailing_weeks')) }}
    where
        now.campaign_key = 'all'
        and past.campaign_key = 'all'
        and past.is_settled
        and past.people > 0
    group by now.template, now.step, now.starts_on
),

judged as (
    select
        rated.*,
        usual.usual_rate,
        case
            when rated.people = 0 then 'no_people'
            when not rated.is_settled then 'open'
            when
                coalesce(usual.usual_rate, 0) = 0
                and rated.people_going_on = 0
                and rated.people >= {{ var('breakpoints_people_at_a_gap') }}
                then 'missing'
            when coalesce(rated.people * usual.usual_rate, 0) < {{ var('breakpoints_expected_people') }} then 'few'
            when rated.people_going_on = 0 then 'missing'
            when rated.rate * 100 < usual.usual_rate * {{ var('breakpoints_leaking_below_percent') }} then 'leaking'
            else 'holds'
        end as state
    from rated
    left join usual
        on
            rated.template = usual.template
            and rated.step = usual.step
            and rated.starts_on = usual.starts_on
),

fct_breakpoints as (
    select
        template,
        step,
        campaign_key,
        starts_on,
        from_node,
        to_node,
        cast(people as bigint) as people,
        cast(people_going_on as bigint) as people_going_on,
        cast(taps as integer) as hops,
        state,
        round(1 - rate, 6) as leak_rate,
        round(usual_rate, 6) as usual_rate,
        round(1 - power(rate, 1 / cast(taps as numeric)), 6) as one_tap_loss,
        state in ('missing', 'leaking') as is_breakpoint
    from judged
)

select * from fct_breakpoints
