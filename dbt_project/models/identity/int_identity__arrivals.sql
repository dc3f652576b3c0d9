-- Grain: one row per account: the night on which it was first landed.
-- It decides who is older, and with it whose One-ID stays: what we knew first is not renamed by what we learn later,
-- however old the days are of which a new source tells.

with landed as (
    select
        'tmall_buyer' as account_type,
        shop as scope,
        buyer_open_uid as account_id,
        first_landed_on
    from {{ ref('stg_tmall__trades') }}
    union all
    select
        'tmall_buyer' as account_type,
        shop as scope,
        buyer_open_uid as account_id,
        first_landed_on
    from {{ ref('stg_tmall__refunds') }}
    union all
    select
        'tmall_member' as account_type,
        shop as scope,
        ouid as account_id,
        first_landed_on
    from {{ ref('stg_tmall__members') }}
    union all
    select
        'tmall_member' as account_type,
        shop as scope,
        ouid as account_id,
        first_landed_on
    from {{ ref('stg_tmall__member_trades') }}
    union all
    select
        'official_account_follower' as account_type,
        appid as scope,
        openid as account_id,
        first_landed_on
    from {{ ref('stg_official_account__followers') }}
    union all
    select
        'wecom_contact' as account_type,
        corp_id as scope,
        external_userid as account_id,
        first_landed_on
    from {{ ref('stg_wecom__contacts') }}
    union all
    select
        'store_member' as account_type,
        brand as scope,
        member_card as account_id,
        first_landed_on
    from {{ ref('stg_store__members') }}
    union all
    select
        case when member_card is null then 'store_receipt' else 'store_member' end as account_type,
        brand as scope,
        coalesce(member_card, store_code || '|' || receipt_no) as account_id,
        first_landed_on
    from {{ ref('stg_store__receipt_lines') }}
    union all
    select
        case when member_card is null then 'store_visit' else 'store_member' end as account_type,
        brand as scope,
        coalesce(member_card, visit_id) as account_id,
        first_landed_on
    from {{ ref('stg_store__visits') }}
),

arrivals as (
    select
        account_type,
        scope,
        account_id,
        min(first_landed_on) as landed_on
    from landed
    where account_id is not null
    group by account_type, scope, account_id
)

select * from arrivals
