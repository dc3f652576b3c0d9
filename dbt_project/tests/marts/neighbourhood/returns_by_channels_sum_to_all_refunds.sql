-- Wherever it was bought: per day and channel on which things came back, and per store, as fct_refunds has it.
with

returned as (
    select
        returned_on,
        return_channel,
        store_code,
        sum(refunds_count) as refunds_count,
        sum(amount_fen) as amount_fen
    from {{ ref('fct_returns_daily') }}
    group by returned_on, return_channel, store_code
),

refunds as (
    select
        refunded_on,
        case when store_code is not null then 'store' else channel end as return_channel,
        coalesce(store_code, '') as store_code,
        count(*) as refunds_count,
        sum(amount_fen) as amount_fen
    from {{ ref('fct_refunds') }}
    group by refunded_on, case when store_code is not null then 'store' else channel end, coalesce(store_code, '')
)

select
    coalesce(returned.returned_on, refunds.refunded_on) as returned_on,
    coalesce(returned.return_channel, refunds.return_channel) as return_channel
from returned
full outer join refunds
    on
        returned.returned_on = refunds.refunded_on
        and returned.return_channel = refunds.return_channel
        and returned.store_code = refunds.store_code
where
    coalesce(returned.refunds_count, 0) <> coalesce(refunds.refunds_count, 0)
    or coalesce(returned.amount_fen, 0) <> coalesce(refunds.amount_fen, 0)
