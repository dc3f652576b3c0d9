-- Grain: one row per corp, customer, staff member and word of the staff member's remark; newest version of the contact.

with newest as (
    {{ newest_version(source('wecom', 'wecom__contacts')) }}
),

renamed as (
    select distinct
        newest.account as corp_id,
        newest.is_deleted,
        {{ json_text('newest.payload', 'external_contact', 'external_userid') }} as external_userid,
        {{ json_text('newest.payload', 'follow_info', 'userid') }} as staff_userid,
        nullif(word.value #>> '{}', '') as word_token
    from newest
    cross join lateral {{ json_elements('newest.payload', 'follow_info', 'remark_words') }} as word (value)
),

contact_words as (
    select * from renamed
    where word_token is not null
)

select * from contact_words
