update marts_build.fct_funnel_daily set customers = events + 1 where stage = 'share';
update marts_build.fct_aisas_daily set events = events + 1, people_in_order = people_any_order + 1;
update marts_build.fct_chain_daily set touchpoints_count = touchpoints_count + 1;
update marts_build.fct_aipl_daily set closing = closing + 1;
update marts_build.fct_aipl_flows set people = people + 1;
