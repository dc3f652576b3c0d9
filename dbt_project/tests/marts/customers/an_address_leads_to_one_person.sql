select
    channel,
    scope,
    address
from {{ ref('bridge_customer_addresses') }}
group by channel, scope, address
having count(distinct one_id) > 1
