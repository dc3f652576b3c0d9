-- Grain: one message to be told of again: its state changed, whose account it went to, or what that person did since.
-- Empty when the marts are built anew.
-- depends_on: {{ ref('int_changed__customers') }}, {{ ref('int_changed__accounts') }}
with

messages as (select * from {{ ref('int_messages') }}),

{% if is_delta() %}

    known as (
        select * from {{ last_mart('fct_messages') }}
    ),

    changed as (
        select coalesce(messages.message_key, known.message_key) as message_key
        from messages
        full outer join known on messages.message_key = known.message_key
        where
            messages.state is distinct from known.state
            or messages.state_since is distinct from known.state_since
            or messages.read_at is distinct from known.read_at
            or messages.clicked_at is distinct from known.clicked_at
            or messages.opted_out_at is distinct from known.opted_out_at
            or known.one_id in (select customers.one_id from {{ ref('int_changed__customers') }} as customers)
            or known.account_key in (select accounts.account_key from {{ ref('int_changed__accounts') }} as accounts)
    )

{% else %}

    changed as (
        select message_key from messages
        where false
    )

{% endif %}

select message_key from changed
