-- Filings: a schema, a role and a key of their own, so that nothing outside can tell whether one exists.

CREATE SCHEMA filing;
GRANT USAGE ON SCHEMA filing TO clearance_filing, clearance_worker;

-- Rows that start a filing. The worker can put one in through `enqueue` and can neither read nor count them.
CREATE TABLE filing.outbox (
    filing_id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenant,
    sealed_payload bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    due_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    dispatched_at timestamptz,
    attempts integer NOT NULL DEFAULT 0,
    error text
);
CALL isolate('filing.outbox');
CREATE POLICY dispatcher ON filing.outbox TO clearance_filing USING (true) WITH CHECK (true);
CREATE INDEX filing_outbox_due ON filing.outbox (due_at) WHERE dispatched_at IS NULL;
GRANT SELECT, UPDATE (due_at, dispatched_at, attempts, error) ON filing.outbox TO clearance_filing;

-- Silent on repetition: an answer would tell the worker what is in the table.
CREATE FUNCTION filing.enqueue(filing_id uuid, tenant_id uuid, sealed_payload bytea) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = filing, public, pg_temp
BEGIN ATOMIC
    INSERT INTO filing.outbox (filing_id, tenant_id, sealed_payload) VALUES (enqueue.filing_id, enqueue.tenant_id, enqueue.sealed_payload)
    ON CONFLICT DO NOTHING;
END;
REVOKE ALL ON FUNCTION filing.enqueue(uuid, uuid, bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION filing.enqueue(uuid, uuid, bytea) TO clearance_worker;

CREATE TABLE filing.filing (
    filing_id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    case_id uuid NOT NULL,
    maker uuid NOT NULL,
    regime text NOT NULL,
    regime_version text NOT NULL,
    format text NOT NULL,
    sealed_report bytea NOT NULL,
    report_sha256 text NOT NULL CHECK (report_sha256 ~ '^[0-9a-f]{64}$'),
    valid boolean NOT NULL,
    problems text[] NOT NULL,
    due_at timestamptz NOT NULL,
    status text NOT NULL CHECK (status IN ('draft', 'blocked', 'approved', 'submitted')),
    revision integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (tenant_id, filing_id),
    FOREIGN KEY (tenant_id, case_id) REFERENCES case_file (tenant_id, case_id)
);
CALL isolate('filing.filing');
CREATE INDEX filing_queue ON filing.filing (tenant_id, due_at);
GRANT SELECT, INSERT, UPDATE (status, revision, sealed_report, report_sha256, valid, problems) ON filing.filing TO clearance_filing;

CREATE TABLE filing.filing_event (
    tenant_id uuid NOT NULL,
    filing_id uuid NOT NULL,
    revision integer NOT NULL CHECK (revision >= 0),
    status text NOT NULL,
    officer_id uuid,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (filing_id, revision),
    FOREIGN KEY (tenant_id, filing_id) REFERENCES filing.filing (tenant_id, filing_id)
);
CALL isolate('filing.filing_event');
CALL make_append_only('filing.filing_event');
GRANT SELECT, INSERT ON filing.filing_event TO clearance_filing;

CREATE TABLE filing.submission (
    tenant_id uuid NOT NULL,
    filing_id uuid NOT NULL,
    revision integer NOT NULL,
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    reference text NOT NULL,
    submitted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (filing_id, revision),
    FOREIGN KEY (tenant_id, filing_id) REFERENCES filing.filing (tenant_id, filing_id)
);
CALL isolate('filing.submission');
CALL make_append_only('filing.submission');
GRANT SELECT, INSERT ON filing.submission TO clearance_filing;

-- What a report is built from.
GRANT SELECT ON tenant, application, document, document_page, customer, account, transaction, alert, case_file,
    case_matter, case_event, case_reason, subject, decision, model TO clearance_filing;
