-- Grain: one row per identifier that once gathered strangers faster than a person does, or more than a person has.
-- suspected_on is the day of the evidence that crossed the limit first, not the night that noticed: the same evidence
-- gives the same row, in whatever order and on however many nights it landed.

with newcomers as (
    select * from {{ ref('int_identity__newcomers') }}
),

observations as (
    select * from {{ ref('int_identity__observations') }}
    where source not in ('steward', 'proposals')
),

types as (
    select * from {{ ref('identity_identifier_types') }}
),

daily as (
    select
        identifier_key,
        identifier_type,
        measure,
        newcomer_type,
        newcomer_scope,
        seen_on,
        count(*) as today
    from newcomers
    group by identifier_key, identifier_type, measure, newcomer_type, newcomer_scope, seen_on
),

-- A week holds every weekday once; the four weeks before it say what is usual.
counted as (
    select
        *,
        sum(today) over (
            partition by identifier_key, measure, newcomer_type, newcomer_scope
            order by seen_on
            range between interval '6 days' preceding and current row
        ) as this_week,
        coalesce(sum(today) over (
            partition by identifier_key, measure, newcomer_type, newcomer_scope
            order by seen_on
            range between interval '34 days' preceding and interval '7 days' preceding
        ), 0) as four_weeks_before,
        sum(today) over (
            partition by identifier_key, measure, newcomer_type, newcomer_scope
            order by seen_on
            range between unbounded preceding and current row
        ) as ever
    from daily
),

judged as (
    select
        counted.*,
        types.max_daily_accounts,
        types.max_daily_stores,
        types.max_weekly_accounts,
        types.max_weekly_strangers,
        types.max_strangers,
        case counted.measure
            when 'guests'
                then
                    case
                        when counted.this_week > types.max_weekly_strangers then 'new_guests'
                        when counted.ever > types.max_strangers then 'many_guests'
                    end
            when 'strangers'
                then
                    case
                        when counted.this_week > types.max_weekly_strangers then 'new_strangers'
                        when counted.ever > types.max_strangers then 'many_strangers'
                    end
            when 'stores' then case when counted.today > types.max_daily_stores then 'many_stores' end
            when 'accounts'
                then
                    case
                        when counted.today > types.max_daily_accounts then 'busy_day'
                        -- More than twice the usual, so that a steady customer stays one.
                        when
                            counted.this_week > types.max_weekly_accounts
                            and counted.this_week * 4 > counted.four_weeks_before * 2
                            then 'sudden_growth'
                    end
        end as reason
    from counted
    inner join types on counted.identifier_type = types.identifier_type
),

ranked as (
    select
        *,
        row_number() over (
            partition by identifier_key
            order by
                seen_on,
                case measure when 'guests' then 1 when 'strangers' then 2 when 'accounts' then 3 else 4 end,
                newcomer_type,
                newcomer_scope
        ) as reason_rank
    from judged
    where reason is not null
),

suspected as (
    select
        identifier_key,
        reason,
        seen_on as suspected_on,
        case reason
            when 'new_guests'
                then
                    'its own account showed ' || this_week || ' new ' || newcomer_type || ' within a week, at most '
                    || max_weekly_strangers || ' may be one person''s'
            when 'many_guests'
                then
                    'its own account showed ' || ever || ' ' || newcomer_type || ' so far, at most '
                    || max_strangers || ' may be one person''s'
            when 'new_strangers'
                then
                    'turned up with ' || this_week || ' new ' || newcomer_type || ' within a week, at most '
                    || max_weekly_strangers || ' may be one person''s'
            when 'many_strangers'
                then
                    'turned up with ' || ever || ' ' || newcomer_type || ' so far, at most '
                    || max_strangers || ' may be one person''s'
            when 'many_stores'
                then 'typed in ' || today || ' stores on one day, at most ' || max_daily_stores || ' may'
            when 'busy_day'
                then
                    today || ' new ' || newcomer_type || ' showed it on one day, at most '
                    || max_daily_accounts || ' may'
            when 'sudden_growth'
                then
                    this_week || ' new ' || newcomer_type || ' showed it within a week, ' || four_weeks_before
                    || ' in the four weeks before; at most ' || max_weekly_accounts || ' may so suddenly'
        end as detail
    from ranked
    where reason_rank = 1
),

int_identity__suspects as (
    select
        suspected.identifier_key,
        observations.identifier_type,
        observations.identifier_scope,
        observations.identifier_value,
        suspected.reason,
        suspected.detail,
        suspected.suspected_on,
        count(*) as accounts
    from suspected
    inner join observations on suspected.identifier_key = observations.identifier_key
    group by
        suspected.identifier_key,
        observations.identifier_type,
        observations.identifier_scope,
        observations.identifier_value,
        suspected.reason,
        suspected.detail,
        suspected.suspected_on
)

select * from int_identity__suspects
