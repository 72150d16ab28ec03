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

# Who may do what in which of Temporal's namespaces: a token a service, which Temporal's server checks by our public key.
# To replace the key and every token, remove the folder `temporal-auth`, run this again and start everything anew.
tokens="$folder/temporal-auth"
mkdir -p "$tokens"
url64() { base64 | tr -d '=\n' | tr '/+' '_-'; }
[ -e "$tokens/key.pem" ] || (umask 0077 && openssl genrsa -out "$tokens/key.pem" 2048 2>/dev/null)
kid=$(openssl rsa -in "$tokens/key.pem" -pubout -outform DER 2>/dev/null | openssl dgst -sha256 -r | cut -c1-16)
[ -e "$tokens/jwks.json" ] || {
    # In the public key of 2,048 bits (RFC 5280) the modulus is the 256 bytes after the first 33.
    modulus=$(openssl rsa -in "$tokens/key.pem" -pubout -outform DER 2>/dev/null | tail -c +34 | head -c 256 | url64)
    printf '{"keys":[{"kty":"RSA","use":"sig","alg":"RS256","kid":"%s","n":"%s","e":"AQAB"}]}' "$kid" "$modulus" >"$tokens/jwks.json"
    chmod 0444 "$tokens/jwks.json"
}

token() {
    [ -e "$tokens/$1" ] || {
        head=$(printf '{"alg":"RS256","typ":"JWT","kid":"%s"}' "$kid" | url64)
        body=$(printf '{"sub":"clearance-%s","permissions":[%s]}' "$1" "$2" | url64)
        signature=$(printf '%s.%s' "$head" "$body" | openssl dgst -sha256 -sign "$tokens/key.pem" -binary | url64)
        printf '%s.%s.%s' "$head" "$body" "$signature" >"$tokens/$1"
        chmod 0444 "$tokens/$1"
    }
}

token provision '"temporal-system:admin"'
token main '"clearance:write"'
token filing '"clearance-filing:write"'

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
