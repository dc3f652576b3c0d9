-- Grain: one row per customer, staff member and identifier; not unique per customer.
-- A noted phone is dated when the contact was added: that it still stands there says nothing of who answers it.

with contacts as (
    select
        *,
        coalesce(first_added_at, {{ start_of_day('first_landed_on') }}) as seen_at
    from {{ ref('stg_wecom__contacts') }}
),

contact_phones as (
    select * from {{ ref('stg_wecom__contact_phones') }}
),

sightings as (
    select
        corp_id,
        external_userid,
        'external_userid' as identifier_type,
        corp_id as identifier_scope,
        external_userid as identifier_value,
        seen_at
    from contacts
    union all
    select
        corp_id,
        external_userid,
        'unionid' as identifier_type,
        'open_platform' as identifier_scope,
        unionid as identifier_value,
        seen_at
    from contacts
    union all
    select
        contacts.corp_id,
        contacts.external_userid,
        'phone' as identifier_type,
        'global' as identifier_scope,
        contact_phones.phone_token as identifier_value,
        contacts.seen_at
    from contacts
    inner join contact_phones
        on
            contacts.corp_id = contact_phones.corp_id
            and contacts.external_userid = contact_phones.external_userid
            and contacts.staff_userid = contact_phones.staff_userid
),

evidence as (
    select
        'wecom' as source,
        'wecom_contact' as account_type,
        corp_id as scope,
        external_userid as account_id,
        identifier_type,
        identifier_scope,
        identifier_value,
        seen_at,
        seen_at as last_at
    from sightings
)

select * from evidence
where account_id is not null and identifier_value is not null
