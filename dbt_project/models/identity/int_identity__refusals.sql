-- Grain: one row per account and identifier that identity refused to believe, with the reason.
-- phone_recycled: the account is the former owner's; the identifier joins the accounts of its newest owner only.
{{ config(materialized='view') }}

with screened as (
    select * from {{ ref('int_identity__screened') }}
),

resolution as (
    select * from {{ ref('int_identity__resolution') }}
),

vetoes as (
    select * from {{ beside_resolution('vetoes') }}
),

vetoed as (
    select
        resolution.account_key,
        resolution.identifier_key,
        vetoes.refused_because,
        vetoes.refused_detail
    from resolution
    inner join vetoes on resolution.identifier = vetoes.identifier
    where not resolution.is_own
),

judged as (
    select
        screened.identifier_key,
        screened.account_key,
        screened.identifier_type,
        screened.accounts,
        coalesce(
            screened.refused_because,
            vetoed.refused_because,
            case when screened.generation < screened.owners then 'phone_recycled' end
        ) as reason,
        coalesce(
            screened.refused_detail,
            vetoed.refused_detail,
            'silent for longer than its reuse time, then with another owner; owner '
            || screened.generation || ' of ' || screened.owners
        ) as detail
    from screened
    left join vetoed
        on screened.account_key = vetoed.account_key and screened.identifier_key = vetoed.identifier_key
),

refusals as (
    select
        identifier_key,
        account_key,
        identifier_type,
        reason,
        detail,
        accounts
    from judged
    where reason is not null
)

select * from refusals
