insert into marts_build.fct_experiment_results (
    experiment, treatment_people, control_people, contaminated, treatment_net_fen, control_net_fen,
    rate_lift, rate_lift_low, rate_lift_high
) values ('lie', 1, 1, 0, 5, 5, 0.5, 0.6, 0.7);
