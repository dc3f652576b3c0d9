insert into marts_build.fct_points (entry_key, delta) values ('p', 1);
insert into marts_build.fct_service_cases (case_key) values ('t');
