-- A receipt of the tills' database is paid with what its lines cost, change and returns included. It only warns: till
-- systems differ in how they write change, and a till may upload its lines before its tenders.
{{ config(severity='warn') }}

with lines as (
    select
        brand,
        store_code,
        receipt_no,
        sum(amount_fen) as amount_fen
    from {{ ref('stg_store_db__sale_lines') }}
    group by brand, store_code, receipt_no
),

tenders as (
    select
        brand,
        store_code,
        receipt_no,
        sum(amount_fen) as amount_fen
    from {{ ref('stg_store_db__tenders') }}
    group by brand, store_code, receipt_no
)

select
    lines.amount_fen as lines_fen,
    tenders.amount_fen as tenders_fen,
    coalesce(lines.brand, tenders.brand) as brand,
    coalesce(lines.store_code, tenders.store_code) as store_code,
    coalesce(lines.receipt_no, tenders.receipt_no) as receipt_no
from lines
full outer join tenders
    on
        lines.brand = tenders.brand
        and lines.store_code = tenders.store_code
        and lines.receipt_no = tenders.receipt_no
where lines.amount_fen is distinct from tenders.amount_fen
