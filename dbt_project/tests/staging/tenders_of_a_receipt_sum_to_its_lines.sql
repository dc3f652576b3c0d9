-- What was paid for a receipt is what its lines say, change taken off.
{{ config(severity='warn') }}

with lines as (
    select
        brand,
        store_code,
        receipt_no,
        sum(amount_fen) as lines_fen
    from {{ ref('stg_store__receipt_lines') }}
    group by brand, store_code, receipt_no
),

tenders as (
    select
        brand,
        store_code,
        receipt_no,
        sum(amount_fen) as tenders_fen
    from {{ ref('stg_store__tenders') }}
    group by brand, store_code, receipt_no
)

select
    lines.brand,
    lines.store_code,
    lines.receipt_no,
    lines.lines_fen,
    tenders.tenders_fen
from lines
inner join tenders
    on
        lines.brand = tenders.brand
        and lines.store_code = tenders.store_code
        and lines.receipt_no = tenders.receipt_no
where lines.lines_fen <> tenders.tenders_fen
