-- Every message that was planned is there once, in the state it is in; only what was sent is delivered or answered.
with

ledger as (
    select
        state,
        count(*) as messages
    from {{ ref('int_messages') }}
    group by state
),

told as (
    select
        state,
        count(*) as messages,
        count(case when is_delivered and sent_at is null then 1 end) as delivered_unsent,
        count(case when responses > 0 and sent_at is null then 1 end) as answered_unsent
    from {{ ref('fct_messages') }}
    group by state
)

select
    ledger.messages as messages_of_the_ledger,
    told.messages,
    coalesce(ledger.state, told.state) as state
from ledger
full outer join told on ledger.state = told.state
where
    ledger.messages is distinct from told.messages
    or told.delivered_unsent > 0
    or told.answered_unsent > 0
