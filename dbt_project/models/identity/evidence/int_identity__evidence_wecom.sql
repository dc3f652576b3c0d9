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

-- Whoever notes a number that is nobody's says nothing with the name beside it either.
blocked_tokens as (
    select token from {{ source('ops', 'blocked_token') }}
    where identifier_type = 'phone'
),

contact_words as (
    select * from {{ ref('stg_wecom__contact_words') }}
),

known_names as (
    select distinct name_token
    from {{ ref('stg_store__members') }}
    where name_token like 'nm!_%' escape '!'
),

-- What a customer calls themselves in WeChat is no name. A word of the staff member's remark is one when a card bears
-- it; a remark with two of them says nothing.
contact_names as (
    select
        contact_words.corp_id,
        contact_words.external_userid,
        contact_words.staff_userid,
        min(contact_words.word_token) as name_token
    from contact_words
    inner join known_names on contact_words.word_token = known_names.name_token
    group by contact_words.corp_id, contact_words.external_userid, contact_words.staff_userid
    having count(*) = 1
),

-- A name counts within the number it stands beside: both the same is one person, another name is another person.
named_phones as (
    select
        contact_phones.*,
        contact_names.name_token
    from contact_phones
    inner join contact_names
        on
            contact_phones.corp_id = contact_names.corp_id
            and contact_phones.external_userid = contact_names.external_userid
            and contact_phones.staff_userid = contact_names.staff_userid
    left join blocked_tokens on contact_phones.phone_token = blocked_tokens.token
    where contact_phones.phone_token like 'ph!_%' escape '!' and blocked_tokens.token is null
),

sightings as (
    select
        corp_id,
        external_userid,
        'external_userid' as identifier_type,
        corp_id as identifier_scope,
        external_userid as identifier_value,
        seen_at,
        first_landed_on as landed_on
    from contacts
    union all
    select
        corp_id,
        external_userid,
        'unionid' as identifier_type,
        'open_platform' as identifier_scope,
        unionid as identifier_value,
        seen_at,
        first_landed_on as landed_on
    from contacts
    union all
    select
        contacts.corp_id,
        contacts.external_userid,
        'phone' as identifier_type,
        'global' as identifier_scope,
        contact_phones.phone_token as identifier_value,
        contacts.seen_at,
        contacts.first_landed_on as landed_on
    from contacts
    inner join contact_phones
        on
            contacts.corp_id = contact_phones.corp_id
            and contacts.external_userid = contact_phones.external_userid
            and contacts.staff_userid = contact_phones.staff_userid
    union all
    select
        contacts.corp_id,
        contacts.external_userid,
        'name' as identifier_type,
        named_phones.phone_token as identifier_scope,
        named_phones.name_token as identifier_value,
        contacts.seen_at,
        contacts.first_landed_on as landed_on
    from contacts
    inner join named_phones
        on
            contacts.corp_id = named_phones.corp_id
            and contacts.external_userid = named_phones.external_userid
            and contacts.staff_userid = named_phones.staff_userid
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
        seen_at as last_at,
        landed_on
    from sightings
)

select * from evidence
where account_id is not null and identifier_value is not null
