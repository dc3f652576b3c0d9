-- Grain: one row per corp and member of staff who may have customers.

with newest as (
    {{ newest_version(source('wecom', 'wecom__staff')) }}
),

renamed as (
    select
        account as corp_id,
        landed_on,
        first_landed_on,
        -- ids
        {{ json_text('payload', 'userid') }} as staff_userid
    from newest
    where not is_deleted
)

select * from renamed
