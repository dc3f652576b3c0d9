-- Grain: one day of orders, touchpoint channel, campaign and model with a credit.
{{ config(materialized='tally', key=['credited_on', 'channel', 'campaign_key', 'model'], count='touchpoints') }}
{% set offline = sql_list(var('attribution_offline_channels')) %}
with

credits as (select * from {{ changes_of(ref('fct_attribution')) }} as changes),

int_attribution__daily as (
    select
        ordered_on as credited_on,
        channel,
        campaign_key,
        model,
        cast(sum(sign) as bigint) as touchpoints,
        cast(sum(sign * credit_fen) as bigint) as credit_fen,
        cast(
            sum(
                case
                    when
                        sales_channel in {{ offline }}
                        and channel not in {{ offline }}
                        and channel <> 'unattributed'
                        then sign * credit_fen
                    else 0
                end
            ) as bigint
        ) as online_to_store_fen
    from credits
    group by ordered_on, channel, campaign_key, model
)

select * from int_attribution__daily
