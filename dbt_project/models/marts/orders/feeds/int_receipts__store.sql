-- Grain: one store receipt. Gifts (C) cost nothing. Amounts are taken without their sign: sell_way says which way the
-- money went.
select
    brand,
    store_code,
    receipt_no,
    max(member_card) as member_card,
    max(guide_id) as guide_id,
    min(sold_at) as sold_at,
    sum(case when sell_way = 'A' then abs(amount_fen) else 0 end) as gross_fen,
    bool_or(sell_way = 'A') as is_paid,
    bool_or(sell_way = 'B') as is_return
from {{ ref('int_receipt_lines__store') }}
group by brand, store_code, receipt_no
