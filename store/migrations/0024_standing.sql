-- A clearance rests on its case: who reads clearances sees how that case stands, and nothing else of it.
GRANT SELECT (tenant_id, case_id, status, disposition) ON case_file TO clearance_screening;

-- What waits for an approver because its time is up: counted on every look at the queue.
CREATE INDEX case_file_escalated ON case_file (tenant_id, due_at, case_id) WHERE escalated AND status <> 'closed';
