"""The company on one laptop: an embedded Postgres and Airflow's processes on loopback."""
