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

popups as (select * from {{ ref('int_popup_reports') }}),

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

-- Nothing is shown before it was sent: a phone's clock may be slow.
shown as (
    select
        messages.key as message_key,
        greatest(popups.shown_at, messages.sent_at) as read_at,
        case when popups.clicked_at is not null then greatest(popups.clicked_at, messages.sent_at) end as clicked_at
    from messages
    inner join popups on left(messages.key, 32) = popups.popup_id
    where
        messages.channel = 'in_app_popup'
        and messages.sent_at is not null
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
        coalesce(heard.read_at, shown.read_at) as read_at,
        coalesce(heard.clicked_at, shown.clicked_at) as clicked_at,
        case
            when
                opt_outs.heard_at >= messages.sent_at
                and opt_outs.heard_at < {{ dbt.dateadd('day', var('message_response_days'), 'messages.sent_at') }}
                then opt_outs.heard_at
        end as opted_out_at
    from messages
    left join heard on messages.key = heard.message_key
    left join shown on messages.key = shown.message_key
    left join opt_outs
        on
            messages.channel = opt_outs.channel
            and messages.address = opt_outs.address
)

select * from int_messages
