delete from marts_build.fct_stage_goals where metric = 'orders';
update marts_build.fct_stage_goals set actual = actual + 1 where metric = 'net_revenue' and channel = 'all';
update marts_build.fct_stage_daily set amount = amount + 1;
