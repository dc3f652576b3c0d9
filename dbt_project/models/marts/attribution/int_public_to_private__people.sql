-- Grain: one person whom one campaign met on public ground ('' when the act was no campaign's), and what they became: a
-- contact that they became later is that of the last public act before it.
{{ config(materialized='kept', key='one_id', scope='int_changed__customers') }}
{% set window = "interval '" ~ var('private_window_days') ~ " days'" %}
with

touchpoints as (select * from {{ ref('int_changed__histories') }}),

acts as (
    select
        touchpoints.one_id,
        touchpoints.touchpoint_key,
        touchpoints.touchpoint_type,
        touchpoints.channel,
        touchpoints.occurred_at,
        touchpoints.domain,
        coalesce(touchpoints.campaign_key, '') as campaign_key
    from touchpoints
    where touchpoints.domain is not null
),

public_acts as (
    select * from acts
    where domain = 'public'
),

contacts as (
    select * from acts
    where
        domain = 'private'
        and touchpoint_type in ('follow', 'contact_added', 'member_joined')
),

beside as (
    select
        contacts.one_id,
        contacts.touchpoint_key,
        contacts.touchpoint_type,
        public_acts.channel,
        public_acts.campaign_key,
        public_acts.occurred_at <= contacts.occurred_at as is_before,
        max(case when public_acts.occurred_at > contacts.occurred_at then 1 else 0 end)
            over (partition by contacts.touchpoint_key) as came_back,
        row_number() over (
            partition by contacts.touchpoint_key, public_acts.occurred_at <= contacts.occurred_at
            order by public_acts.occurred_at desc, public_acts.touchpoint_key asc
        ) as nearness
    from contacts
    inner join public_acts
        on
            contacts.one_id = public_acts.one_id
            and public_acts.occurred_at > contacts.occurred_at - {{ window }}
            and public_acts.occurred_at < contacts.occurred_at + {{ window }}
),

won as (
    select
        one_id,
        channel,
        campaign_key,
        max(case when touchpoint_type = 'follow' then 1 else 0 end) as has_followed,
        max(case when touchpoint_type = 'contact_added' then 1 else 0 end) as has_added_contact,
        max(case when touchpoint_type = 'member_joined' then 1 else 0 end) as has_joined,
        max(came_back) as has_come_back
    from beside
    where is_before and nearness = 1
    group by one_id, channel, campaign_key
),

met as (
    select distinct
        one_id,
        channel,
        campaign_key
    from public_acts
),

int_public_to_private__people as (
    select
        met.one_id,
        met.channel,
        met.campaign_key,
        case when won.one_id is null then 0 else 1 end as has_come_in,
        coalesce(won.has_followed, 0) as has_followed,
        coalesce(won.has_added_contact, 0) as has_added_contact,
        coalesce(won.has_joined, 0) as has_joined,
        coalesce(won.has_come_back, 0) as has_come_back
    from met
    left join won
        on
            met.one_id = won.one_id
            and met.channel = won.channel
            and met.campaign_key = won.campaign_key
)

select * from int_public_to_private__people
