-- Grain: one person who invited somebody.
with

referrals as (select * from {{ ref('fct_referrals') }}),

chains as (
    select * from {{ ref('int_referral_chains') }}
    where not is_self_referral
),

invited as (
    select
        inviter_one_id,
        count(*) as invitations,
        count(case when verdict = 'self_referral' then 1 end) as self_referrals
    from referrals
    where inviter_one_id is not null
    group by inviter_one_id
),

brought as (
    select
        inviter_one_id,
        count(case when referral_level = 1 then 1 end) as people_direct,
        count(case when referral_level > 1 then 1 end) as people_indirect
    from chains
    group by inviter_one_id
),

rewarded as (
    select
        inviter_one_id,
        count(distinct order_key) as orders_count,
        sum(granted_fen) as granted_fen,
        sum(clawed_back_fen) as clawed_back_fen,
        sum(outstanding_fen) as outstanding_fen
    from {{ ref('fct_referral_rewards') }}
    group by inviter_one_id
),

mart_referral_inviters as (
    select
        invited.inviter_one_id as one_id,
        invited.invitations,
        invited.self_referrals,
        cast(coalesce(rewarded.granted_fen, 0) as bigint) as granted_fen,
        cast(coalesce(rewarded.clawed_back_fen, 0) as bigint) as clawed_back_fen,
        cast(coalesce(rewarded.outstanding_fen, 0) as bigint) as outstanding_fen,
        coalesce(brought.people_direct, 0) as people_direct,
        coalesce(brought.people_indirect, 0) as people_indirect,
        coalesce(rewarded.orders_count, 0) as orders_count
    from invited
    left join brought on invited.inviter_one_id = brought.inviter_one_id
    left join rewarded on invited.inviter_one_id = rewarded.inviter_one_id
)

select * from mart_referral_inviters
