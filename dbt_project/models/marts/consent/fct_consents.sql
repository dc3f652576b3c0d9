-- Grain: one person, purpose and channel for which one of the person's accounts has decided.
with

accounts as (select * from {{ ref('bridge_account_customer') }}),

members as (select * from {{ ref('stg_store__members') }}),

followers as (select * from {{ ref('stg_official_account__followers') }}),

contacts as (select * from {{ ref('stg_wecom__contacts') }}),

location_decisions as (select * from {{ ref('int_location_decisions') }}),

acts as (select * from {{ ref('consent_acts') }}),

-- A form left empty decides nothing.
member_decisions as (
    select
        'store_member' as account_type,
        brand as scope,
        member_card as account_id,
        'store_sms_consent' as act,
        has_sms_consent as is_granted,
        coalesce(sms_consent_at, updated_at) as decided_at,
        consent_text_version as text_version,
        'store' as source
    from members
    where has_sms_consent is not null
),

-- Unfollowing withdraws; the platform does not say when, so it counts from the night that found it.
follower_decisions as (
    select
        'official_account_follower' as account_type,
        appid as scope,
        openid as account_id,
        'official_account_follow' as act,
        is_subscribed as is_granted,
        case
            when is_subscribed then subscribed_at else {{ start_of_day('landed_on') }}
        end as decided_at,
        'follow' as text_version,
        'official_account' as source
    from followers
),

-- Known to two guides and deleted by one: still a contact. Known to none any more: withdrawn.
contact_decisions as (
    select
        'wecom_contact' as account_type,
        corp_id as scope,
        external_userid as account_id,
        'wecom_contact_added' as act,
        not bool_and(is_deleted) as is_granted,
        case
            when bool_and(is_deleted) then max({{ start_of_day('landed_on') }})
            else max(case when not is_deleted then added_at end)
        end as decided_at,
        'add' as text_version,
        'wecom' as source
    from contacts
    group by corp_id, external_userid
),

decisions as (
    select * from member_decisions
    union all
    select * from follower_decisions
    union all
    select * from contact_decisions
    union all
    select
        account_type,
        scope,
        account_id,
        act,
        is_granted,
        decided_at,
        text_version,
        'tracking' as source
    from location_decisions
),

-- The strictest account speaks for the person: a refusal beats any number of permissions, however old it is.
ranked as (
    select
        accounts.one_id,
        acts.purpose,
        acts.channel,
        decisions.is_granted,
        decisions.decided_at,
        decisions.text_version,
        decisions.source,
        row_number() over (
            partition by accounts.one_id, acts.purpose, acts.channel
            order by
                case when decisions.is_granted then 1 else 0 end asc,
                decisions.decided_at desc nulls last,
                decisions.account_id asc
        ) as strictness_rank
    from decisions
    inner join accounts
        on
            decisions.account_type = accounts.account_type
            and decisions.scope = accounts.scope
            and decisions.account_id = accounts.account_id
    inner join acts on decisions.act = acts.act
),

fct_consents as (
    select
        one_id,
        purpose,
        channel,
        is_granted,
        decided_at,
        text_version,
        source
    from ranked
    where strictness_rank = 1
)

select * from fct_consents
