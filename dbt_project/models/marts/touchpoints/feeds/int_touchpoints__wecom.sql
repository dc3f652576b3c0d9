-- Grain: one contact added by one member of staff.
select
    record_id,
    'wecom_contact' as account_type,
    corp_id as scope,
    external_userid as account_id,
    'contact_added' as touchpoint_type,
    'wecom' as channel,
    cast(null as text) as placement,
    cast(null as text) as campaign_key,
    cast(null as text) as content_key,
    cast(null as text) as product_key,
    staff_userid as staff_code,
    cast(null as text) as store_code,
    cast(null as text) as session_key,
    added_at as occurred_at,
    1 as quantity,
    'wecom' as source,
    'wecom|' || corp_id || '|' || external_userid || '|' || staff_userid as touchpoint_key
from {{ ref('stg_wecom__contacts') }}
where added_at is not null
