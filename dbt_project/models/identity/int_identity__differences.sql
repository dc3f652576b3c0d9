-- Grain: one row per account and identifier that tonight's evidence shows otherwise than the last build knew it.
-- Empty when everything is built anew. The evidence itself is read whole: an erased row leaves no other trace.

with observations as (
    select * from {{ ref('int_identity__observations') }}
),

{% if is_delta() %}

    last_screened as (
        select * from {{ last_build('int_identity__screened') }}
    ),

    differences as (
        select
            coalesce(observations.account_key, last_screened.account_key) as account_key,
            coalesce(observations.identifier_key, last_screened.identifier_key) as identifier_key,
            observations.account_key is null
            or last_screened.account_key is null
            or observations.first_seen_at <> last_screened.first_seen_at as may_change_age
        from observations
        full outer join last_screened
            on
                observations.account_key = last_screened.account_key
                and observations.identifier_key = last_screened.identifier_key
        where
            observations.account_key is null
            or last_screened.account_key is null
            or observations.first_seen_at <> last_screened.first_seen_at
            or observations.last_seen_at <> last_screened.last_seen_at
            or observations.times_seen <> last_screened.times_seen
    )

{% else %}

    differences as (
        select
            account_key,
            identifier_key,
            true as may_change_age
        from observations
        where false
    )

{% endif %}

select * from differences
