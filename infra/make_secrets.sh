#!/bin/sh
# Draw the secrets of the containers, once, as files of mode 600 for the user they run as (1000):
#   sh infra/make_secrets.sh [FOLDER]
# What is there already is kept: databases were made with it.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
folder=${1:-$top/.serloop/secrets}
user=1000
fail() { echo "make_secrets: $*" >&2; exit 1; }

[ "$(id -u)" = 0 ] || [ "$(id -u)" = "$user" ] ||
  fail "run as root or as user $user, whose the files must be; you are $(id -u)"
umask 077
mkdir -p "$folder"

keep() {  # keep NAME: write standard input there unless the file exists
  if [ -e "$folder/$1" ]; then cat >/dev/null; else
    cat >"$folder/$1.new"
    mv "$folder/$1.new" "$folder/$1"
  fi
}
draw() { od -An -N20 -tx1 /dev/urandom | tr -d ' \n'; }  # 40 hexadecimal digits

for name in postgres_password prefect_db_password labels_db_password lake_db_password \
  label_studio_password serloop_label_studio__token \
  serloop_warehouse__s3_access_key serloop_warehouse__s3_secret_key; do
  draw | keep "$name"
done
printf 'serloop:%s' "$(draw)" | keep prefect_api_auth
printf 'postgresql://lake:%s@database:5432/lake' "$(cat "$folder/lake_db_password")" |
  keep serloop_warehouse__catalog
printf '{"identities": [{"name": "serloop", "credentials": [{"accessKey": "%s", "secretKey": "%s"}], "actions": ["Admin", "Read", "Write", "List", "Tagging"]}]}' \
  "$(cat "$folder/serloop_warehouse__s3_access_key")" \
  "$(cat "$folder/serloop_warehouse__s3_secret_key")" |
  keep s3_identities
[ "$(id -u)" != 0 ] || chown -R "$user:$user" "$folder"
echo "secrets are in $folder; the password of Label Studio's administrator is in label_studio_password"
