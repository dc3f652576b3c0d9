select
    order_key,
    inviter_one_id
from {{ ref('fct_referral_rewards') }}
where
    referral_level > {{ var('referral_depth_cap') }}
    or (one_id = inviter_one_id and outstanding_fen <> 0)
