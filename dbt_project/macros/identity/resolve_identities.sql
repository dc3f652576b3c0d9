{#- Decide which identifiers join which accounts.

    Input: a query of edges (account_key, node_key, dimension, dimension_type, kind, priority, max_per_person,
    first_seen_at, is_own).
    Output: the scratch table `resolved` (account_key, node_key, component, refused_because, refused_detail).

    First everything joins (connect_components on stars: each identifier ties its accounts to its smallest account).
    Only components in which somebody would be two persons are then put together again, identifier by identifier,
    strongest and oldest first; one that would give a person more values of a type than the type allows is refused
    as a whole (the account whose own id it is keeps it). Types weaker than the identifier have no say. An identifier is decided as soon as it is the first
    one waiting at all clusters it touches, so a round decides many at once and the outcome is that of one by one. -#}
{% macro resolve_identities(edges) -%}
    {%- set coded -%}
        select
            edge.*,
            {{ node_id('edge.account_key') }} as account,
            {{ node_id('edge.node_key') }} as identifier
        from ({{ edges }}) as edge
    {%- endset -%}
    {%- do scratch('edges', coded) -%}
    {%- do refuse_collisions('edges', 'account_key', 'account') -%}
    {%- do refuse_collisions('edges', 'node_key', 'identifier') -%}
    {%- set stars -%}
        select
            min(account) over (partition by identifier) as a,
            account as b
        from edges
    {%- endset -%}
    {%- do scratch('pairs', stars) -%}
    {%- do connect_components('pairs', 'labels') -%}
    {%- set components -%}
        select
            accounts.account,
            coalesce(labels.label, accounts.account) as component
        from (select distinct account from edges) as accounts
        left join labels on accounts.account = labels.node
    {%- endset -%}
    {%- do scratch('components', components) -%}
    {%- do _open_conflicts() -%}
    {%- do _decide_conflicts() -%}
    {%- set resolved -%}
        select
            edges.account_key,
            edges.node_key,
            coalesce(members.cluster, components.component) as component,
            case when not edges.is_own then refused.refused_because end as refused_because,
            case when not edges.is_own then refused.refused_detail end as refused_detail
        from edges
        inner join components on edges.account = components.account
        left join members on edges.account = members.account
        left join refused on edges.identifier = refused.identifier
    {%- endset -%}
    {%- do scratch('resolved', resolved) -%}
{%- endmacro %}

{#- Take components that hold too many values of a type apart: every account for itself, with the values it shows. -#}
{% macro _open_conflicts() -%}
    {%- set conflicted -%}
        select distinct component
        from (
            select components.component
            from edges
            inner join components on edges.account = components.account
            where edges.max_per_person is not null
            group by components.component, edges.dimension, edges.max_per_person
            having count(distinct edges.identifier) > edges.max_per_person
        ) as crowded
    {%- endset -%}
    {%- do scratch('conflicted', conflicted) -%}
    {%- set members -%}
        select
            components.account,
            components.account as cluster
        from components
        inner join conflicted on components.component = conflicted.component
    {%- endset -%}
    {%- do scratch('members', members) -%}
    {%- set incidences -%}
        select distinct
            edges.identifier,
            edges.account
        from edges
        inner join members on edges.account = members.account
    {%- endset -%}
    {%- do scratch('incidences', incidences) -%}
    {%- set holdings -%}
        select distinct
            members.cluster,
            edges.dimension,
            edges.kind,
            edges.priority,
            edges.max_per_person,
            edges.identifier
        from edges
        inner join members on edges.account = members.account
        where edges.max_per_person is not null
    {%- endset -%}
    {%- do scratch('holdings', holdings) -%}
    {%- set waiting -%}
        select
            identifier,
            priority,
            row_number() over (order by priority, first_seen_at, node_key) as turn
        from (
            select
                edges.identifier,
                edges.node_key,
                min(edges.priority) as priority,
                min(edges.first_seen_at) as first_seen_at
            from edges
            inner join members on edges.account = members.account
            group by edges.identifier, edges.node_key
            having count(*) > 1
        ) as joining
    {%- endset -%}
    {%- do scratch('waiting', waiting) -%}
    {%- set nothing -%}
        select
            cast(null as bigint) as identifier,
            cast(null as {{ dbt.type_string() }}) as refused_because,
            cast(null as {{ dbt.type_string() }}) as refused_detail
        where false
    {%- endset -%}
    {%- do scratch('refused', nothing) -%}
{%- endmacro %}

{#- Rounds until no identifier waits. Each round decides at least the first one in line. -#}
{% macro _decide_conflicts() -%}
    {%- set state = namespace(is_done=false) -%}
    {%- for round in range(10000) -%}
        {%- if not state.is_done -%}
            {%- set state.is_done = scratch_is_empty('waiting') -%}
        {%- endif -%}
        {%- if not state.is_done -%}
            {%- do _decide_round() -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if not state.is_done -%}
        {{ exceptions.raise_compiler_error(
            'Identity conflicts did not settle in 10,000 rounds: one component holds more identifiers than that. '
            ~ 'Lower max_accounts in seeds/identity_identifier_types.csv for the type that ties it together.'
        ) }}
    {%- endif -%}
{%- endmacro %}

{% macro _decide_round() -%}
    {%- set touches -%}
        select distinct
            waiting.identifier,
            waiting.turn,
            waiting.priority,
            members.cluster
        from waiting
        inner join incidences on waiting.identifier = incidences.identifier
        inner join members on incidences.account = members.account
    {%- endset -%}
    {%- do scratch('touches', touches) -%}
    {#- What touches one cluster only has nothing left to decide and holds nobody up. -#}
    {%- set joining -%}
        select touches.*
        from touches
        inner join (select identifier from touches group by identifier having count(*) > 1) as several
            on touches.identifier = several.identifier
    {%- endset -%}
    {%- do scratch('touches', joining) -%}
    {%- set ready -%}
        select touches.*
        from touches
        inner join (
            select touches.identifier
            from touches
            inner join (select cluster, min(turn) as turn from touches group by cluster) as heads
                on touches.cluster = heads.cluster
            group by touches.identifier
            having max(heads.turn) = min(touches.turn) and min(heads.turn) = min(touches.turn)
        ) as firsts on touches.identifier = firsts.identifier
    {%- endset -%}
    {%- do scratch('ready', ready) -%}
    {%- set vetoes -%}
        select
            counted.identifier,
            min(counted.priority) as priority
        from (
            select
                ready.identifier,
                holdings.dimension,
                holdings.priority,
                holdings.max_per_person,
                count(distinct holdings.identifier) as together
            from ready
            inner join holdings on ready.cluster = holdings.cluster and holdings.priority <= ready.priority
            group by ready.identifier, holdings.dimension, holdings.priority, holdings.max_per_person
        ) as counted
        inner join (
            select
                identifier,
                dimension,
                max(apart) as apart
            from (
                select
                    ready.identifier,
                    holdings.dimension,
                    count(distinct holdings.identifier) as apart
                from ready
                inner join holdings on ready.cluster = holdings.cluster
                group by ready.identifier, ready.cluster, holdings.dimension
            ) as by_cluster
            group by identifier, dimension
        ) as separate on counted.identifier = separate.identifier and counted.dimension = separate.dimension
        where counted.together > greatest(counted.max_per_person, separate.apart)
        group by counted.identifier
    {%- endset -%}
    {%- do scratch('vetoes', vetoes) -%}
    {%- set refused -%}
        select * from refused
        union all
        select
            vetoes.identifier,
            case types.kind when 'unique' then 'unique_conflict' else 'over_limit' end,
            'would give one person more than ' || types.max_per_person || ' ' || types.dimension_type
        from vetoes
        inner join (
            select distinct
                priority,
                kind,
                max_per_person,
                dimension_type
            from edges
            where max_per_person is not null
        ) as types on vetoes.priority = types.priority
    {%- endset -%}
    {%- do scratch('refused', refused) -%}
    {%- set merges -%}
        select
            ready.cluster,
            min(ready.cluster) over (partition by ready.identifier) as merged_into
        from ready
        left join vetoes on ready.identifier = vetoes.identifier
        where vetoes.identifier is null
    {%- endset -%}
    {%- do scratch('merges', merges) -%}
    {%- set members -%}
        select
            members.account,
            coalesce(merges.merged_into, members.cluster) as cluster
        from members
        left join merges on members.cluster = merges.cluster
    {%- endset -%}
    {%- do scratch('members', members) -%}
    {%- set holdings -%}
        select distinct
            coalesce(merges.merged_into, holdings.cluster) as cluster,
            holdings.dimension,
            holdings.kind,
            holdings.priority,
            holdings.max_per_person,
            holdings.identifier
        from holdings
        left join merges on holdings.cluster = merges.cluster
    {%- endset -%}
    {%- do scratch('holdings', holdings) -%}
    {%- set waiting -%}
        select waiting.*
        from waiting
        inner join (select distinct identifier from touches) as undecided
            on waiting.identifier = undecided.identifier
        left join (select distinct identifier from ready) as decided
            on waiting.identifier = decided.identifier
        where decided.identifier is null
    {%- endset -%}
    {%- do scratch('waiting', waiting) -%}
{%- endmacro %}
