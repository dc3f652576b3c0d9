-- Grain: one row per identifier and newcomer to it, of the few identifiers that could cross a limit of growth at all.
-- measure accounts: who shows it. stores: where it was typed, each day anew. strangers: the marks its accounts bear.
-- guests: the values that the one account whose own id it is shows.
{{ config(materialized='identity_state', key='identifier_key', scope='int_identity__renewed') }}

with renewed as (
    select * from {{ ref('int_identity__renewed') }}
),

evidence as (
    select * from {{ ref('int_identity__observations') }}
    where source not in ('steward', 'proposals')
),

-- An identifier is judged by everything that its accounts show.
{% if is_delta() %}
    accounts_in_scope as (
        select distinct evidence.account_key
        from evidence
        inner join renewed on evidence.identifier_key = renewed.identifier_key
    ),

    observations as (
        select evidence.*
        from evidence
        inner join accounts_in_scope on evidence.account_key = accounts_in_scope.account_key
    ),
{% else %}
    observations as (
        select * from evidence
    ),
{% endif %}

types as (
    select * from {{ ref('identity_identifier_types') }}
),

-- A masked or misspelt phone is refused on its own and tells nobody from nobody.
sightings as (
    select
        observations.account_key,
        observations.account_type,
        observations.account_id,
        observations.identifier_key,
        observations.identifier_type,
        observations.identifier_scope,
        observations.first_seen_at,
        types.kind,
        types.scope_kind,
        {{ shanghai_date('observations.first_seen_at') }} as seen_on,
        observations.scope = observations.identifier_scope
        and observations.account_id = observations.identifier_value as is_own
    from observations
    inner join types on observations.identifier_type = types.identifier_type
    where observations.identifier_type <> 'phone' or observations.identifier_value not like 'xx!_%' escape '!'
),

smallest_limits as (
    select
        identifier_type,
        least(
            max_daily_accounts, max_daily_stores, max_weekly_accounts, max_weekly_strangers, max_strangers
        ) as limit_of_shown,
        min(least(max_weekly_strangers, max_strangers)) over () as limit_of_showing
    from types
),

crowds as (
    select
        sightings.identifier_key,
        sightings.identifier_type
    from sightings
    inner join smallest_limits on sightings.identifier_type = smallest_limits.identifier_type
    group by sightings.identifier_key, sightings.identifier_type
    having count(*) > min(smallest_limits.limit_of_shown)
),

crowd_sightings as (
    select sightings.*
    from crowds
    inner join sightings on crowds.identifier_key = sightings.identifier_key
),

crowd_accounts as (
    select distinct account_key
    from crowd_sightings
),

-- Two cards of one name on one phone are one person's, however many a reseller holds.
namesakes as (
    select
        sightings.account_key,
        min(sightings.identifier_key) as person
    from sightings
    inner join crowd_accounts on sightings.account_key = crowd_accounts.account_key
    where sightings.scope_kind = 'phone' and sightings.kind = 'unique'
    group by sightings.account_key
),

-- What tells an account's person from others: one mark of each type, its own id or the first it showed. An account that
-- shows many contradicts itself; that must not bring the values it shows into disrepute.
marks as (
    select
        sightings.*,
        row_number() over (
            partition by sightings.account_key, sightings.identifier_type, sightings.identifier_scope
            order by
                case when sightings.is_own then 0 else 1 end,
                sightings.first_seen_at,
                sightings.identifier_key
        ) as mark_rank
    from sightings
    inner join crowd_accounts on sightings.account_key = crowd_accounts.account_key
    where sightings.kind in ('unique', 'weak')
),

strangers as (
    select
        crowd_sightings.identifier_key,
        crowd_sightings.identifier_type,
        marks.identifier_type as newcomer_type,
        marks.identifier_scope as newcomer_scope,
        case
            when marks.kind = 'unique' then coalesce(namesakes.person, marks.identifier_key)
            else marks.identifier_key
        end as newcomer,
        min(greatest(crowd_sightings.seen_on, marks.seen_on)) as seen_on
    from crowd_sightings
    inner join marks on crowd_sightings.account_key = marks.account_key
    left join namesakes on crowd_sightings.account_key = namesakes.account_key
    where marks.mark_rank = 1 and crowd_sightings.identifier_type <> marks.identifier_type
    group by
        crowd_sightings.identifier_key,
        crowd_sightings.identifier_type,
        marks.identifier_type,
        marks.identifier_scope,
        case
            when marks.kind = 'unique' then coalesce(namesakes.person, marks.identifier_key)
            else marks.identifier_key
        end
),

showcases as (
    select
        sightings.account_key,
        sightings.identifier_type,
        sightings.identifier_scope
    from sightings
    inner join smallest_limits on sightings.identifier_type = smallest_limits.identifier_type
    where not sightings.is_own and sightings.kind in ('unique', 'weak')
    group by sightings.account_key, sightings.identifier_type, sightings.identifier_scope
    having count(*) > min(smallest_limits.limit_of_showing)
),

guests as (
    select
        owners.identifier_key,
        owners.identifier_type,
        sightings.identifier_type as newcomer_type,
        sightings.identifier_scope as newcomer_scope,
        sightings.identifier_key as newcomer,
        sightings.seen_on
    from showcases
    inner join sightings
        on
            showcases.account_key = sightings.account_key
            and showcases.identifier_type = sightings.identifier_type
            and showcases.identifier_scope = sightings.identifier_scope
    inner join sightings as owners on sightings.account_key = owners.account_key and owners.is_own
    where not sightings.is_own
),

newcomers as (
    select
        crowd_sightings.identifier_key,
        crowd_sightings.identifier_type,
        'accounts' as measure,
        crowd_sightings.account_type as newcomer_type,
        '' as newcomer_scope,
        coalesce(namesakes.person, crowd_sightings.account_key) as newcomer,
        min(crowd_sightings.seen_on) as seen_on
    from crowd_sightings
    left join namesakes on crowd_sightings.account_key = namesakes.account_key
    group by
        crowd_sightings.identifier_key,
        crowd_sightings.identifier_type,
        crowd_sightings.account_type,
        coalesce(namesakes.person, crowd_sightings.account_key)
    union all
    -- The id of a receipt begins with its store.
    select distinct
        identifier_key,
        identifier_type,
        'stores' as measure,
        account_type as newcomer_type,
        '' as newcomer_scope,
        split_part(account_id, '|', 1) as newcomer,
        seen_on
    from crowd_sightings
    where account_type = 'store_receipt'
    union all
    select
        identifier_key,
        identifier_type,
        'strangers' as measure,
        newcomer_type,
        newcomer_scope,
        newcomer,
        seen_on
    from strangers
    union all
    select
        identifier_key,
        identifier_type,
        'guests' as measure,
        newcomer_type,
        newcomer_scope,
        newcomer,
        seen_on
    from guests
)

select * from newcomers
{% if is_delta() %}
    where identifier_key in (select renewed.identifier_key from renewed)
{% endif %}
