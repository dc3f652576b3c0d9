-- Text messages: persons with a decision = persons with a card that holds one, per purpose.
with

members as (select * from {{ ref('stg_store__members') }}),

accounts as (select * from {{ ref('bridge_account_customer') }}),

asked as (
    select count(distinct accounts.one_id) as persons_count
    from members
    inner join accounts
        on
            accounts.account_type = 'store_member'
            and members.brand = accounts.scope
            and members.member_card = accounts.account_id
    where members.has_sms_consent is not null
),

purposes as (
    select purpose
    from {{ ref('consent_acts') }}
    where act = 'store_sms_consent'
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
    purposes.purpose,
    asked.persons_count as asked_count,
    decided.persons_count as decided_count
from purposes
cross join asked
left join decided on purposes.purpose = decided.purpose
where asked.persons_count <> coalesce(decided.persons_count, 0)
