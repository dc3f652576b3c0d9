select experiment
from {{ ref('fct_experiment_results') }}
where
    rate_lift not between rate_lift_low and rate_lift_high
    or fen_per_person_lift not between fen_per_person_lift_low and fen_per_person_lift_high
    or rate_lift_low < -1
    or rate_lift_high > 1
