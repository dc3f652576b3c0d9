update marts_build.dim_customers set accounts_count = accounts_count + 1;
insert into marts_build.bridge_customer_addresses
    select 'q' || address, channel, address, sender, scope, last_seen_at
    from marts_build.bridge_customer_addresses where address = 'o-gil';
insert into marts_build.bridge_one_id_alias (one_id_old, one_id_current)
select
    min(one_id),
    max(one_id)
from marts_build.dim_customers;
