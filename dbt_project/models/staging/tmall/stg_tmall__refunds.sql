-- Grain: one row per shop and refund, newest version, by whichever feed it came: TOP or the push database.

with newest as (
    {{ newest_version(source('tmall', 'tmall__refunds'), source('tmall_push', 'tmall_push__refunds')) }}
),

renamed as (
    select
        record_id,
        account as shop,
        landed_on,
        first_landed_on,
        -- ids
        {{ json_text('payload', 'refund_id') }} as refund_id,
        {{ json_text('payload', 'tid') }} as tid,
        {{ json_text('payload', 'oid') }} as oid,
        {{ json_text('payload', 'ouid') }} as ouid,
        {{ json_text('payload', 'buyer_open_uid') }} as buyer_open_uid,
        -- strings
        {{ json_text('payload', 'status') }} as status,
        -- numerics
        {{ fen(json_text('payload', 'refund_fee')) }} as refund_fen,
        -- timestamps
        {{ shanghai_time(json_text('payload', 'created')) }} as created_at,
        {{ shanghai_time(json_text('payload', 'modified')) }} as modified_at
    from newest
    where not is_deleted
)

select * from renamed
