-- Whoever is counted as invited hangs on a root, once, one deeper than their inviter: with a cycle there would be none.
with

referrals as (
    select * from {{ ref('fct_referrals') }}
    where verdict = 'counted'
)

select referrals.invitation_key
from referrals
left join referrals as above on referrals.inviter_one_id = above.one_id
where
    referrals.tree_depth is null
    or referrals.tree_depth <> coalesce(above.tree_depth, 0) + 1
    or referrals.one_id in (referrals.inviter_one_id, referrals.root_one_id)
