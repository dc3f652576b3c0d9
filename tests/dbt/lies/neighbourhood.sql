insert into marts_build.bridge_store_catchment (store_code, one_id, distance_metres, within_km, is_nearest)
values ('S1', 'q', 900, 1, false);
insert into marts_build.fct_returns_daily (
    returned_on, order_channel, return_channel, store_code, refunds_count, amount_fen
) values ('2026-11-20', 'tmall', 'nowhere', '', 1, 1);
insert into marts_build.fct_store_orders_daily (
    ordered_on, store_code, order_channel, fulfilment, orders_count, gross_fen, net_fen
) values ('2026-11-20', 'nowhere', 'jd', 'pick_up', 1, 1, 1);
update marts_build.fct_store_research set research_channel = 'store', net_fen = net_fen + 1;
