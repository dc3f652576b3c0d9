-- Grain: one row per account and identifier that identity refused to believe, with the reason.
-- phone_recycled: the account is the former owner's; the identifier joins the accounts of its newest owner only.

with screened as (
    select * from {{ ref('int_identity__screened') }}
),

resolution as (
    select * from {{ ref('int_identity__resolution') }}
),

latest_generations as (
    select
        identifier_key,
        max(generation) as generation
    from screened
    group by identifier_key
),

judged as (
    select
        screened.identifier_key,
        screened.account_key,
        screened.identifier_type,
        screened.accounts,
        coalesce(
            screened.refused_because,
            resolution.refused_because,
            case when screened.generation < latest_generations.generation then 'phone_recycled' end
        ) as reason,
        coalesce(
            screened.refused_detail,
            resolution.refused_detail,
            'silent for longer than its reuse time, then with another owner; owner '
            || screened.generation || ' of ' || latest_generations.generation
        ) as detail
    from screened
    inner join latest_generations on screened.identifier_key = latest_generations.identifier_key
    left join resolution
        on screened.account_key = resolution.account_key and screened.node_key = resolution.node_key
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
