-- Grain: one act on a coupon.
select
    record_id,
    'loyalty' as channel,
    cast(null as text) as placement,
    cast(null as text) as campaign_key,
    cast(null as text) as product_key,
    cast(null as text) as staff_code,
    cast(null as text) as store_code,
    cast(null as text) as session_key,
    acted_at as occurred_at,
    1 as quantity,
    'loyalty' as source,
    'loyalty|' || brand || '|' || act_id as touchpoint_key,
    {{ account_key("'store_member'", 'brand', 'member_card') }} as account_key,
    case act
        when 'issued' then 'coupon_issued'
        when 'used' then 'coupon_used'
        else 'coupon_other'
    end as touchpoint_type,
    'loyalty|' || batch as content_key
from {{ ref('stg_loyalty__coupon_acts') }}
