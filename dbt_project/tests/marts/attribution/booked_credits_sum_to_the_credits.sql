with

booked as (
    select
        credited_on,
        channel,
        campaign_key,
        model,
        sum(amount_fen) as amount_fen
    from {{ ref('fct_attribution_ledger') }}
    group by credited_on, channel, campaign_key, model
),

credited as (
    select
        ordered_on,
        channel,
        campaign_key,
        model,
        sum(credit_fen) as credit_fen
    from {{ ref('fct_attribution') }}
    group by ordered_on, channel, campaign_key, model
)

select
    credited.*,
    booked.amount_fen
from credited
full outer join booked
    on
        credited.ordered_on = booked.credited_on
        and credited.channel = booked.channel
        and credited.campaign_key = booked.campaign_key
        and credited.model = booked.model
where coalesce(credited.credit_fen, 0) <> coalesce(booked.amount_fen, 0)
