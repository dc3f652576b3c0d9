#!/usr/bin/env bash
# MariaDB's programs for the tests of sources that are databases. Quick when they are there; without root or apt it
# says what happens instead. The package's service is never started: the tests start a server of their own.
set -euo pipefail

if [ -n "$(PATH=$PATH:/usr/sbin command -v mariadbd)" ]; then
    exit 0
fi

on_postgres() {
    echo "MariaDB is not installed ($1): the tests of sources that are databases will run on Postgres."
    exit 0
}

[ "$(id -u)" = 0 ] || on_postgres "this is not root; once: sudo .ci/mariadb.sh"
command -v apt-get >/dev/null || on_postgres "there is no apt"

policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
fi

echo "MariaDB goes into this machine, for the tests of sources that are databases (without its service)."
export DEBIAN_FRONTEND=noninteractive
wait_for_lock=(-o DPkg::Lock::Timeout=120)
apt-get "${wait_for_lock[@]}" -qq update >/dev/null 2>&1 || on_postgres "apt-get update failed"
apt-get "${wait_for_lock[@]}" -qq install --yes --no-install-recommends mariadb-server >/dev/null 2>&1 ||
    on_postgres "apt-get install failed"
