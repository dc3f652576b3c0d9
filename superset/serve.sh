#!/usr/bin/env bash
# Superset with the dashboards of assets/: its tables, the user admin, the bundle, then the server. May be repeated, and
# then the bundle overwrites what was changed of it. For `make bi` and docker-compose.yml; see docs/bi.md.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

: "${QUANYU_BI_URL:?the login that reads the marts, postgresql://...; see docs/bi.md}"
: "${SUPERSET_SECRET_KEY:?see .env.example}" "${SUPERSET_ADMIN_PASSWORD:?see .env.example}"
: "${SUPERSET_HOME:?the folder of the metadata}" "${SUPERSET_BIND:?address:port}"
export SUPERSET_CONFIG_PATH=$here/superset_config.py
mkdir -p "$SUPERSET_HOME"

superset db upgrade
# By the environment, not as an argument, which every user of the machine could read.
FLASK_FAB_CREATE_ADMIN_PASSWORD=$SUPERSET_ADMIN_PASSWORD superset fab create-admin \
    --username admin --firstname Superset --lastname Admin --email admin@localhost
superset init
superset import-directory --overwrite "$here/assets" 2>&1 | tee "$SUPERSET_HOME/import.log"
# The command says what is wrong with the bundle and exits with 0 all the same.
if grep --quiet "An error occurred" "$SUPERSET_HOME/import.log"; then exit 1; fi

# SQLite takes one writer: one process, with threads.
exec gunicorn --bind "$SUPERSET_BIND" --workers 1 --threads 8 --timeout 120 "superset.app:create_app()"
