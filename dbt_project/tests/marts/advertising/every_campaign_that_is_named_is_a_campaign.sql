-- By touchpoints, by spend, by placements, or as what another one is part of.
with

named as (
    select campaign_key from {{ ref('int_touchpoints_by_campaign') }}
    union
    select campaign_key from {{ ref('fct_ad_spend') }}
    union
    select parent_campaign_key as campaign_key from {{ ref('dim_campaigns') }}
)

select named.campaign_key
from named
left join {{ ref('dim_campaigns') }} as campaigns on named.campaign_key = campaigns.campaign_key
where
    named.campaign_key is not null
    and campaigns.campaign_key is null
