{#- Replay, from the dates of the evidence, on which day each account's person became part of an older one.

    Input: a query of sightings (account_key, epoch_from, epoch_to, node_key, seen_on, seen_at, age, born_on); age
    numbers the lives of accounts (one in each epoch), oldest first; a node_key belongs to one epoch.
    Output: the scratch table `merges` (account_key, epoch_from, is_current, merged_on, into_account_key, is_newborn):
    one row per life that does not name its person. is_newborn: it joined on its first day and never named one.

    Newborns are most of a night and join nobody else's history, so they are hung on their person first. What is left
    are people who were known apart: their links are taken in order of days, a link as soon as it is the first one at
    both ends, so a round settles many at once and the outcome is that of one by one. -#}
{% macro replay_merges(sightings) -%}
    {%- do scratch('sightings', sightings) -%}
    {%- set links -%}
        select
            least(age, previous_age) as low,
            greatest(age, previous_age) as high,
            min(greatest(seen_on, born_on, previous_born_on)) as met_on
        from (
            select
                *,
                lag(age) over (partition by node_key order by seen_at, age) as previous_age,
                lag(born_on) over (partition by node_key order by seen_at, age) as previous_born_on
            from sightings
        ) as pair
        where age <> previous_age
        group by 1, 2
    {%- endset -%}
    {%- do scratch('links', links) -%}
    {%- do scratch('births', 'select distinct age, account_key, epoch_from, epoch_to, born_on from sightings') -%}
    {%- set nothing -%}
        select
            cast(null as bigint) as age,
            cast(null as date) as merged_on,
            cast(null as bigint) as into_age
        where false
    {%- endset -%}
    {%- do scratch('steps', nothing) -%}
    {%- set state = namespace(is_done=false) -%}
    {%- for round in range(64) -%}
        {%- if not state.is_done -%}
            {%- set state.is_done = _hang_newborns() -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set state.is_done = false -%}
    {%- for round in range(10000) -%}
        {%- if not state.is_done -%}
            {%- set state.is_done = scratch_is_empty('links') -%}
        {%- endif -%}
        {%- if not state.is_done -%}
            {%- do _merge_first_links() -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do _follow_within_the_day() -%}
    {%- set merges -%}
        select
            births.account_key,
            births.epoch_from,
            births.epoch_to = date '9999-12-31' as is_current,
            steps.merged_on,
            elders.account_key as into_account_key,
            steps.merged_on = births.born_on as is_newborn
        from steps
        inner join births on steps.age = births.age
        inner join births as elders on steps.into_age = elders.age
    {%- endset -%}
    {%- do scratch('merges', merges) -%}
{%- endmacro %}

{#- Hang accounts that met an older one on their first day; returns whether there were none. -#}
{% macro _hang_newborns() -%}
    {%- set newborns -%}
        select
            links.high as node,
            min(links.low) as label
        from links
        inner join births on links.high = births.age and links.met_on = births.born_on
        group by links.high
    {%- endset -%}
    {%- do scratch('newborns', newborns) -%}
    {%- if scratch_is_empty('newborns') -%}
        {{ return(true) }}
    {%- endif -%}
    {%- do halve_paths('newborns') -%}
    {%- set steps -%}
        select * from steps
        union all
        select
            newborns.node,
            births.born_on,
            newborns.label
        from newborns
        inner join births on newborns.node = births.age
    {%- endset -%}
    {%- do scratch('steps', steps) -%}
    {%- do _relink('newborns') -%}
    {{ return(false) }}
{%- endmacro %}

{#- Merge along every link that is the first one at both of its ends. -#}
{% macro _merge_first_links() -%}
    {%- set turns -%}
        select
            *,
            row_number() over (order by met_on, low, high) as turn
        from links
    {%- endset -%}
    {%- do scratch('turns', turns) -%}
    {%- set firsts -%}
        select
            ends.node,
            min(ends.turn) as turn
        from (select low as node, turn from turns union all select high, turn from turns) as ends
        group by ends.node
    {%- endset -%}
    {%- do scratch('firsts', firsts) -%}
    {%- set settled -%}
        select
            turns.high as node,
            turns.low as label,
            turns.met_on
        from turns
        inner join firsts as low_first on turns.low = low_first.node and turns.turn = low_first.turn
        inner join firsts as high_first on turns.high = high_first.node and turns.turn = high_first.turn
    {%- endset -%}
    {%- do scratch('settled', settled) -%}
    {%- do scratch('steps', 'select * from steps union all select node, met_on, label from settled') -%}
    {%- do _relink('settled') -%}
{%- endmacro %}

{#- Move the links of what was hung to what it hangs on. -#}
{% macro _relink(hung) -%}
    {%- set relinked -%}
        select
            least(coalesce(hung_low.label, links.low), coalesce(hung_high.label, links.high)) as low,
            greatest(coalesce(hung_low.label, links.low), coalesce(hung_high.label, links.high)) as high,
            min(links.met_on) as met_on
        from links
        left join {{ hung }} as hung_low on links.low = hung_low.node
        left join {{ hung }} as hung_high on links.high = hung_high.node
        where coalesce(hung_low.label, links.low) <> coalesce(hung_high.label, links.high)
        group by 1, 2
    {%- endset -%}
    {%- do scratch('links', relinked) -%}
{%- endmacro %}

{#- A day has one answer: who merged into somebody that had merged itself by then, merged into where that one ended. -#}
{% macro _follow_within_the_day() -%}
    {%- set state = namespace(is_done=false) -%}
    {%- for pass in range(10000) -%}
        {%- if not state.is_done -%}
            {%- set further -%}
                select
                    steps.age,
                    steps.merged_on,
                    onward.into_age
                from steps
                inner join steps as onward on steps.into_age = onward.age and onward.merged_on <= steps.merged_on
            {%- endset -%}
            {%- do scratch('further', further) -%}
            {%- set state.is_done = scratch_is_empty('further') -%}
        {%- endif -%}
        {%- if not state.is_done -%}
            {%- set followed -%}
                select
                    steps.age,
                    steps.merged_on,
                    coalesce(further.into_age, steps.into_age) as into_age
                from steps
                left join further on steps.age = further.age
            {%- endset -%}
            {%- do scratch('steps', followed) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}
