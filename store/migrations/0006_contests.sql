-- Contested outcomes: what the applicant says against one, sealed; the workflow that answers it knows ids only.

CREATE TABLE contest (
    contest_id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    application_id uuid NOT NULL,
    subject_id uuid NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('rejected', 'blocked', 'unreadable')),
    sealed_reason bytea NOT NULL,
    submitted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (tenant_id, contest_id),
    FOREIGN KEY (tenant_id, application_id) REFERENCES application (tenant_id, application_id),
    FOREIGN KEY (tenant_id, subject_id) REFERENCES subject (tenant_id, subject_id)
);
CALL isolate('contest');
CALL make_append_only('contest');
CREATE INDEX contest_application ON contest (tenant_id, application_id);
GRANT SELECT, INSERT ON contest TO clearance_api;
GRANT SELECT ON contest TO clearance_worker;
