{#- Decide, in components that hold too many values of a type, which identifiers join whom.

    Reads the scratch table `edges` of settle_components; leaves `members` (account, cluster) of those components and
    `refused` (identifier, refused_because, refused_detail).

    Every account starts alone. Identifier by identifier, strongest and oldest first, clusters are put together; one that
    would give a person more values of a type than the type allows is refused as a whole (the account whose own id it
    is keeps it). Types weaker than the identifier have no say. Attributes (a birthday) never join; they only speak
    against weaker identifiers. What a steward quarantined joins nobody. An identifier is decided as soon as it is the
    first one waiting at all clusters it touches, so a round decides many at once and the outcome is that of one by
    one. -#}
{% macro decide_conflicts() -%}
    {%- do _open_conflicts() -%}
    {%- do _decide_in_rounds() -%}
{%- endmacro %}

{#- Take components that hold too many values of a type apart: every account for itself, with the values it shows. -#}
{% macro _open_conflicts() -%}
    {%- set conflicted -%}
        select component from edges where is_quarantined
        union
        select component
        from edges
        where max_per_person is not null and not is_quarantined
        group by component, dimension, max_per_person
        having count(distinct identifier) > max_per_person
    {%- endset -%}
    {%- do scratch('conflicted', conflicted) -%}
    {%- set disputed -%}
        select edges.*
        from edges
        inner join conflicted on edges.component = conflicted.component
    {%- endset -%}
    {%- do scratch('disputed', disputed) -%}
    {%- do scratch('members', 'select distinct account, account as cluster from disputed') -%}
    {%- set incidences -%}
        select distinct
            identifier,
            account
        from disputed
        where kind <> 'attribute' and not is_quarantined
    {%- endset -%}
    {%- do scratch('incidences', incidences) -%}
    {%- set holdings -%}
        select distinct
            account as cluster,
            dimension,
            kind,
            priority,
            max_per_person,
            identifier
        from disputed
        where max_per_person is not null and not is_quarantined
    {%- endset -%}
    {%- do scratch('holdings', holdings) -%}
    {%- set waiting -%}
        select
            identifier,
            priority,
            row_number() over (order by priority, first_seen_at, node_key) as turn
        from (
            select
                identifier,
                node_key,
                min(priority) as priority,
                min(first_seen_at) as first_seen_at
            from disputed
            where kind <> 'attribute' and not is_quarantined
            group by identifier, node_key
            having count(*) > 1
        ) as joining
    {%- endset -%}
    {%- do scratch('waiting', waiting) -%}
    {%- set quarantined -%}
        select distinct
            identifier,
            'quarantined' as refused_because,
            'quarantined by a steward' as refused_detail
        from disputed
        where is_quarantined
    {%- endset -%}
    {%- do scratch('refused', quarantined) -%}
{%- endmacro %}

{#- Rounds until no identifier waits. Each round decides at least the first one in line. -#}
{% macro _decide_in_rounds() -%}
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
            case when types.kind in ('unique', 'attribute') then 'unique_conflict' else 'over_limit' end,
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
