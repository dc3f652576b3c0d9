-- An entry that lands late leaves a gap until it is there, so this warns.
{{ config(severity='warn') }}

with

entries as (
    select
        *,
        lag(balance) over (partition by account_key order by booked_at, entry_key) as balance_before
    from {{ ref('fct_points') }}
    where balance is not null
)

select
    entry_key,
    balance_before,
    delta,
    balance
from entries
where balance_before + delta <> balance
