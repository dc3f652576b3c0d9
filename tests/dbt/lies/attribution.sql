update marts_build.fct_attribution set credit_fen = credit_fen + 1 where model = 'last';
delete from marts_build.fct_attribution where model = 'first' and order_key = 'tmall|shop-1|1003';
update marts_build.fct_public_to_private set inflow = people + 1;
update marts_build.fct_breakpoints set people_going_on = people + 1;
insert into policy.journey_nodes (template, step, node, channel, touchpoint_type) values ('wish', 1, 'wish', 'nowhere', 'wish');
