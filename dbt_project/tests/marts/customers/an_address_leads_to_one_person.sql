-- Everybody in a group of WeCom reads what is written there.
select
    channel,
    scope,
    address
from {{ ref('bridge_customer_addresses') }}
where channel <> 'wecom_group'
group by channel, scope, address
having count(distinct one_id) > 1
