-- Grain: one row per account that is a person's.
{{ config(
    materialized='identity_state',
    key='account_key',
    scope='int_identity__touched',
    indexes=[{'columns': ['one_id']}],
) }}

with components as (
    select * from {{ ref('int_identity__components') }}
    {% if is_delta() %}
        where account_key in (select touched.account_key from {{ beside_resolution('touched') }} as touched)
    {% endif %}
),

accounts as (
    select * from {{ ref('int_identity__accounts') }}
),

bridge_account_customer as (
    select
        accounts.account_key,
        accounts.account_type,
        accounts.scope,
        accounts.account_id,
        components.one_id
    from components
    inner join accounts on components.account_key = accounts.account_key
)

select * from bridge_account_customer
