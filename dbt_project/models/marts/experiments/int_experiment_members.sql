-- Grain: one experiment and One-ID that took part, with its arm.
with

experiments as (select * from {{ ref('experiments') }}),

stays as (
    select * from {{ source('activation', 'segment_membership') }}
    where entered_on <= {{ business_date() }}
),

decisions as (
    select * from {{ source('activation', 'decision') }}
    where business_date <= {{ business_date() }}
),

-- Who waited in the segment when the experiment began takes part from its first day.
drawn as (
    select
        experiments.experiment,
        stays.one_id,
        {{ is_control('experiments.salt', 'stays.one_id', 'experiments.control_percent') }} as is_control,
        min(greatest(stays.entered_on, experiments.starts_on)) as entered_on
    from experiments
    inner join stays
        on
            experiments.segment = stays.segment
            and experiments.ends_on > stays.entered_on
            and (stays.exited_on is null or experiments.starts_on < stays.exited_on)
    where experiments.salt is not null
    group by experiments.experiment, experiments.salt, experiments.control_percent, stays.one_id
),

-- A One-ID keeps its arm: all of its decisions say the same.
held_out as (
    select
        experiments.experiment,
        decisions.one_id,
        min(decisions.business_date) as entered_on,
        bool_or(decisions.outcome = 'holdout') as is_control
    from experiments
    inner join decisions
        on
            experiments.segment = decisions.segment
            and experiments.starts_on <= decisions.business_date
            and experiments.ends_on > decisions.business_date
    where experiments.salt is null
    group by experiments.experiment, decisions.one_id
),

int_experiment_members as (
    select
        experiment,
        one_id,
        entered_on,
        is_control
    from drawn
    union all
    select
        experiment,
        one_id,
        entered_on,
        is_control
    from held_out
)

select * from int_experiment_members
