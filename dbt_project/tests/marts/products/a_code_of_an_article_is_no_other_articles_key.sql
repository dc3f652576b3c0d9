-- A code that leads to another code would leave one article under two keys.
select codes.code
from {{ ref('product_codes') }} as codes
inner join {{ ref('dim_products') }} as products on codes.code = products.product_key
