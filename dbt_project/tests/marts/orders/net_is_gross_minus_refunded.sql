select order_key
from {{ ref('fct_orders') }}
where
    net_fen <> gross_fen - refunded_fen
    or gross_fen < 0
    or refunded_fen < 0
