-- And the people of a link and week are those of its campaigns; who came with two is one of each.
with

breakpoints as (select * from {{ ref('fct_breakpoints') }})

select
    template,
    step,
    starts_on
from breakpoints
where people_going_on > people or is_breakpoint <> (state in ('missing', 'leaking'))
union all
select
    template,
    step,
    starts_on
from breakpoints
group by template, step, starts_on
having
    sum(case when campaign_key = 'all' then people else 0 end)
    <> sum(case when campaign_key = 'all' then 0 else people end)
