-- Every fen that went back over a counter is in exactly one order.
with

returned as (
    select coalesce(sum(abs(amount_fen)), 0) as returned_fen
    from {{ ref('stg_store__receipt_lines') }}
    where sell_way = 'B'
),

refunded as (
    select coalesce(sum(refunded_fen), 0) as refunded_fen
    from {{ ref('fct_orders') }}
    where channel = 'store'
)

select
    returned.returned_fen,
    refunded.refunded_fen
from returned
cross join refunded
where returned.returned_fen <> refunded.refunded_fen
