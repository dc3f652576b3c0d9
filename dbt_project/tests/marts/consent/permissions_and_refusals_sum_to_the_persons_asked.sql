-- Text messages: persons with a decision = persons with a card that holds one, whose phone answered, or of whom a list
-- says so, per purpose.
with

members as (select * from {{ ref('stg_store__members') }}),

opt_outs as (select * from {{ ref('stg_callbacks__opt_outs') }}),

imported as (select * from {{ ref('stg_consent_import__entries') }}),

accounts as (select * from {{ ref('bridge_account_customer') }}),

phones as (
    select * from {{ ref('bridge_identifier_customer') }}
    where identifier_type = 'phone' and valid_to is null
),

acts as (
    select * from {{ ref('consent_acts') }}
    where channel = 'aliyun_sms'
),

said as (
    select
        accounts.one_id,
        'store_sms_consent' as act
    from members
    inner join accounts
        on
            accounts.account_type = 'store_member'
            and members.brand = accounts.scope
            and members.member_card = accounts.account_id
    where members.has_sms_consent is not null
    union all
    select
        phones.one_id,
        'sms_reply' as act
    from opt_outs
    inner join phones on opt_outs.phone_token = phones.identifier_value
    where opt_outs.act = 'replied'
    union all
    select
        accounts.one_id,
        imported.act
    from imported
    inner join accounts
        on
            imported.account_type = accounts.account_type
            and imported.scope = accounts.scope
            and imported.account_id = accounts.account_id
    union all
    select
        phones.one_id,
        imported.act
    from imported
    inner join phones on imported.account_type = 'phone' and imported.account_id = phones.identifier_value
),

asked as (
    select
        acts.purpose,
        count(distinct said.one_id) as persons_count
    from said
    inner join acts on said.act = acts.act
    group by acts.purpose
),

decided as (
    select
        purpose,
        count(*) as persons_count
    from {{ ref('fct_consents') }}
    where channel = 'aliyun_sms'
    group by purpose
)

select
    asked.purpose,
    asked.persons_count as asked_count,
    decided.persons_count as decided_count
from asked
left join decided on asked.purpose = decided.purpose
where asked.persons_count <> coalesce(decided.persons_count, 0)
