-- Grain: one entry of the ledger of points that counts: a brand keeps one, and points_ledger says which.
{{ config(materialized='kept', key='record_id', scope='int_changed__touchpoints', indexes=[
    {'columns': ['record_id']}, {'columns': ['one_id']}, {'columns': ['account_key']},
]) }}

with

entries as (
    select * from {{ ref('int_points__' ~ var('points_ledger')) }}
    {{ where_changed('record_id', ref('int_changed__touchpoints')) }}
),

accounts as (select * from {{ ref('bridge_account_customer') }}),

fct_points as (
    select
        entries.entry_key,
        accounts.one_id,
        entries.account_key,
        entries.reason,
        cast(entries.delta as numeric) as delta,
        cast(entries.balance as numeric) as balance,
        entries.order_no,
        entries.store_code,
        entries.booked_at,
        {{ shanghai_date('entries.booked_at') }} as booked_on,
        entries.source,
        entries.record_id
    from entries
    left join accounts on entries.account_key = accounts.account_key
)

select * from fct_points
