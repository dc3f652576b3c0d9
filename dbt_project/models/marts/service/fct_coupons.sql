-- Grain: one act on one coupon: issued, used.
{{ config(materialized='kept', key='record_id', scope='int_changed__touchpoints', indexes=[
    {'columns': ['record_id']}, {'columns': ['one_id']}, {'columns': ['account_key']},
]) }}

with

acts as (
    select
        *,
        {{ account_key("'store_member'", 'brand', 'member_card') }} as account_key
    from {{ ref('stg_loyalty__coupon_acts') }}
    {{ where_changed('record_id', ref('int_changed__touchpoints')) }}
),

accounts as (select * from {{ ref('bridge_account_customer') }}),

fct_coupons as (
    select
        acts.brand || '|' || acts.act_id as act_key,
        acts.brand || '|' || acts.coupon_id as coupon_key,
        accounts.one_id,
        acts.account_key,
        acts.act,
        acts.batch,
        acts.order_no,
        cast(acts.value_fen as bigint) as value_fen,
        acts.acted_at,
        {{ shanghai_date('acts.acted_at') }} as acted_on,
        acts.record_id
    from acts
    left join accounts on acts.account_key = accounts.account_key
)

select * from fct_coupons
