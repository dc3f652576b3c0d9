-- Grain: one account and act, and how it stands today. The newest word on each subject counts, and an account permits
-- as long as one of them stands: one guide who was not deleted, one group, one template, one device.
with

events as (select * from {{ ref('int_consent_events') }}),

accounts as (select * from {{ ref('bridge_account_customer') }}),

identifiers as (select * from {{ ref('bridge_identifier_customer') }}),

addresses as (select * from {{ ref('bridge_customer_addresses') }}),

-- Whoever answers by phone or mail is the person whose phone or address it is today.
owners as (
    select
        account_type,
        scope,
        account_id,
        one_id
    from accounts
    union all
    select
        'phone' as account_type,
        'global' as scope,
        identifier_value as account_id,
        one_id
    from identifiers
    where identifier_type = 'phone' and valid_to is null
    union all
    select
        'email' as account_type,
        'global' as scope,
        address as account_id,
        one_id
    from addresses
    where channel = 'email_smtp'
),

-- Of two words of one moment the refusal is the later one.
newest as (
    select
        *,
        row_number() over (
            partition by account_type, scope, account_id, act, subject
            order by
                decided_at desc nulls last,
                case when is_granted then 1 else 0 end asc,
                text_version asc,
                source asc
        ) as age
    from events
),

ranked as (
    select
        *,
        row_number() over (
            partition by account_type, scope, account_id, act
            order by
                case when is_granted then 0 else 1 end asc,
                decided_at desc nulls last,
                subject asc
        ) as place
    from newest
    where age = 1
),

int_consent_decisions as (
    select
        owners.one_id,
        ranked.account_type,
        ranked.scope,
        ranked.account_id,
        ranked.act,
        ranked.is_granted,
        ranked.decided_at,
        ranked.text_version,
        ranked.source
    from ranked
    inner join owners
        on
            ranked.account_type = owners.account_type
            and ranked.scope = owners.scope
            and ranked.account_id = owners.account_id
    where ranked.place = 1
)

select * from int_consent_decisions
