-- Grain: one campaign, or a channel's acts without one (''), that met people on public ground or cost money.
with

campaigns as (select * from {{ ref('int_public_to_private__campaigns') }}),

people as (
    select * from {{ ref('int_public_to_private__people') }}
    where has_come_in = 1
),

customers as (select * from {{ ref('dim_customers') }}),

-- Whoever can still be reached in one of the ways in which they came.
retained as (
    select
        people.channel,
        people.campaign_key,
        count(*) as retained
    from people
    inner join customers on people.one_id = customers.one_id
    where
        (people.has_followed = 1 and customers.is_follower)
        or (people.has_added_contact = 1 and customers.is_wecom_contact)
        or (people.has_joined = 1 and customers.is_store_member)
    group by people.channel, people.campaign_key
),

spend as (
    select
        channel,
        coalesce(campaign_key, '') as campaign_key,
        sum(cost_fen) as cost_fen
    from {{ ref('fct_ad_spend') }}
    group by channel, coalesce(campaign_key, '')
),

fct_public_to_private as (
    select
        cast(coalesce(spend.cost_fen, 0) as bigint) as cost_fen,
        cast(round(spend.cost_fen / nullif(retained.retained, 0)) as bigint) as cost_per_retained_fen,
        coalesce(campaigns.channel, spend.channel) as channel,
        coalesce(campaigns.campaign_key, spend.campaign_key) as campaign_key,
        coalesce(campaigns.people, 0) as people,
        coalesce(campaigns.inflow, 0) as inflow,
        coalesce(campaigns.backflow, 0) as backflow,
        coalesce(retained.retained, 0) as retained,
        round(cast(coalesce(retained.retained, 0) as numeric) / nullif(campaigns.people, 0), 6) as retained_rate
    from campaigns
    full outer join spend
        on
            campaigns.channel = spend.channel
            and campaigns.campaign_key = spend.campaign_key
    left join retained
        on
            campaigns.channel = retained.channel
            and campaigns.campaign_key = retained.campaign_key
)

select * from fct_public_to_private
