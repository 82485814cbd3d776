#!/bin/sh
# Run once by the postgres image when it makes the database: a login for each of the roles that the store works with, each
# a member of its role and of nothing else. The roles' rights come with the migrations.
set -eu
for pair in api_user:"${API_PASSWORD}" job_role:"${JOB_PASSWORD}" reporting_user:"${REPORTING_PASSWORD}"; do
  role=${pair%%:*}
  psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
    --set role="$role" --set login="flextraff_$role" --set password="${pair#*:}" --set database="$POSTGRES_DB" <<'SQL'
CREATE ROLE :"role" NOLOGIN;
CREATE ROLE :"login" LOGIN NOINHERIT PASSWORD :'password' IN ROLE :"role";
GRANT CONNECT ON DATABASE :"database" TO :"login";
SQL
done
