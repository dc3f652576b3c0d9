-- Grain: one customer who is or was in one customer group, by the newest joining.
{{ config(materialized='view') }}

with

members as (
    select * from {{ ref('stg_wecom__group_members') }}
    where member_type = 2
),

keyed as (
    select
        record_id,
        is_member,
        'wecom|' || corp_id || '|' || chat_id as group_key,
        {{ account_key("'wecom_contact'", 'corp_id', 'userid') }} as account_key,
        coalesce({{ shanghai_date('joined_at') }}, first_landed_on) as joined_on,
        left_on
    from members
),

int_community_members as (
    select
        record_id,
        group_key,
        account_key,
        joined_on,
        group_key || '|' || account_key as member_key,
        case when not is_member then greatest(left_on, joined_on) end as left_on
    from keyed
)

select * from int_community_members
