#!/bin/sh
# Make the folders and secrets that compose.yaml names, beside it or in the folder that is given.
# What is there stays as it is. Run it as root, since the containers run as users of their own.
set -eu
umask 077
where=${1:-$(dirname "$0")/data}
secret() { head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n'; }
owned() { if [ "$(id -u)" = 0 ]; then chown -R "$1" "$2"; fi; }

for folder in people room-keys keys tokens public mandates; do mkdir -p "$where/cautery/$folder"; done
mkdir -p "$where/cache" "$where/backups" "$where/database" "$where/socket" "$where/vault/evidence" "$where/secrets"

if [ ! -e "$where/secrets/database" ]; then secret >"$where/secrets/database"; fi
if [ ! -e "$where/secrets/pgpass" ]; then
  printf '*:*:*:cautery:%s\n' "$(cat "$where/secrets/database")" >"$where/secrets/pgpass"
fi
if [ ! -e "$where/secrets/store.env" ]; then
  key=$(secret)
  printf 'ROOT_ACCESS_KEY_ID=cautery\nROOT_SECRET_ACCESS_KEY=%s\n' "$key" >"$where/secrets/store.env"
  printf 'AWS_ENDPOINT_URL=http://127.0.0.1:7070\nAWS_REGION=us-east-1\nAWS_ACCESS_KEY_ID=cautery\nAWS_SECRET_ACCESS_KEY=%s\n' \
    "$key" >"$where/secrets/vault.env"
fi

owned 10001:10001 "$where/cautery"
owned 10001:10001 "$where/cache"
owned 10001:10001 "$where/backups"
owned 10001:10001 "$where/vault"
owned 10001:10001 "$where/secrets/pgpass"
owned 999:999 "$where/database"
owned 999:999 "$where/socket"
owned 999:999 "$where/secrets/database"
chmod 0711 "$where" "$where/secrets"
chmod 0755 "$where/socket"
