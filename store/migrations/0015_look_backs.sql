-- Look-backs read a tenant's payments in the order of booking, ask which alerts named them before, and raise alerts of their own.
CREATE INDEX transaction_booked ON transaction (tenant_id, booked_at, ingest_seq);
CREATE INDEX alert_named ON alert USING gin (transactions);
GRANT INSERT ON alert TO clearance_worker;
