-- Grain: one ticket, one review or one answer to a survey.
{{ config(materialized='kept', key='record_id', scope='int_changed__touchpoints', indexes=[
    {'columns': ['record_id']}, {'columns': ['one_id']}, {'columns': ['account_key']},
]) }}

with

cases as (
    select * from {{ ref('int_service_cases') }}
    {{ where_changed('record_id', ref('int_changed__touchpoints')) }}
),

accounts as (select * from {{ ref('bridge_account_customer') }}),

fct_service_cases as (
    select
        cases.case_key,
        cases.case_type,
        accounts.one_id,
        cases.account_key,
        cases.came_by,
        cases.order_no,
        cases.product_key,
        cases.store_code,
        cases.agent_code,
        cases.topic,
        cases.status,
        cast(cases.score as bigint) as score,
        cases.opened_at,
        {{ shanghai_date('cases.opened_at') }} as opened_on,
        cases.updated_at,
        cases.record_id
    from cases
    left join accounts on cases.account_key = accounts.account_key
)

select * from fct_service_cases
