-- Grain: one row per shop and trade (tid), newest version, by whichever feed it came: TOP or the push database.

with newest as (
    {{ newest_version(source('tmall', 'tmall__trades'), source('tmall_push', 'tmall_push__trades')) }}
),

renamed as (
    select
        record_id,
        account as shop,
        landed_on,
        first_landed_on,
        -- ids
        {{ json_text('payload', 'tid') }} as tid,
        {{ json_text('payload', 'buyer_open_uid') }} as buyer_open_uid,
        {{ json_text('payload', 'retail_store_code') }} as retail_store_code,
        -- strings
        {{ json_text('payload', 'status') }} as status,
        {{ json_text('payload', 'type') }} as type,
        {{ json_text('payload', 'receiver_state') }} as receiver_state,
        {{ json_text('payload', 'receiver_city') }} as receiver_city,
        -- numerics
        {{ fen(json_text('payload', 'payment')) }} as payment_fen,
        {{ fen(json_text('payload', 'post_fee')) }} as post_fee_fen,
        -- timestamps
        {{ shanghai_time(json_text('payload', 'created')) }} as created_at,
        {{ shanghai_time(json_text('payload', 'pay_time')) }} as paid_at,
        {{ shanghai_time(json_text('payload', 'modified')) }} as modified_at
    from newest
    where not is_deleted
)

select * from renamed
