-- Grain: one ticket, one review or one answer to a survey. Who names a card is the card's person, as identity's
-- evidence has it; a review is of whoever ordered, as far as it names the order.
{{ config(materialized='view') }}

with

tickets as (select * from {{ ref('stg_service_desk__tickets') }}),

reviews as (select * from {{ ref('stg_service_desk__reviews') }}),

surveys as (select * from {{ ref('stg_service_desk__surveys') }}),

orders as (
    select * from {{ ref('fct_orders') }}
    -- A till's numbers repeat from store to store; a platform's do not.
    where channel <> 'store'
)

select
    record_id,
    brand || '|ticket|' || ticket_id as case_key,
    'ticket' as case_type,
    channel as came_by,
    case
        when member_card is null then {{ account_key("'service_ticket'", 'brand', 'ticket_id') }}
        else {{ account_key("'store_member'", 'brand', 'member_card') }}
    end as account_key,
    order_no,
    cast(null as text) as product_key,
    cast(null as text) as store_code,
    agent_id as agent_code,
    topic,
    status,
    satisfaction as score,
    opened_at,
    updated_at
from tickets

union all

select
    reviews.record_id,
    reviews.brand || '|review|' || reviews.review_id as case_key,
    'review' as case_type,
    reviews.platform as came_by,
    orders.account_key,
    reviews.order_no,
    reviews.sku as product_key,
    cast(null as text) as store_code,
    cast(null as text) as agent_code,
    cast(null as text) as topic,
    cast(null as text) as status,
    reviews.stars as score,
    reviews.reviewed_at as opened_at,
    reviews.reviewed_at as updated_at
from reviews
left join orders on reviews.platform = orders.channel and reviews.order_no = orders.order_no

union all

select
    record_id,
    brand || '|survey|' || survey_id as case_key,
    'survey' as case_type,
    touchpoint as came_by,
    case
        when member_card is null then {{ account_key("'survey_answer'", 'brand', 'survey_id') }}
        else {{ account_key("'store_member'", 'brand', 'member_card') }}
    end as account_key,
    cast(null as text) as order_no,
    cast(null as text) as product_key,
    store_code,
    cast(null as text) as agent_code,
    cast(null as text) as topic,
    cast(null as text) as status,
    score,
    answered_at as opened_at,
    answered_at as updated_at
from surveys
