-- Grain: one message that was planned, with what became of it and what the person did in the days after. The person is
-- whoever the account it went to is tonight.
{{ config(materialized='kept', key='message_key', scope='int_changed__messages', indexes=[
    {'columns': ['message_key']}, {'columns': ['one_id']},
]) }}

with

messages as (
    select * from {{ ref('int_messages') }}
    {{ where_changed('message_key', ref('int_changed__messages')) }}
),

accounts as (select * from {{ ref('bridge_account_customer') }}),

touchpoints as (select * from {{ ref('fct_touchpoints') }}),

kinds as (
    select * from {{ ref('touchpoint_kinds') }}
    where stage <> 'none'
),

-- Messages from before accounts were written down are of whom they were planned for.
addressed as (
    select
        messages.*,
        {{ dbt.dateadd('day', var('message_response_days'), 'messages.sent_at') }} as answerable_until,
        case when messages.account_key = '' then messages.planned_one_id else accounts.one_id end as one_id
    from messages
    left join accounts on messages.account_key = accounts.account_key
),

responses as (
    select
        addressed.message_key,
        count(*) as responses,
        count(case when touchpoints.touchpoint_type = 'order' then 1 end) as orders,
        sum(touchpoints.revenue_fen) as net_fen,
        min(touchpoints.occurred_at) as first_response_at
    from addressed
    inner join touchpoints
        on
            addressed.one_id = touchpoints.one_id
            and addressed.sent_at <= touchpoints.occurred_at
            and addressed.answerable_until > touchpoints.occurred_at
    inner join kinds
        on {{ is_of_kind('touchpoints', 'kinds') }}
    group by addressed.message_key
),

fct_messages as (
    select
        addressed.message_key,
        addressed.one_id,
        addressed.account_key,
        addressed.planned_on,
        addressed.segment,
        addressed.purpose,
        addressed.channel,
        addressed.template,
        addressed.state,
        addressed.reason,
        addressed.code,
        addressed.state_since,
        addressed.sent_at,
        addressed.read_at,
        addressed.clicked_at,
        addressed.opted_out_at,
        responses.first_response_at,
        cast(coalesce(responses.net_fen, 0) as bigint) as net_fen,
        addressed.sent_at is not null
        and (addressed.state = 'delivered' or addressed.read_at is not null) as is_delivered,
        coalesce(responses.responses, 0) as responses,
        coalesce(responses.orders, 0) as orders
    from addressed
    left join responses on addressed.message_key = responses.message_key
)

select * from fct_messages
