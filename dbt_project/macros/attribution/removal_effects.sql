{#- How much of the conversions would be lost without each channel: Anderl, Becker, von Wangenheim, Schumann (2016),
    "Mapping the customer journey", Int. J. of Research in Marketing 33(3).

    From steps (learned_in, learned_until, from_channel, to_channel, transitions) leaves the scratch table `effects`: one
    chain of first order per learned_in. Without a channel, whoever comes to it is lost. The probability of a conversion is
    not simulated but solved: channels are taken out one by one, and the ways through each are handed to its neighbours,
    which changes no probability of where a journey ends. That is the elimination of Grassmann, Taksar and Heyman (1985,
    Operations Research 33(5)); it never subtracts, needs as many rounds as there are channels, and takes the chains of all
    months and of all removed channels at once. In decimals, so that the order of summing changes nothing. -#}
{% macro removal_effects(steps) -%}
    {%- do scratch('steps', steps) -%}
    {%- set channels -%}
        select
            learned_in,
            channel,
            dense_rank() over (partition by learned_in order by channel) as round
        from (select distinct learned_in, from_channel as channel from steps where from_channel <> '(start)') as known
    {%- endset -%}
    {%- do scratch('chain_channels', channels) -%}
    {%- do scratch('chain', _chains_without_each_channel()) -%}
    {%- set rounds = run_query('select coalesce(max(round), 0) from chain_channels').rows[0][0] | int -%}
    {%- for number in range(rounds) -%}
        {%- do scratch('chain', _without_the_channel_of_round(number + 1)) -%}
    {%- endfor -%}
    {%- do scratch('effects', _effects()) -%}
{%- endmacro %}

{#- The whole chain (`removed` is empty) and one without each channel. Only shares matter, so a state's way to itself is
    left out. -#}
{% macro _chains_without_each_channel() -%}
    with

    shares as (
        select
            learned_in,
            from_channel,
            to_channel,
            round(cast(transitions as numeric) / sum(transitions) over (partition by learned_in, from_channel), 18)
                as share
        from steps
    ),

    removals as (
        select
            learned_in,
            channel as removed
        from chain_channels
        union all
        select distinct
            learned_in,
            '' as removed
        from steps
    )

    select
        shares.learned_in,
        removals.removed,
        shares.from_channel,
        case when shares.to_channel = removals.removed then '(null)' else shares.to_channel end as to_channel,
        sum(shares.share) as share
    from shares
    inner join removals on shares.learned_in = removals.learned_in
    where shares.from_channel <> removals.removed
    group by
        shares.learned_in,
        removals.removed,
        shares.from_channel,
        case when shares.to_channel = removals.removed then '(null)' else shares.to_channel end
{%- endmacro %}

{#- The chain after a round: every way into the round's channel goes on to where its ways out lead. -#}
{% macro _without_the_channel_of_round(number) -%}
    with

    sides as (
        select
            chain.*,
            chain.from_channel = coalesce(gone.channel, '') as leaves_it,
            chain.to_channel = coalesce(gone.channel, '') as enters_it
        from chain
        left join chain_channels as gone on chain.learned_in = gone.learned_in and gone.round = {{ number }}
    ),

    onward as (
        select
            learned_in,
            removed,
            to_channel,
            share / sum(share) over (partition by learned_in, removed) as share
        from sides
        where leaves_it
    ),

    ways as (
        select
            learned_in,
            removed,
            from_channel,
            to_channel,
            share
        from sides
        where not leaves_it and not enters_it
        union all
        select
            sides.learned_in,
            sides.removed,
            sides.from_channel,
            onward.to_channel,
            round(sides.share * onward.share, 18) as share
        from sides
        inner join onward on sides.learned_in = onward.learned_in and sides.removed = onward.removed
        where sides.enters_it and sides.from_channel <> onward.to_channel
    )

    select
        learned_in,
        removed,
        from_channel,
        to_channel,
        sum(share) as share
    from ways
    group by learned_in, removed, from_channel, to_channel
{%- endmacro %}

{#- All that is left of a chain is the way from the start to each ending. -#}
{% macro _effects() -%}
    with

    ends as (
        select
            learned_in,
            removed,
            coalesce(
                sum(case when to_channel = '(conversion)' then share end) / nullif(sum(share), 0), 0
            ) as conversion
        from chain
        group by learned_in, removed
    ),

    months as (
        select
            learned_in,
            max(learned_until) as learned_until
        from steps
        group by learned_in
    ),

    effects as (
        select
            months.learned_in,
            months.learned_until,
            channels.channel,
            round(coalesce(1 - without.conversion / nullif(whole.conversion, 0), 0), 12) as removal_effect
        from chain_channels as channels
        inner join months on channels.learned_in = months.learned_in
        inner join ends as whole on channels.learned_in = whole.learned_in and whole.removed = ''
        left join ends as without on channels.learned_in = without.learned_in and channels.channel = without.removed
    )

    select
        *,
        cast(round(removal_effect * {{ var('attribution_markov_steps') }}) as bigint) as weight
    from effects
{%- endmacro %}
