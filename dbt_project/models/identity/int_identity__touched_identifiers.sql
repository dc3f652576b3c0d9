-- Grain: one row per identifier whose owner may be another one than at the last build; empty when all is built anew.

with changes as (
    select * from {{ ref('int_identity__changes') }}
),

screened as (
    select * from {{ ref('int_identity__screened') }}
),

touched as (
    select * from {{ beside_resolution('touched') }}
),

touched_identifiers as (
    select identifier_key from changes
    union
    select screened.identifier_key
    from screened
    inner join touched on screened.account_key = touched.account_key
)

select * from touched_identifiers
