-- Grain: one row per shop and customer, newest version; who vanished from the list stays with is_customer = false.

with newest as (
    {{ newest_version(source('youzan', 'youzan__customers')) }}
),

renamed as (
    select
        account as kdt_id,
        landed_on,
        first_landed_on,
        -- ids
        {{ json_text('payload', 'yz_open_id') }} as yz_open_id,
        -- numerics
        {{ integer_number(json_text('payload', 'points')) }} as points,
        {{ integer_number(json_text('payload', 'trade_count')) }} as trade_count,
        -- booleans
        not is_deleted as is_customer,
        coalesce({{ json_text('payload', 'is_member') }} in ('1', 'true'), false) and not is_deleted as is_member,
        coalesce(cast({{ json_text('payload', 'is_mobile_auth') }} as boolean), false) as has_shared_phone,
        -- timestamps
        {{ epoch_time(json_text('payload', 'created_at')) }} as created_at
    from newest
)

select * from renamed
