{#- Find who is one person within components, today and in the epochs before stewards' decisions.

    Reads candidates (a scratch table as `fresh`) and `subjects` (account, component). Leaves the scratch tables
    settled_clusters (account, cluster) of components that hold several people, settled_vetoes (identifier,
    refused_because, refused_detail), settled_epoch_edges (account_key, identifier_key, node_key, first_seen_at,
    epoch_from, epoch_to): what was believed in each epoch, of components with dated decisions only.

    A steward's decision counts from its day on; before it the component is solved as if nobody had said anything. Every
    former epoch is a copy of the component with nodes of its own, so all are solved in the same rounds. -#}
{% macro settle_components(candidates) -%}
    {%- do _date_epochs(candidates) -%}
    {%- do scratch('edges', _todays_edges(candidates) ~ ' union all ' ~ _former_edges(candidates)) -%}
    {%- do decide_conflicts() -%}
    {%- set clusters -%}
        select distinct
            members.account,
            members.cluster
        from members
        inner join edges on members.account = edges.account
        where edges.epoch_to = date '9999-12-31'
    {%- endset -%}
    {%- do scratch('settled_clusters', clusters) -%}
    {%- set vetoes -%}
        select distinct refused.*
        from refused
        inner join edges on refused.identifier = edges.identifier
        where edges.epoch_to = date '9999-12-31'
    {%- endset -%}
    {%- do scratch('settled_vetoes', vetoes) -%}
    {%- set epoch_edges -%}
        select
            edges.account_key,
            edges.identifier_key,
            edges.node_key,
            edges.first_seen_at,
            edges.epoch_from,
            edges.epoch_to
        from edges
        left join refused on edges.identifier = refused.identifier
        where
            edges.is_dated
            and edges.kind <> 'attribute'
            and (refused.identifier is null or edges.is_own)
    {%- endset -%}
    {%- do scratch('settled_epoch_edges', epoch_edges) -%}
{%- endmacro %}

{#- Cut the life of components with dated decisions into epochs [epoch_from, epoch_to). -#}
{% macro _date_epochs(candidates) -%}
    {%- set epochs -%}
        select
            component,
            coalesce(lag(decided_on) over (partition by component order by decided_on), date '0001-01-01') as epoch_from,
            decided_on as epoch_to
        from (
            select distinct
                subjects.component,
                candidates.decided_on
            from {{ candidates }} as candidates
            inner join subjects on candidates.account = subjects.account
            where candidates.decided_on is not null
        ) as decisions
    {%- endset -%}
    {%- do scratch('epochs', epochs) -%}
{%- endmacro %}

{% macro _todays_edges(candidates) -%}
    select
        candidates.account_key,
        candidates.identifier_key,
        candidates.node_key,
        candidates.account,
        candidates.identifier,
        subjects.component,
        candidates.dimension,
        candidates.dimension_type,
        candidates.kind,
        candidates.priority,
        candidates.max_per_person,
        candidates.first_seen_at,
        candidates.is_own,
        candidates.decided_on is not null and not candidates.is_decision as is_quarantined,
        latest.component is not null as is_dated,
        coalesce(latest.epoch_from, date '0001-01-01') as epoch_from,
        date '9999-12-31' as epoch_to
    from {{ candidates }} as candidates
    inner join subjects on candidates.account = subjects.account
    left join (select component, max(epoch_to) as epoch_from from epochs group by component) as latest
        on subjects.component = latest.component
{%- endmacro %}

{% macro _former_edges(candidates) -%}
    select
        candidates.account_key,
        candidates.identifier_key,
        candidates.node_key,
        {{ _in_epoch('candidates.account') }} as account,
        {{ _in_epoch('candidates.identifier') }} as identifier,
        {{ _in_epoch('subjects.component') }} as component,
        candidates.dimension,
        candidates.dimension_type,
        candidates.kind,
        candidates.priority,
        candidates.max_per_person,
        candidates.first_seen_at,
        candidates.is_own,
        not candidates.is_decision and coalesce(candidates.decided_on < epochs.epoch_to, false) as is_quarantined,
        true as is_dated,
        epochs.epoch_from,
        epochs.epoch_to
    from {{ candidates }} as candidates
    inner join subjects on candidates.account = subjects.account
    inner join epochs on subjects.component = epochs.component
    where not (candidates.is_decision and {{ shanghai_date('candidates.first_seen_at') }} >= epochs.epoch_to)
{%- endmacro %}

{#- A node of a former epoch's copy. -#}
{% macro _in_epoch(node) -%}
    {{ node_id(hash_key([
        'cast(' ~ node ~ ' as ' ~ dbt.type_string() ~ ')',
        'cast(epochs.epoch_to as ' ~ dbt.type_string() ~ ')',
    ])) }}
{%- endmacro %}
