-- Grain: one contract in force and one cell: a segment of the partner's and a state of our lifecycle. The total is the
-- cell of 'all' and 'all'.
{% set states = ['prospect', 'new', 'active', 'at_risk', 'lapsed', 'won_back'] %}

with

contracts as (select * from {{ ref('int_alliance_contracts') }}),

members as (select * from {{ ref('stg_alliance__members') }}),

people as (select * from {{ ref('int_alliance_people') }}),

lifecycles as (select * from {{ ref('dim_customer_lifecycle') }}),

segments as (
    select
        contracts.contract,
        members.segment as partner_segment,
        count(*) as partner_people
    from contracts
    inner join members on contracts.contract = members.contract
    group by contracts.contract, members.segment
),

states as (
    {% for state in states %}
        select '{{ state }}' as state
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

found as (
    select
        people.contract,
        people.partner_segment,
        lifecycles.state,
        count(*) as people
    from people
    inner join lifecycles on people.one_id = lifecycles.one_id
    group by people.contract, people.partner_segment, lifecycles.state
),

-- Empty cells are cells: that nobody is in one says something of everybody.
cells as (
    select
        segments.contract,
        segments.partner_segment,
        segments.partner_people,
        states.state,
        contracts.k,
        coalesce(found.people, 0) as people
    from segments
    cross join states
    inner join contracts on segments.contract = contracts.contract
    left join found
        on
            segments.contract = found.contract
            and segments.partner_segment = found.partner_segment
            and states.state = found.state
),

ranked as (
    select
        *,
        row_number() over smallest_first as place,
        sum(people) over (smallest_first rows unbounded preceding) - people as people_before,
        min(people) over (partition by contract) as smallest
    from cells
    window smallest_first as (partition by contract order by people, partner_segment, state)
),

-- The total less the cells that are shown is what the others hold together. So with one cell go the next larger ones,
-- until there are two at least and k people in them. Which of them was too small is not said.
judged as (
    select
        contract,
        partner_segment,
        state,
        k,
        partner_people,
        people,
        people < k or (smallest < k and (place <= 2 or people_before < k)) as is_withheld
    from ranked
    union all
    select
        contract,
        'all' as partner_segment,
        'all' as state,
        min(k) as k,
        sum(case when state = 'prospect' then partner_people else 0 end) as partner_people,
        sum(people) as people,
        sum(people) < min(k) as is_withheld
    from cells
    group by contract
),

fct_alliance_overlap as (
    select
        judged.contract,
        contracts.partner,
        judged.partner_segment,
        judged.state,
        contracts.ends_on,
        judged.k,
        cast(judged.partner_people as bigint) as partner_people,
        cast(case when not judged.is_withheld then judged.people end as bigint) as people,
        judged.is_withheld
    from judged
    inner join contracts on judged.contract = contracts.contract
)

select * from fct_alliance_overlap
