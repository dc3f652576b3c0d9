-- Grain: one day, channel, campaign ('' is none) and attribution model with a credit or money spent; what was spent
-- stands beside every model.
with

credits as (select * from {{ ref('int_attribution__daily') }}),

models as (
    select distinct model from credits
),

fct_ad_spend as (select * from {{ ref('fct_ad_spend') }}),

spend as (
    select
        fct_ad_spend.spent_on,
        fct_ad_spend.channel,
        models.model,
        coalesce(fct_ad_spend.campaign_key, '') as campaign_key,
        sum(fct_ad_spend.cost_fen) as cost_fen,
        sum(fct_ad_spend.impressions) as impressions,
        sum(fct_ad_spend.clicks) as clicks,
        sum(fct_ad_spend.conversions) as conversions
    from fct_ad_spend
    cross join models
    group by fct_ad_spend.spent_on, fct_ad_spend.channel, coalesce(fct_ad_spend.campaign_key, ''), models.model
),

mart_attribution_roi as (
    select
        cast(coalesce(spend.cost_fen, 0) as bigint) as cost_fen,
        cast(spend.impressions as bigint) as impressions,
        cast(spend.clicks as bigint) as clicks,
        cast(spend.conversions as bigint) as conversions,
        coalesce(credits.credited_on, spend.spent_on) as day_on,
        coalesce(credits.channel, spend.channel) as channel,
        coalesce(credits.campaign_key, spend.campaign_key) as campaign_key,
        coalesce(credits.model, spend.model) as model,
        coalesce(credits.touchpoints, 0) as touchpoints,
        coalesce(credits.credit_fen, 0) as credit_fen,
        coalesce(credits.online_to_store_fen, 0) as online_to_store_fen,
        round(cast(coalesce(credits.credit_fen, 0) as numeric) / nullif(spend.cost_fen, 0), 4) as return_on_spend
    from credits
    full outer join spend
        on
            credits.credited_on = spend.spent_on
            and credits.channel = spend.channel
            and credits.campaign_key = spend.campaign_key
            and credits.model = spend.model
)

select * from mart_attribution_roi
