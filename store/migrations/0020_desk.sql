-- The officers' desk: the queue by risk and deadline, evidence, questions to the applicant, and cases opened again.

ALTER TABLE case_file
    ADD COLUMN risk smallint NOT NULL DEFAULT 0 CHECK (risk BETWEEN 0 AND 100),
    -- A plain column, because row-level security lets no expression into an index condition.
    ADD COLUMN risk_order smallint GENERATED ALWAYS AS (-risk) STORED,
    ADD COLUMN snoozed_until timestamptz,
    ADD COLUMN request_id uuid,
    ADD COLUMN request_due_at timestamptz,
    ADD COLUMN disposition_code text,
    ADD COLUMN reopenings integer NOT NULL DEFAULT 0;
ALTER TABLE case_file DROP CONSTRAINT case_file_status_check;
ALTER TABLE case_file ADD CONSTRAINT case_file_status_check
    CHECK (status IN ('open', 'claimed', 'awaiting_approval', 'reopening', 'closed'));
GRANT UPDATE (risk, snoozed_until, request_id, request_due_at, disposition_code, reopenings, due_at)
    ON case_file TO clearance_worker;

CREATE INDEX case_queue_risk ON case_file (tenant_id, risk_order, due_at, case_id) WHERE status <> 'closed';
CREATE INDEX case_queue_officer ON case_file (tenant_id, claimed_by, due_at, case_id) WHERE status <> 'closed';
CREATE INDEX case_status_due ON case_file (tenant_id, status, due_at, case_id);
CREATE INDEX case_status_risk ON case_file (tenant_id, status, risk_order, due_at, case_id);
CREATE INDEX case_recent ON case_file (tenant_id, opened_at DESC, case_id);
CREATE INDEX case_of_subject ON case_file (tenant_id, subject_id, opened_at);
CREATE INDEX case_closed ON case_file (tenant_id, closed_at) WHERE status = 'closed';

ALTER TABLE case_event
    ADD COLUMN maker uuid,
    ADD COLUMN until timestamptz,
    ADD COLUMN item_id uuid,
    ADD COLUMN code text;

-- What an officer asks an applicant for. The token opens the upload once; its hash finds it, and the sealed one is for
-- the tenant's own systems, which hand the link on.
CREATE TABLE applicant_request (
    request_id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    case_id uuid NOT NULL,
    application_id uuid NOT NULL,
    subject_id uuid NOT NULL,
    officer_id uuid NOT NULL,
    token_hash bytea NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    sealed_token bytea NOT NULL,
    sealed_text bytea NOT NULL,
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    opened_at timestamptz,
    answered_at timestamptz,
    ended_at timestamptz,
    UNIQUE (tenant_id, request_id),
    FOREIGN KEY (tenant_id, case_id) REFERENCES case_file (tenant_id, case_id),
    FOREIGN KEY (tenant_id, application_id) REFERENCES application (tenant_id, application_id),
    FOREIGN KEY (tenant_id, subject_id) REFERENCES subject (tenant_id, subject_id)
);
CALL isolate('applicant_request');
CREATE INDEX applicant_request_case ON applicant_request (tenant_id, case_id);
GRANT SELECT, INSERT, UPDATE (answered_at) ON applicant_request TO clearance_api;
GRANT SELECT, UPDATE (opened_at, ended_at) ON applicant_request TO clearance_worker;

-- Asked before a tenant is known, as for an API key: whose upload does this token open?
CREATE POLICY definer ON applicant_request FOR SELECT TO clearance_owner USING (true);
CREATE FUNCTION find_applicant_request(wanted bytea)
    RETURNS TABLE (request_id uuid, tenant_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
    SELECT r.request_id, r.tenant_id FROM public.applicant_request r WHERE r.token_hash = wanted;
END;
REVOKE ALL ON FUNCTION find_applicant_request(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_applicant_request(bytea) TO clearance_api;

-- Files on a case: an officer's, or the applicant's answer. The content is in the vault by its hash.
CREATE TABLE case_evidence (
    evidence_id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    case_id uuid NOT NULL,
    subject_id uuid NOT NULL,
    officer_id uuid,
    request_id uuid,
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    media_type text NOT NULL,
    size integer NOT NULL CHECK (size > 0),
    sealed_file_name bytea,
    uploaded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    attached_at timestamptz,
    problem text,
    UNIQUE (tenant_id, evidence_id),
    CHECK ((officer_id IS NULL) <> (request_id IS NULL)),
    FOREIGN KEY (tenant_id, case_id) REFERENCES case_file (tenant_id, case_id),
    FOREIGN KEY (tenant_id, request_id) REFERENCES applicant_request (tenant_id, request_id),
    FOREIGN KEY (tenant_id, subject_id) REFERENCES subject (tenant_id, subject_id)
);
CALL isolate('case_evidence');
CREATE INDEX case_evidence_case ON case_evidence (tenant_id, case_id);
GRANT SELECT, INSERT ON case_evidence TO clearance_api;
GRANT SELECT, UPDATE (attached_at, problem) ON case_evidence TO clearance_worker;
GRANT SELECT ON case_evidence TO clearance_filing;

CREATE TABLE evidence_page (
    tenant_id uuid NOT NULL,
    evidence_id uuid NOT NULL,
    page integer NOT NULL CHECK (page >= 0),
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    PRIMARY KEY (evidence_id, page),
    FOREIGN KEY (tenant_id, evidence_id) REFERENCES case_evidence (tenant_id, evidence_id)
);
CALL isolate('evidence_page');
GRANT SELECT, INSERT ON evidence_page TO clearance_worker;
GRANT SELECT ON evidence_page TO clearance_api;

-- Which cases an account is in: by equality, because row-level security lets no array operator into an index condition.
CREATE TABLE case_account (
    tenant_id uuid NOT NULL,
    account_ref text NOT NULL,
    case_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, account_ref, case_id),
    FOREIGN KEY (tenant_id, case_id) REFERENCES case_file (tenant_id, case_id)
);
ALTER TABLE case_file NO FORCE ROW LEVEL SECURITY;
INSERT INTO case_account SELECT DISTINCT tenant_id, unnest(accounts), case_id FROM case_file;
ALTER TABLE case_file FORCE ROW LEVEL SECURITY;
CALL isolate('case_account');
GRANT SELECT, INSERT ON case_account TO clearance_worker;
GRANT SELECT ON case_account TO clearance_api;
CREATE INDEX alert_subject ON alert (tenant_id, subject_id, created_at DESC);
