-- Transactions and their alerts, and the cases that officers work on.

CREATE TABLE ingest_sequence (
    tenant_id uuid PRIMARY KEY REFERENCES tenant,
    next_seq bigint NOT NULL CHECK (next_seq >= 0)
);
CALL isolate('ingest_sequence');
GRANT SELECT, INSERT, UPDATE (next_seq) ON ingest_sequence TO clearance_engine;

CREATE TABLE transaction (
    tenant_id uuid NOT NULL,
    transaction_id text NOT NULL CHECK (transaction_id <> ''),
    ingest_seq bigint NOT NULL,
    subject_id uuid NOT NULL,
    booked_at timestamptz NOT NULL,
    debtor_account text NOT NULL,
    creditor_account text NOT NULL,
    amount numeric NOT NULL CHECK (amount > 0),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    channel text,
    debtor_country text,
    creditor_country text,
    flags text[] NOT NULL DEFAULT '{}',
    details json,
    sealed_details bytea,
    digest bytea NOT NULL CHECK (length(digest) = 32),
    decision_id uuid NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, transaction_id),
    UNIQUE (tenant_id, ingest_seq),
    FOREIGN KEY (tenant_id, subject_id) REFERENCES subject (tenant_id, subject_id),
    FOREIGN KEY (tenant_id, decision_id) REFERENCES decision (tenant_id, decision_id) DEFERRABLE INITIALLY DEFERRED
);
CALL isolate('transaction');
CALL make_append_only('transaction');
CREATE INDEX transaction_debtor ON transaction (tenant_id, debtor_account, booked_at);
CREATE INDEX transaction_creditor ON transaction (tenant_id, creditor_account, booked_at);
GRANT SELECT, INSERT ON transaction TO clearance_engine;
GRANT SELECT ON transaction TO clearance_api, clearance_worker, clearance_filing;

CREATE TABLE alert (
    alert_id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    subject_id uuid NOT NULL,
    decision_id uuid NOT NULL,
    transaction_id text NOT NULL,
    typologies text[] NOT NULL,
    score double precision NOT NULL,
    accounts text[] NOT NULL,
    transactions text[] NOT NULL,
    sealed_evidence bytea NOT NULL,
    created_at timestamptz NOT NULL,
    UNIQUE (tenant_id, alert_id),
    FOREIGN KEY (tenant_id, subject_id) REFERENCES subject (tenant_id, subject_id),
    FOREIGN KEY (tenant_id, transaction_id) REFERENCES transaction (tenant_id, transaction_id) DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (tenant_id, decision_id) REFERENCES decision (tenant_id, decision_id) DEFERRABLE INITIALLY DEFERRED
);
CALL isolate('alert');
CALL make_append_only('alert');
CREATE INDEX alert_recent ON alert (tenant_id, created_at DESC);
CREATE INDEX alert_transaction ON alert (tenant_id, transaction_id);
GRANT SELECT, INSERT ON alert TO clearance_engine;
GRANT SELECT ON alert TO clearance_api, clearance_worker, clearance_filing;

CREATE TABLE case_file (
    case_id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenant,
    key text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('application', 'contest', 'alert')),
    about text NOT NULL,
    subject_id uuid NOT NULL,
    workflow_id text NOT NULL,
    reasons text[] NOT NULL,
    accounts text[] NOT NULL DEFAULT '{}',
    regime text NOT NULL,
    regime_version text NOT NULL,
    due_at timestamptz NOT NULL,
    four_eyes boolean NOT NULL,
    excluded_officers uuid[] NOT NULL DEFAULT '{}',
    revision integer NOT NULL DEFAULT 0,
    status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'claimed', 'awaiting_approval', 'closed')),
    claimed_by uuid,
    maker uuid,
    disposition text,
    escalated boolean NOT NULL DEFAULT false,
    opened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    closed_at timestamptz,
    UNIQUE (tenant_id, key),
    UNIQUE (tenant_id, case_id),
    CHECK ((status = 'closed') = (closed_at IS NOT NULL)),
    FOREIGN KEY (tenant_id, subject_id) REFERENCES subject (tenant_id, subject_id)
);
CALL isolate('case_file');
CREATE INDEX case_queue ON case_file (tenant_id, due_at, case_id) WHERE status <> 'closed';
CREATE INDEX case_about ON case_file (tenant_id, about);
CREATE INDEX case_subject ON case_file (tenant_id, subject_id) WHERE status <> 'closed';
CREATE INDEX case_accounts ON case_file USING gin (accounts) WHERE status <> 'closed';
GRANT SELECT, INSERT, UPDATE (revision, status, claimed_by, maker, disposition, escalated, closed_at, accounts, reasons)
    ON case_file TO clearance_worker;
GRANT SELECT ON case_file TO clearance_api, clearance_filing;

-- What a case is about beside its first matter: alerts that joined it later.
CREATE TABLE case_matter (
    tenant_id uuid NOT NULL,
    case_id uuid NOT NULL,
    about text NOT NULL,
    joined_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant_id, about, case_id),
    FOREIGN KEY (tenant_id, case_id) REFERENCES case_file (tenant_id, case_id)
);
CALL isolate('case_matter');
CALL make_append_only('case_matter');
CREATE INDEX case_matter_case ON case_matter (case_id);
GRANT SELECT, INSERT ON case_matter TO clearance_worker;
GRANT SELECT ON case_matter TO clearance_api, clearance_filing;

CREATE TABLE case_reason (
    reason_id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    case_id uuid NOT NULL,
    officer_id uuid NOT NULL,
    sealed_text bytea NOT NULL,
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    written_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (tenant_id, reason_id),
    FOREIGN KEY (tenant_id, case_id) REFERENCES case_file (tenant_id, case_id)
);
CALL isolate('case_reason');
CALL make_append_only('case_reason');
GRANT SELECT, INSERT ON case_reason TO clearance_api;
GRANT SELECT ON case_reason TO clearance_worker, clearance_filing;

CREATE TABLE case_event (
    tenant_id uuid NOT NULL,
    case_id uuid NOT NULL,
    revision integer NOT NULL CHECK (revision >= 0),
    action text NOT NULL,
    status text NOT NULL,
    officer_id uuid,
    claimed_by uuid,
    disposition text,
    reason_id uuid,
    at timestamptz NOT NULL,
    PRIMARY KEY (case_id, revision),
    FOREIGN KEY (tenant_id, case_id) REFERENCES case_file (tenant_id, case_id),
    FOREIGN KEY (tenant_id, reason_id) REFERENCES case_reason (tenant_id, reason_id)
);
CALL isolate('case_event');
CALL make_append_only('case_event');
GRANT SELECT, INSERT ON case_event TO clearance_worker;
GRANT SELECT ON case_event TO clearance_api, clearance_filing;
