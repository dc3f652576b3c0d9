-- Grain: one article that was sold or given, that the tills know, or that is in stock.
with

days as (select * from {{ ref('int_product_days') }}),

items as (select * from {{ ref('stg_store_db__items') }}),

stock as (select * from {{ ref('stg_inventory__stock') }}),

codes as (select * from {{ ref('product_codes') }}),

categories as (select * from {{ ref('product_categories') }}),

sold as (
    select
        product_key,
        sum(quantity) as quantity,
        sum(gross_fen) as gross_fen,
        min(case when sales_count > 0 then sold_on end) as first_sold_on,
        max(case when sales_count > 0 then sold_on end) as last_sold_on
    from days
    group by product_key
),

-- An article is called what it was called last.
ranked_titles as (
    select
        product_key,
        title,
        row_number() over (
            partition by product_key order by sold_on desc, lines_count desc, title asc
        ) as place
    from days
    where title <> ''
),

last_prices as (
    select
        sold.product_key,
        cast(round(sum(days.gross_fen) / sum(days.quantity)) as bigint) as price_fen
    from sold
    inner join days
        on
            sold.product_key = days.product_key
            and sold.last_sold_on = days.sold_on
    group by sold.product_key
    having sum(days.quantity) > 0
),

ranked_items as (
    select
        items.title,
        items.brand_name,
        items.class_no,
        items.barcode,
        items.price_fen,
        coalesce(codes.product_key, items.item_no) as product_key,
        row_number() over (
            partition by coalesce(codes.product_key, items.item_no) order by items.brand, items.item_no
        ) as place
    from items
    left join codes on items.item_no = codes.code
),

articles as (
    select product_key from sold
    union
    select product_key from ranked_items
    union
    select coalesce(codes.product_key, stock.sku) as product_key
    from stock
    left join codes on stock.sku = codes.code
),

-- The longest prefix that fits.
ranked_categories as (
    select
        articles.product_key,
        categories.category,
        categories.category_name,
        categories.interval_days,
        row_number() over (
            partition by articles.product_key order by length(categories.prefix) desc, categories.prefix asc
        ) as place
    from articles
    inner join categories on left(articles.product_key, length(categories.prefix)) = categories.prefix
),

dim_products as (
    select
        articles.product_key,
        ranked_items.brand_name,
        ranked_items.class_no,
        ranked_items.barcode,
        sold.first_sold_on,
        sold.last_sold_on,
        ranked_categories.interval_days as category_interval_days,
        cast(coalesce(sold.quantity, 0) as numeric) as quantity,
        cast(coalesce(sold.gross_fen, 0) as bigint) as gross_fen,
        coalesce(ranked_titles.title, ranked_items.title) as title,
        coalesce(ranked_categories.category, 'other') as category,
        coalesce(ranked_categories.category_name, '其他') as category_name,
        coalesce(ranked_items.price_fen, last_prices.price_fen) as price_fen
    from articles
    left join sold on articles.product_key = sold.product_key
    left join last_prices on articles.product_key = last_prices.product_key
    left join ranked_titles
        on
            articles.product_key = ranked_titles.product_key
            and ranked_titles.place = 1
    left join ranked_items
        on
            articles.product_key = ranked_items.product_key
            and ranked_items.place = 1
    left join ranked_categories
        on
            articles.product_key = ranked_categories.product_key
            and ranked_categories.place = 1
)

select * from dim_products
