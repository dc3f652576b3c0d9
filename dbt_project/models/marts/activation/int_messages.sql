-- Grain: one message of the send ledger, without its address. Handed over is what has a batch and did not come back.
{{ config(materialized='view') }}

with

messages as (
    select
        *,
        case when state in ('sent', 'delivered', 'expired', 'failed_final') then batch_at end as sent_at
    from {{ source('activation', 'message') }}
    where business_date <= {{ business_date() }}
),

opt_outs as (select * from {{ source('activation', 'opt_out') }}),

-- A platform that names no time said it when we heard it.
heard as (
    select
        key as message_key,
        min(case when verdict = 'read' then coalesce(reported_at, heard_at) end) as read_at,
        min(case when verdict = 'clicked' then coalesce(reported_at, heard_at) end) as clicked_at
    from {{ source('activation', 'receipt') }}
    where verdict in ('read', 'clicked')
    group by key
),

int_messages as (
    select
        messages.key as message_key,
        messages.account_key,
        messages.one_id as planned_one_id,
        messages.business_date as planned_on,
        messages.segment,
        messages.purpose,
        messages.channel,
        messages.template,
        messages.state,
        messages.reason,
        messages.code,
        messages.changed_at as state_since,
        messages.sent_at,
        heard.read_at,
        heard.clicked_at,
        case
            when
                opt_outs.heard_at >= messages.sent_at
                and opt_outs.heard_at < {{ dbt.dateadd('day', var('message_response_days'), 'messages.sent_at') }}
                then opt_outs.heard_at
        end as opted_out_at
    from messages
    left join heard on messages.key = heard.message_key
    left join opt_outs
        on
            messages.channel = opt_outs.channel
            and messages.address = opt_outs.address
)

select * from int_messages
