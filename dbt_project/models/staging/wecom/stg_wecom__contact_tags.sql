-- Grain: one row per corp, customer, staff member and tag; of relations that stand.

with newest as (
    {{ newest_version(source('wecom', 'wecom__contacts')) }}
),

tagged as (
    select distinct
        newest.account as corp_id,
        newest.landed_on,
        -- ids
        {{ json_text('newest.payload', 'external_contact', 'external_userid') }} as external_userid,
        {{ json_text('newest.payload', 'follow_info', 'userid') }} as staff_userid,
        nullif(tag.value #>> '{}', '') as tag_id
    from newest
    cross join lateral {{ json_elements('newest.payload', 'follow_info', 'tag_id') }} as tag (value)
    where not newest.is_deleted
),

contact_tags as (
    select * from tagged
    where tag_id is not null
)

select * from contact_tags
