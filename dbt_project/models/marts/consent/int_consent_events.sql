-- Grain: one moment at which an account, a phone or a mail address permitted something or took it back, by the act it
-- did and what the act was about: a guide, a group, a template, a device. Nothing is ever taken out; what of it counts
-- today says int_consent_decisions.
with

members as (select * from {{ ref('stg_store__members') }}),

followers as (select * from {{ ref('stg_official_account__followers') }}),

contacts as (select * from {{ ref('stg_wecom__contacts') }}),

group_members as (
    select * from {{ ref('stg_wecom__group_members') }}
    where member_type = 2
),

tmall_members as (select * from {{ ref('stg_tmall__members') }}),

youzan_customers as (
    select * from {{ ref('stg_youzan__customers') }}
    where is_member
),

opt_outs as (select * from {{ ref('stg_callbacks__opt_outs') }}),

subscriptions as (select * from {{ ref('stg_callbacks__subscriptions') }}),

tracked as (
    select * from {{ ref('stg_tracking__events') }}
    where event_name in ('location_shared', 'location_refused', 'push_enabled', 'push_disabled', 'login')
),

imported as (select * from {{ ref('stg_consent_import__entries') }}),

users as (
    select
        scope,
        account_id
    from {{ ref('bridge_account_customer') }}
    where account_type = 'mini_program_user'
),

-- A form left empty decides nothing.
of_members as (
    select
        'store_member' as account_type,
        brand as scope,
        member_card as account_id,
        'store_sms_consent' as act,
        cast(null as text) as subject,
        has_sms_consent as is_granted,
        coalesce(sms_consent_at, updated_at) as decided_at,
        consent_text_version as text_version,
        'store' as source
    from members
    where has_sms_consent is not null
),

-- The platform calls back when somebody leaves, and names the follower and not the app: it is the one where they are.
unfollowed as (
    select
        followers.appid,
        followers.openid,
        opt_outs.received_at as left_at,
        'callbacks' as source
    from opt_outs
    inner join followers on opt_outs.openid = followers.openid
    where opt_outs.act = 'unfollowed'
),

last_unfollowed as (
    select
        appid,
        openid,
        max(left_at) as left_at
    from unfollowed
    group by appid, openid
),

-- Of whom no callback tells, the night that found it; never before they came.
of_followers as (
    select
        appid,
        openid,
        true as is_granted,
        subscribed_at as decided_at,
        'official_account' as source
    from followers
    where is_subscribed or subscribed_at is not null
    union all
    select
        appid,
        openid,
        false as is_granted,
        left_at as decided_at,
        source
    from unfollowed
    union all
    select
        followers.appid,
        followers.openid,
        false as is_granted,
        greatest({{ start_of_day('followers.landed_on') }}, followers.subscribed_at) as decided_at,
        'official_account' as source
    from followers
    left join last_unfollowed
        on followers.appid = last_unfollowed.appid and followers.openid = last_unfollowed.openid
    where
        not followers.is_subscribed
        and (last_unfollowed.left_at is null or last_unfollowed.left_at < followers.subscribed_at)
),

deleted_staff as (
    select
        contacts.corp_id,
        contacts.external_userid,
        contacts.staff_userid,
        opt_outs.received_at as left_at,
        'callbacks' as source
    from opt_outs
    inner join contacts
        on opt_outs.external_userid = contacts.external_userid and opt_outs.staff_userid = contacts.staff_userid
    where opt_outs.act = 'deleted_staff'
),

last_deleted_staff as (
    select
        corp_id,
        external_userid,
        staff_userid,
        max(left_at) as left_at
    from deleted_staff
    group by corp_id, external_userid, staff_userid
),

of_contacts as (
    select
        corp_id,
        external_userid,
        staff_userid,
        true as is_granted,
        added_at as decided_at,
        'wecom' as source
    from contacts
    where not is_deleted or added_at is not null
    union all
    select
        corp_id,
        external_userid,
        staff_userid,
        false as is_granted,
        left_at as decided_at,
        source
    from deleted_staff
    union all
    select
        contacts.corp_id,
        contacts.external_userid,
        contacts.staff_userid,
        false as is_granted,
        greatest({{ start_of_day('contacts.landed_on') }}, contacts.added_at) as decided_at,
        'wecom' as source
    from contacts
    left join last_deleted_staff
        on
            contacts.corp_id = last_deleted_staff.corp_id
            and contacts.external_userid = last_deleted_staff.external_userid
            and contacts.staff_userid = last_deleted_staff.staff_userid
    where
        contacts.is_deleted
        and (last_deleted_staff.left_at is null or last_deleted_staff.left_at < contacts.added_at)
),

of_group_members as (
    select
        corp_id,
        userid,
        chat_id,
        true as is_granted,
        joined_at as decided_at
    from group_members
    union all
    select
        corp_id,
        userid,
        chat_id,
        false as is_granted,
        greatest({{ start_of_day('left_on') }}, joined_at) as decided_at
    from group_members
    where not is_member
),

-- A message that was sent used up the permission for it: one consent, one message (subscribeMessage.send).
of_subscriptions as (
    select
        users.scope,
        users.account_id,
        subscriptions.template_id,
        subscriptions.received_at as decided_at,
        subscriptions.act = 'accepted' as is_granted
    from subscriptions
    inner join users on subscriptions.openid = users.account_id
    where subscriptions.act <> 'failed'
),

-- As identity's evidence names them.
of_users as (
    select
        appid as scope,
        platform,
        event_name,
        device_id,
        occurred_at,
        case when platform = 'mini_program' then 'mini_program_user' else 'app_user' end as account_type,
        case when platform = 'mini_program' then openid else user_id end as account_id
    from tracked
    where platform in ('mini_program', 'app')
),

events as (
    select * from of_members
    union all
    select
        'official_account_follower' as account_type,
        appid as scope,
        openid as account_id,
        'official_account_follow' as act,
        cast(null as text) as subject,
        is_granted,
        decided_at,
        'follow' as text_version,
        source
    from of_followers
    union all
    select
        'wecom_contact' as account_type,
        corp_id as scope,
        external_userid as account_id,
        'wecom_contact_added' as act,
        staff_userid as subject,
        is_granted,
        decided_at,
        'add' as text_version,
        source
    from of_contacts
    union all
    select
        'wecom_contact' as account_type,
        corp_id as scope,
        userid as account_id,
        'wecom_group_joined' as act,
        chat_id as subject,
        is_granted,
        decided_at,
        'join' as text_version,
        'wecom' as source
    from of_group_members
    union all
    select
        'tmall_member' as account_type,
        shop as scope,
        ouid as account_id,
        'tmall_member_joined' as act,
        cast(null as text) as subject,
        true as is_granted,
        {{ start_of_day('first_landed_on') }} as decided_at,
        'join' as text_version,
        'tmall' as source
    from tmall_members
    union all
    select
        'youzan_customer' as account_type,
        kdt_id as scope,
        yz_open_id as account_id,
        'youzan_member_joined' as act,
        cast(null as text) as subject,
        true as is_granted,
        created_at as decided_at,
        'join' as text_version,
        'youzan' as source
    from youzan_customers
    union all
    -- Whoever answers a text message names their phone and nothing else.
    select
        'phone' as account_type,
        'global' as scope,
        phone_token as account_id,
        'sms_reply' as act,
        cast(null as text) as subject,
        false as is_granted,
        received_at as decided_at,
        'reply' as text_version,
        'callbacks' as source
    from opt_outs
    where act = 'replied'
    union all
    select
        'email' as account_type,
        'global' as scope,
        email_token as account_id,
        'email_consent' as act,
        cast(null as text) as subject,
        false as is_granted,
        received_at as decided_at,
        'unsubscribe' as text_version,
        'callbacks' as source
    from opt_outs
    where act = 'unsubscribed'
    union all
    select
        'mini_program_user' as account_type,
        scope,
        account_id,
        'mini_program_subscription' as act,
        template_id as subject,
        is_granted,
        decided_at,
        template_id as text_version,
        'callbacks' as source
    from of_subscriptions
    union all
    select
        account_type,
        scope,
        account_id,
        platform || '_location' as act,
        cast(null as text) as subject,
        event_name = 'location_shared' as is_granted,
        occurred_at as decided_at,
        event_name as text_version,
        'tracking' as source
    from of_users
    where event_name in ('location_shared', 'location_refused')
    union all
    select
        account_type,
        scope,
        account_id,
        'app_push_switch' as act,
        device_id as subject,
        event_name = 'push_enabled' as is_granted,
        occurred_at as decided_at,
        event_name as text_version,
        'tracking' as source
    from of_users
    where event_name in ('push_enabled', 'push_disabled') and platform = 'app'
    union all
    -- The first one accepts the terms; later ones would permit again what was taken back meanwhile.
    select
        account_type,
        scope,
        account_id,
        'app_login' as act,
        cast(null as text) as subject,
        true as is_granted,
        min(occurred_at) as decided_at,
        'login' as text_version,
        'tracking' as source
    from of_users
    where event_name = 'login' and platform = 'app'
    group by account_type, scope, account_id
    union all
    select
        account_type,
        scope,
        account_id,
        act,
        cast(null as text) as subject,
        is_granted,
        decided_at,
        text_version,
        'consent_import' as source
    from imported
),

-- Two callbacks of one moment are one.
int_consent_events as (
    select distinct
        account_type,
        scope,
        account_id,
        act,
        subject,
        is_granted,
        decided_at,
        text_version,
        source
    from events
    where account_id is not null
)

select * from int_consent_events
