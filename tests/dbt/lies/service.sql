insert into marts_build.fct_points (entry_key, delta) values ('p', 1);
insert into marts_build.fct_service_cases (case_key) values ('t');
insert into marts_build.fct_points (entry_key, account_key, delta, balance, booked_at) values
('p1', 'a', 5, 5, '2026-11-19'), ('p2', 'a', 5, 9, '2026-11-20');
insert into marts_build.fct_coupons (act_key, coupon_key, act, acted_at) values
('c1', 'c', 'used', '2026-11-19'), ('c2', 'c', 'issued', '2026-11-20');
