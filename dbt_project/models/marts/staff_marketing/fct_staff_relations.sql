-- Grain: one WeCom contact and one member of staff who has, or had, them in their list.
{{ config(materialized='kept', key='account_key', scope='int_changed__staffed_accounts', indexes=[
    {'columns': ['account_key']}, {'columns': ['one_id']},
]) }}
{% set handover_days = var('staff_handover_days') %}

with recursive

contacts as (
    select
        *,
        {{ account_key("'wecom_contact'", 'corp_id', 'external_userid') }} as account_key
    from {{ ref('stg_wecom__contacts') }}
    where first_added_at is not null
),

accounts as (select * from {{ ref('bridge_account_customer') }}),

relations as (
    select
        account_key,
        staff_userid as staff_code,
        first_added_at as started_at,
        case when is_deleted then landed_on end as ended_on,
        coalesce(add_way, '') = '202' as is_assigned
    from contacts
    {{ where_changed('account_key', ref('int_changed__staffed_accounts')) }}
),

-- WeCom says that an administrator gave somebody the customer, and not from whom: from whoever lost them about then.
handovers as (
    select
        heirs.account_key,
        heirs.staff_code,
        former.staff_code as inherited_from,
        row_number() over (
            partition by heirs.account_key, heirs.staff_code order by former.started_at desc, former.staff_code asc
        ) as place
    from relations as heirs
    inner join relations as former
        on
            heirs.account_key = former.account_key
            and heirs.started_at > former.started_at
            and former.ended_on between {{ days_after(shanghai_date('heirs.started_at'), -handover_days) }}
            and {{ days_after(shanghai_date('heirs.started_at'), handover_days) }}
    where heirs.is_assigned
),

inherited as (
    select
        relations.*,
        handovers.inherited_from
    from relations
    left join handovers
        on
            relations.account_key = handovers.account_key
            and relations.staff_code = handovers.staff_code
            and handovers.place = 1
),

lines as (
    select
        account_key,
        staff_code,
        staff_code as origin_staff_code
    from inherited
    where inherited_from is null
    union all
    select
        inherited.account_key,
        inherited.staff_code,
        lines.origin_staff_code
    from lines
    inner join inherited
        on
            lines.account_key = inherited.account_key
            and lines.staff_code = inherited.inherited_from
),

fct_staff_relations as (
    select
        inherited.account_key,
        inherited.staff_code,
        accounts.one_id,
        inherited.started_at,
        inherited.ended_on,
        inherited.inherited_from,
        lines.origin_staff_code
    from inherited
    inner join lines
        on
            inherited.account_key = lines.account_key
            and inherited.staff_code = lines.staff_code
    left join accounts on inherited.account_key = accounts.account_key
)

select * from fct_staff_relations
