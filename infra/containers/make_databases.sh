#!/bin/sh
# Make a database and its owner each for Prefect, Label Studio and the warehouse's catalog. PostgreSQL
# runs it once, when it starts on an empty folder.
set -eu
: "${SECRETS:=/run/secrets}"
for name in prefect labels lake; do
  # psql reads the password itself: anybody may read a command line.
  export name password_file="$SECRETS/${name}_db_password"
  psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres <<'SQL'
\set name `printf %s "$name"`
\set password `cat "$password_file"`
CREATE ROLE :"name" LOGIN PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name";
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
SQL
done
