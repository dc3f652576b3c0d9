update marts_build.fct_lifecycle_daily set closing = closing + 1;
update marts_build.fct_lifecycle_spells set until_on = from_on;
update marts_build.dim_customer_lifecycle set orders_count = orders_count + 1;
update marts_build.fct_cohorts set cohort_people = cohort_people + 1;
update marts_build.fct_growth_cycles set cycle_no = 7;
update marts_build.fct_growth_monthly set cycles_count = cycles_count + 1;
insert into marts_build.fct_repurchase_intervals (category, intervals_count) values ('nothing', 1);
insert into marts_build.mart_repurchase_due (one_id, overdue_days) values ('q', 99);
