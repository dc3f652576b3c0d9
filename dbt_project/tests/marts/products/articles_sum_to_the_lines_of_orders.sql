with

of_products as (
    select
        coalesce(sum(quantity), 0) as quantity,
        coalesce(sum(gross_fen), 0) as gross_fen
    from {{ ref('dim_products') }}
),

of_lines as (
    select
        coalesce(sum(quantity), 0) as quantity,
        coalesce(sum(gross_fen), 0) as gross_fen
    from {{ ref('fct_order_lines') }}
    where product_key is not null
)

select
    of_products.gross_fen,
    of_lines.gross_fen as gross_fen_of_lines
from of_products
cross join of_lines
where
    of_products.quantity <> of_lines.quantity
    or of_products.gross_fen <> of_lines.gross_fen
