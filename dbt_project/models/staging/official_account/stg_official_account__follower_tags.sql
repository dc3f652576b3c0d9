-- Grain: one row per appid, follower and tag; of who follows now.

with newest as (
    {{ newest_version(source('official_account', 'official_account__followers')) }}
),

tagged as (
    select distinct
        newest.account as appid,
        newest.landed_on,
        -- ids
        {{ json_text('newest.payload', 'openid') }} as openid,
        {{ integer_number("tag.value #>> '{}'") }} as tag_id
    from newest
    cross join lateral {{ json_elements('newest.payload', 'tagid_list') }} as tag (value)
    where not newest.is_deleted
)

select * from tagged
