#!/bin/sh
# Makes the secret files that docker-compose.yml mounts, once: existing ones are never touched.
#
#   deploy/make-secrets.sh /etc/clearance/secrets
#   CLEARANCE_SECRETS=/etc/clearance/secrets docker compose up -d
#
# Files are readable by every user of a container they are mounted into, and by nobody else on the host: the folder is
# closed. The certificate for the proxy is yours to bring: put it there as proxy.crt and proxy.key.
set -eu

folder=${1:?usage: make-secrets.sh FOLDER}
mkdir -p "$folder/keys" "$folder/roles"
chmod 0700 "$folder"

for key in master payload filing-master filing-payload token assertion ledger filing-ledger idempotency; do
    [ -e "$folder/keys/$key" ] || { head -c 32 /dev/urandom >"$folder/keys/$key"; chmod 0444 "$folder/keys/$key"; }
done

password() {
    [ -e "$1" ] || { head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$1"; chmod 0444 "$1"; }
}

password "$folder/postgres"
password "$folder/temporal"
password "$folder/metrics-token"
for role in api worker dispatcher engine sequencer retention filing screening; do
    password "$folder/roles/clearance_$role"
done

# libpq reads the owner's password from a service file, so that it stands in no URL and no environment.
[ -e "$folder/admin-service.conf" ] || {
    printf '[admin]\npassword=%s\n' "$(cat "$folder/postgres")" >"$folder/admin-service.conf"
    chmod 0444 "$folder/admin-service.conf"
}
# Temporal's server takes its password from the environment only.
[ -e "$folder/temporal.env" ] || {
    printf 'POSTGRES_PWD=%s\nSQL_PASSWORD=%s\n' "$(cat "$folder/temporal")" "$(cat "$folder/temporal")" >"$folder/temporal.env"
    chmod 0400 "$folder/temporal.env"
}
