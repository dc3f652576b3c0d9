update marts_work.int_touchpoints_by_kind set quantity = quantity + 1 where touchpoint_type = 'ad_share';
insert into marts_work.int_touchpoints_by_kind values ('nowhere', 'shrug', '', 1, 1);
update marts_build.fct_touchpoints set quantity = 0 where touchpoint_type = 'ad_share';
insert into marts_build.fct_sessions (session_key, events, page_views) values ('s', 1, 1);
insert into marts_build.fct_group_activity (
    group_key, active_on, customers_joined, customers_left, customers_at_end
) values ('wecom|corp-1|g', '2026-11-20', 1, 0, 2);
delete from marts_build.dim_staff where staff_code = 'g1';
insert into marts_work.int_touchpoints_by_kind values ('official_account', 'content_view', '', 1, 1);
