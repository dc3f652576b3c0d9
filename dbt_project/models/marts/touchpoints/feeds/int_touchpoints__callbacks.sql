-- Grain: one wish to get no more. A platform's callback names a follower or a contact and neither its app nor its corp:
-- those are the ones where we know the id. A phone alone is no account.
with

opt_outs as (select * from {{ ref('stg_callbacks__opt_outs') }}),

followers as (
    select
        openid,
        min(appid) as appid
    from {{ ref('stg_official_account__followers') }}
    where openid in (select opt_outs.openid from opt_outs)
    group by openid
),

contacts as (
    select
        external_userid,
        min(corp_id) as corp_id
    from {{ ref('stg_wecom__contacts') }}
    where external_userid in (select opt_outs.external_userid from opt_outs)
    group by external_userid
)

select
    opt_outs.record_id,
    cast(null as text) as placement,
    cast(null as text) as campaign_key,
    cast(null as text) as content_key,
    cast(null as text) as product_key,
    opt_outs.staff_userid as staff_code,
    cast(null as text) as store_code,
    cast(null as text) as session_key,
    opt_outs.received_at as occurred_at,
    1 as quantity,
    'callbacks' as source,
    'callbacks|' || opt_outs.brand || '|' || opt_outs.event_id as touchpoint_key,
    case
        when followers.appid is not null
            then {{ account_key("'official_account_follower'", 'followers.appid', 'opt_outs.openid') }}
        when contacts.corp_id is not null
            then {{ account_key("'wecom_contact'", 'contacts.corp_id', 'opt_outs.external_userid') }}
    end as account_key,
    case opt_outs.act
        when 'unfollowed' then 'unfollow'
        when 'deleted_staff' then 'contact_deleted'
        else 'opt_out'
    end as touchpoint_type,
    case
        when opt_outs.channel in ('official_account', 'wecom', 'email') then opt_outs.channel
        when opt_outs.channel like '%!_sms' escape '!' then 'sms'
        else 'other'
    end as channel
from opt_outs
left join followers on opt_outs.openid = followers.openid
left join contacts on opt_outs.external_userid = contacts.external_userid
