-- Grain: one creator (KOL, KOC, celebrity, anchor) on one platform, or as the content team knows them. Of a seller whom
-- orders name and no list does, nothing but the key is known.
with

notes as (
    select
        creator_id,
        creator_fans,
        row_number() over (partition by creator_id order by counted_on desc, brand_user_id asc, note_id asc) as age
    from {{ ref('stg_xiaohongshu_notes__notes') }}
    where creator_id is not null
),

placements as (
    select
        creator_id,
        creator_kind,
        row_number() over (partition by creator_id order by updated_at desc, brand asc, placement_id asc) as age
    from {{ ref('stg_content_desk__placements') }}
),

anchors as (
    select
        author_id,
        author_name,
        row_number() over (partition by author_id order by last_ordered_at desc, app asc) as age
    from {{ ref('stg_douyin_shop__creators') }}
),

listed as (
    select
        'douyin_shop|' || author_id as creator_key,
        'douyin_shop' as channel,
        author_name as title,
        cast(null as text) as kind,
        cast(null as bigint) as fans
    from anchors
    where age = 1
    union all
    select
        'xiaohongshu|' || creator_id as creator_key,
        'xiaohongshu' as channel,
        cast(null as text) as title,
        cast(null as text) as kind,
        creator_fans as fans
    from notes
    where age = 1
    union all
    select
        'content_desk|' || creator_id as creator_key,
        'content_desk' as channel,
        creator_id as title,
        creator_kind as kind,
        cast(null as bigint) as fans
    from placements
    where age = 1
),

sellers as (
    select orders.*
    from {{ ref('int_orders_by_creator') }} as orders
    left join listed on orders.creator_key = listed.creator_key
    where listed.creator_key is null
),

dim_creators as (
    select * from listed
    union all
    select
        creator_key,
        channel,
        cast(null as text) as title,
        cast(null as text) as kind,
        cast(null as bigint) as fans
    from sellers
)

select * from dim_creators
