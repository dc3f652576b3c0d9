-- Grain: one WeCom contact whose relations to staff are to be told anew. Empty when the marts are built anew.
with

changed as (
    select {{ account_key("'wecom_contact'", 'corp_id', 'external_userid') }} as account_key
    from {{ ref('stg_wecom__contacts') }}
    {{ where_changed('record_id', ref('int_changed__records')) }}
    union
    select account_key from {{ ref('int_changed__accounts') }}
)

select account_key from changed
where {{ is_delta() }}
