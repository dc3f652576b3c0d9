-- Possible in the books of a store, and worth a look.
{{ config(severity='warn') }}

select order_key
from {{ ref('fct_orders') }}
where
    is_paid
    and net_fen < 0
