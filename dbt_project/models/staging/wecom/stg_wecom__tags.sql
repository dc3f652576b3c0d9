-- Grain: one row per corp and tag.

with newest as (
    {{ newest_version(source('wecom', 'wecom__tags')) }}
),

renamed as (
    select
        account as corp_id,
        landed_on,
        -- ids
        {{ json_text('payload', 'id') }} as tag_id,
        {{ json_text('payload', 'group', 'group_id') }} as tag_group_id,
        -- strings
        {{ json_text('payload', 'name') }} as tag_name,
        {{ json_text('payload', 'group', 'group_name') }} as tag_group_name,
        -- timestamps
        {{ epoch_time(json_text('payload', 'create_time')) }} as created_at
    from newest
    where not is_deleted
)

select * from renamed
