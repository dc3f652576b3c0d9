-- Grain: one row per account: the night on which it was first landed, and since when it was known to that night.
-- They decide who is older, and with it whose One-ID stays: what we knew first is not renamed by what we learn later,
-- however old the days are of which a new source or a late trade tells.

with landed as (
    select
        'tmall_buyer' as account_type,
        shop as scope,
        buyer_open_uid as account_id,
        first_landed_on,
        created_at as seen_at
    from {{ ref('stg_tmall__trades') }}
    union all
    select
        'tmall_buyer' as account_type,
        shop as scope,
        buyer_open_uid as account_id,
        first_landed_on,
        created_at as seen_at
    from {{ ref('stg_tmall__refunds') }}
    union all
    select
        'tmall_member' as account_type,
        shop as scope,
        ouid as account_id,
        first_landed_on,
        cast(null as timestamp with time zone) as seen_at
    from {{ ref('stg_tmall__members') }}
    union all
    select
        'tmall_member' as account_type,
        shop as scope,
        ouid as account_id,
        first_landed_on,
        traded_at as seen_at
    from {{ ref('stg_tmall__member_trades') }}
    union all
    select
        'official_account_follower' as account_type,
        appid as scope,
        openid as account_id,
        first_landed_on,
        first_subscribed_at as seen_at
    from {{ ref('stg_official_account__followers') }}
    union all
    select
        'wecom_contact' as account_type,
        corp_id as scope,
        external_userid as account_id,
        first_landed_on,
        first_added_at as seen_at
    from {{ ref('stg_wecom__contacts') }}
    union all
    select
        'store_member' as account_type,
        brand as scope,
        member_card as account_id,
        first_landed_on,
        registered_at as seen_at
    from {{ ref('stg_store__members') }}
    union all
    select
        case when member_card is null then 'store_receipt' else 'store_member' end as account_type,
        brand as scope,
        coalesce(member_card, store_code || '|' || receipt_no) as account_id,
        first_landed_on,
        sold_at as seen_at
    from {{ ref('stg_store__receipt_lines') }}
    union all
    select
        case when member_card is null then 'store_visit' else 'store_member' end as account_type,
        brand as scope,
        coalesce(member_card, visit_id) as account_id,
        first_landed_on,
        visited_at as seen_at
    from {{ ref('stg_store__visits') }}
),

nights as (
    select
        *,
        min(first_landed_on) over (partition by account_type, scope, account_id) as landed_on
    from landed
    where account_id is not null
),

arrivals as (
    select
        account_type,
        scope,
        account_id,
        landed_on,
        coalesce(min(seen_at), {{ start_of_day('landed_on') }}) as known_since
    from nights
    where first_landed_on = landed_on
    group by account_type, scope, account_id, landed_on
)

select * from arrivals
