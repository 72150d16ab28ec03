#!/bin/sh
# Brings Temporal's two databases to the schema of this version; safe to repeat.
set -eu

for pair in temporal:temporal temporal_visibility:visibility; do
    database=${pair%%:*}
    folder=${pair##*:}
    tool="temporal-sql-tool --plugin postgres12 --ep postgres --port 5432 --user temporal --db $database"
    # The version table exists after the first run, and setting it up again is an error that says just that.
    $tool setup-schema -v 0.0 || true
    $tool update-schema -d "/etc/temporal/schema/postgresql/v12/$folder/versioned"
done
