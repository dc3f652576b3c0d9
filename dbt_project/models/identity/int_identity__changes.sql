-- Grain: one row per identifier to be judged again: evidence, or somebody, says something else than at the last build.
-- Every identifier of an account that changed is in it, since a new mark of an account can make its phone another
-- owner's. Empty when everything is built anew.

with renewed as (
    select * from {{ ref('int_identity__renewed') }}
),

observations as (
    select * from {{ ref('int_identity__observations') }}
),

verdicts as (
    select * from {{ ref('int_identity__verdicts') }}
),

{% if is_delta() %}

    last_screened as (
        select * from {{ last_build('int_identity__screened') }}
    ),

    last_verdicts as (
        select distinct
            identifier_key,
            is_trusted,
            quarantined_on,
            suspicion
        from last_screened
        where is_trusted or quarantined_on is not null or suspicion is not null
    ),

    judged_otherwise as (
        select coalesce(verdicts.identifier_key, last_verdicts.identifier_key) as identifier_key
        from verdicts
        full outer join last_verdicts on verdicts.identifier_key = last_verdicts.identifier_key
        where
            verdicts.identifier_key is null
            or last_verdicts.identifier_key is null
            or verdicts.is_trusted <> last_verdicts.is_trusted
            or coalesce(verdicts.suspicion, '') <> coalesce(last_verdicts.suspicion, '')
            or coalesce(verdicts.quarantined_on, date '0001-01-01')
            <> coalesce(last_verdicts.quarantined_on, date '0001-01-01')
    ),

    -- Who shows it may bear other marks now: which owner a phone has, or which of two WeChats counts.
    accounts_judged_otherwise as (
        select observations.account_key
        from observations
        inner join judged_otherwise on observations.identifier_key = judged_otherwise.identifier_key
    ),

    changes as (
        select identifier_key from renewed
        union
        select identifier_key from judged_otherwise
        union
        select observations.identifier_key
        from observations
        inner join accounts_judged_otherwise on observations.account_key = accounts_judged_otherwise.account_key
    )

{% else %}

    changes as (
        select renewed.identifier_key
        from renewed
        inner join verdicts on renewed.identifier_key = verdicts.identifier_key
        inner join observations on renewed.identifier_key = observations.identifier_key
    )

{% endif %}

select * from changes
