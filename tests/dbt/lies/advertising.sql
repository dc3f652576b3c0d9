update marts_build.fct_ad_spend set cost_fen = cost_fen + 1, campaign_key = 'nothing';
update marts_build.fct_orders set creator_key = 'nobody' where order_key = 'store|S1|R1';
