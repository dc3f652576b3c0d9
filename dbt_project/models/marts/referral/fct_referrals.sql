-- Grain: one accepted invitation, with its verdict and, when it counts, its place in the tree.
with recursive

invitations as (select * from {{ ref('int_invitations') }}),

counted as (
    select
        inviter_one_id,
        one_id
    from invitations
    where verdict = 'counted'
),

roots as (
    select distinct counted.inviter_one_id as one_id
    from counted
    left join counted as invited on counted.inviter_one_id = invited.one_id
    where invited.one_id is null
),

tree as (
    select
        one_id,
        one_id as root_one_id,
        0 as tree_depth
    from roots
    union all
    select
        counted.one_id,
        tree.root_one_id,
        tree.tree_depth + 1 as tree_depth
    from tree
    inner join counted on tree.one_id = counted.inviter_one_id
),

fct_referrals as (
    select
        invitations.invitation_key,
        invitations.kind,
        invitations.accepted_at,
        {{ shanghai_date('invitations.accepted_at') }} as accepted_on,
        invitations.one_id,
        invitations.inviter_one_id,
        invitations.verdict,
        tree.root_one_id,
        tree.tree_depth
    from invitations
    left join tree
        on
            invitations.one_id = tree.one_id
            and invitations.verdict = 'counted'
)

select * from fct_referrals
