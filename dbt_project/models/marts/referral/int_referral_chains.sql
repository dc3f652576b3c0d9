-- Grain: one invited person and one of the people who brought them; what the next build compares with.
-- depends_on: {{ ref('int_changed__referred') }}
select
    one_id,
    inviter_one_id,
    accepted_at,
    referral_level,
    percent,
    is_self_referral
from {{ ref('int_referral_chains_tonight') }}
