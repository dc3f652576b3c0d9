-- Grain: one row per shop and refund, newest version.

with newest as (
    {{ newest_version(source('youzan', 'youzan__refunds')) }}
),

renamed as (
    select
        record_id,
        account as kdt_id,
        landed_on,
        first_landed_on,
        -- ids
        {{ json_text('payload', 'refund_id') }} as refund_id,
        {{ json_text('payload', 'tid') }} as tid,
        -- strings
        {{ json_text('payload', 'status') }} as status,
        {{ json_text('payload', 'reason') }} as reason,
        -- numerics
        {{ fen(json_text('payload', 'refund_fee')) }} as refund_fen,
        -- booleans
        coalesce(cast({{ json_text('payload', 'return_goods') }} as boolean), false) as has_goods,
        coalesce({{ json_text('payload', 'status') }} = 'SUCCESS', false) as is_refunded,
        -- timestamps
        {{ shanghai_time(json_text('payload', 'created')) }} as created_at,
        {{ shanghai_time(json_text('payload', 'modified')) }} as modified_at
    from newest
    where not is_deleted
)

select * from renamed
