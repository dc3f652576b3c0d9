update marts_build.fct_orders set net_fen = net_fen + 1 where order_key = 'tmall|shop-1|1003';
update marts_build.fct_orders set gross_fen = gross_fen + 1 where order_key = 'store|S1|R1';
update marts_build.fct_orders set refunded_fen = refunded_fen - 1 where order_key = 'store|S1|R3';
