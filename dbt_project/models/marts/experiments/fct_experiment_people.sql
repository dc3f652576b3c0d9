-- Grain: one experiment and one person who takes part, as identity knows them tonight.
with

experiments as (select * from {{ ref('experiments') }}),

members as (select * from {{ ref('int_experiment_members') }}),

aliases as (select * from {{ ref('bridge_one_id_alias') }}),

contamination as (
    select
        segment,
        one_id
    from {{ source('activation', 'contamination') }}
    where contaminated_on <= {{ business_date() }}
),

messages as (
    select * from {{ ref('fct_messages') }}
    where sent_at is not null
),

orders as (
    select * from {{ ref('fct_orders') }}
    where is_paid
),

known as (
    select
        members.experiment,
        experiments.segment,
        experiments.ends_on,
        experiments.outcome_days,
        members.entered_on,
        members.is_control,
        coalesce(aliases.one_id_current, members.one_id) as one_id,
        -- Activation remembers merges across its arms for good, also those that were split since.
        experiments.salt is null and contamination.one_id is not null as was_crossed
    from members
    inner join experiments on members.experiment = experiments.experiment
    left join aliases on members.one_id = aliases.one_id_old
    left join contamination
        on
            experiments.segment = contamination.segment
            and members.one_id = contamination.one_id
),

-- Somebody who took part twice and turned out to be one person did so from the first time on. In two arms they were
-- treated and not treated, and show nothing.
people as (
    select
        experiment,
        segment,
        one_id,
        min(ends_on) as ends_on,
        min(outcome_days) as outcome_days,
        min(entered_on) as entered_on,
        bool_or(is_control) as is_control,
        bool_or(was_crossed) or bool_or(is_control) <> bool_and(is_control) as is_contaminated
    from known
    group by experiment, segment, one_id
),

exposed as (
    select
        people.experiment,
        people.one_id,
        count(*) as messages_count,
        min(messages.sent_at) as first_exposed_at
    from people
    inner join messages
        on
            people.segment = messages.segment
            and people.one_id = messages.one_id
            and people.entered_on <= messages.planned_on
            and people.ends_on > messages.planned_on
    group by people.experiment, people.one_id
),

bought as (
    select
        people.experiment,
        people.one_id,
        count(*) as orders_count,
        sum(orders.net_fen) as net_fen
    from people
    inner join orders
        on
            people.one_id = orders.one_id
            and people.entered_on < orders.ordered_on
            and {{ days_after('people.entered_on', 'people.outcome_days') }} >= orders.ordered_on
    where orders.ordered_on <= {{ business_date() }}
    group by people.experiment, people.one_id
),

fct_experiment_people as (
    select
        people.experiment,
        people.one_id,
        case when people.is_control then 'control' else 'treatment' end as arm,
        people.entered_on,
        {{ days_after('people.entered_on', 'people.outcome_days') }} as outcome_until_on,
        people.is_contaminated,
        coalesce(exposed.messages_count, 0) as messages_count,
        exposed.first_exposed_at,
        coalesce(bought.orders_count, 0) as orders_count,
        cast(coalesce(bought.net_fen, 0) as bigint) as net_fen
    from people
    left join exposed
        on
            people.experiment = exposed.experiment
            and people.one_id = exposed.one_id
    left join bought
        on
            people.experiment = bought.experiment
            and people.one_id = bought.one_id
)

select * from fct_experiment_people
