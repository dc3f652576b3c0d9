-- Grain: one paid order and one person whom it rewards for having brought its buyer.
{{ config(materialized='kept', key='one_id', scope='int_changed__referred', indexes=[{'columns': ['one_id']}]) }}

with

chains as (
    select * from {{ ref('int_referral_chains') }}
    {{ where_changed('one_id', ref('int_changed__referred')) }}
),

orders as (
    select * from {{ ref('fct_orders') }}
    {{ where_changed('one_id', ref('int_changed__referred')) }}
),

due as (
    select
        orders.order_key,
        orders.one_id,
        orders.ordered_on,
        orders.channel,
        chains.inviter_one_id,
        chains.referral_level,
        chains.is_self_referral,
        floor(cast(orders.gross_fen as numeric) * chains.percent / 100) as granted_fen,
        case
            when chains.is_self_referral then 0
            else floor(cast(greatest(orders.net_fen, 0) as numeric) * chains.percent / 100)
        end as outstanding_fen
    from chains
    inner join orders
        on
            chains.one_id = orders.one_id
            and chains.accepted_at <= orders.ordered_at
            and chains.accepted_at + interval '{{ var('referral_reward_days') }} days' > orders.ordered_at
    where orders.is_paid
),

fct_referral_rewards as (
    select
        order_key,
        inviter_one_id,
        one_id,
        ordered_on,
        channel,
        cast(referral_level as integer) as referral_level,
        cast(granted_fen as bigint) as granted_fen,
        cast(granted_fen - outstanding_fen as bigint) as clawed_back_fen,
        cast(outstanding_fen as bigint) as outstanding_fen,
        case
            when is_self_referral then 'self_referral'
            when outstanding_fen < granted_fen then 'refund'
        end as clawback_reason
    from due
)

select * from fct_referral_rewards
