select
    channel,
    campaign_key
from {{ ref('fct_public_to_private') }}
where
    retained > inflow
    or backflow > inflow
    or inflow > people
