#!/bin/sh
# Runs once, when the database's volume is empty: our database, and Temporal's own role with its two databases.
set -eu

psql --username postgres --set ON_ERROR_STOP=1 --set temporal_password="$(cat /run/secrets/temporal)" <<'SQL'
CREATE DATABASE clearance;
CREATE ROLE temporal LOGIN PASSWORD :'temporal_password';
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;
REVOKE CONNECT ON DATABASE temporal, temporal_visibility FROM PUBLIC;
SQL
