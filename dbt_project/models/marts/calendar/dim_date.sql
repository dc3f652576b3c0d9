-- Grain: one day, from the first that is worth a comparison to more than a year ahead.
with

days as (
    select day from {{ every_day(
        "cast('" ~ var('dates_first') ~ "' as date)", days_after(business_date(), var('dates_ahead_days'))
    ) }} as every_day
),

promotions as (select * from {{ ref('promotion_calendar') }}),

lunar_months as (select * from {{ ref('lunar_months') }}),

-- Promotions overlap: a day is that of the promotion whose main day it is, else of the shortest.
ranked_promotions as (
    select
        days.day,
        promotions.promotion,
        promotions.promotion_name,
        days.day = promotions.main_on as is_promotion_day,
        row_number() over (
            partition by days.day
            order by
                case when days.day = promotions.main_on then 0 else 1 end asc,
                {{ days_between('promotions.starts_on', 'promotions.ends_on') }} asc,
                promotions.promotion asc
        ) as place
    from days
    inner join promotions on days.day between promotions.starts_on and promotions.ends_on
),

dim_date as (
    select
        days.day as date_on,
        ranked_promotions.promotion,
        ranked_promotions.promotion_name,
        lunar_months.lunar_month,
        lunar_months.is_leap_month,
        lunar_months.days_count as lunar_month_days,
        cast(date_trunc('year', days.day) as date) as year_on,
        cast(date_trunc('quarter', days.day) as date) as quarter_on,
        {{ month_of('days.day') }} as month_on,
        cast(date_trunc('week', days.day) as date) as week_on,
        {{ weekday('days.day') }} as day_of_week,
        {{ weekday('days.day') }} >= 6 as is_weekend,
        coalesce(ranked_promotions.is_promotion_day, false) as is_promotion_day,
        {{ days_between('lunar_months.starts_on', 'days.day') }} + 1 as lunar_day
    from days
    left join ranked_promotions
        on
            days.day = ranked_promotions.day
            and ranked_promotions.place = 1
    left join lunar_months
        on
            days.day >= lunar_months.starts_on
            and days.day < {{ days_after('lunar_months.starts_on', 'lunar_months.days_count') }}
)

select * from dim_date
