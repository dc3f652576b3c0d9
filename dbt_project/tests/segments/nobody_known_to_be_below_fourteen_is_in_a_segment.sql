-- Every segment but those of purpose service.
{% set segments = [
    ref('seg_ad_retargeting'),
    ref('seg_birthday_care'),
    ref('seg_cart_left'),
    ref('seg_cross_sell_in_stock'),
    ref('seg_festival_warm_up'),
    ref('seg_first_to_second'),
    ref('seg_new_fan_no_purchase'),
    ref('seg_order_unpaid'),
    ref('seg_referral_invite'),
    ref('seg_repurchase_due'),
    ref('seg_store_neighbourhood'),
    ref('seg_tier_upgrade'),
    ref('seg_vip_at_risk'),
    ref('seg_won_back'),
] %}

with

members as (
    {% for segment in segments %}
        select one_id from {{ segment }}
        {% if not loop.last %}union{% endif %}
    {% endfor %}
)

select members.one_id
from members
inner join {{ ref('dim_customers') }} as customers on members.one_id = customers.one_id
where customers.is_minor
