-- Applications with their documents, and the customers and accounts they become.

CREATE TABLE application (
    application_id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenant,
    subject_id uuid NOT NULL,
    applicant_kind text NOT NULL CHECK (applicant_kind IN ('person', 'organisation')),
    sealed_applicant bytea NOT NULL,
    idempotency_mac bytea NOT NULL CHECK (length(idempotency_mac) = 32),
    request_digest bytea NOT NULL CHECK (length(request_digest) = 32),
    regime text NOT NULL,
    state text NOT NULL DEFAULT 'received' CHECK (state IN ('received', 'processing', 'in_review', 'concluded')),
    outcome text CHECK (outcome IN ('approved', 'rejected', 'blocked', 'unreadable')),
    reasons text[] NOT NULL DEFAULT '{}',
    submitted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (tenant_id, idempotency_mac),
    UNIQUE (tenant_id, application_id),
    CHECK ((state = 'concluded') = (outcome IS NOT NULL)),
    -- Deferred: the application decides whether it is the first, only then does its subject come to be.
    FOREIGN KEY (tenant_id, subject_id) REFERENCES subject (tenant_id, subject_id) DEFERRABLE INITIALLY DEFERRED
);
CALL isolate('application');
CREATE INDEX application_recent ON application (tenant_id, submitted_at DESC);
CREATE INDEX application_subject ON application (tenant_id, subject_id);
GRANT SELECT, INSERT, UPDATE (state, outcome, reasons, updated_at) ON application TO clearance_api;
GRANT SELECT, UPDATE (state, outcome, reasons, updated_at) ON application TO clearance_worker;
GRANT SELECT ON application TO clearance_filing;

CREATE TABLE document (
    document_id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    application_id uuid NOT NULL,
    subject_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('document', 'selfie')),
    position integer NOT NULL,
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    media_type text NOT NULL,
    size integer NOT NULL CHECK (size > 0),
    sealed_file_name bytea,
    uploaded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (tenant_id, document_id),
    UNIQUE (application_id, kind, position),
    FOREIGN KEY (tenant_id, application_id) REFERENCES application (tenant_id, application_id),
    FOREIGN KEY (tenant_id, subject_id) REFERENCES subject (tenant_id, subject_id) DEFERRABLE INITIALLY DEFERRED
);
CALL isolate('document');
GRANT SELECT, INSERT ON document TO clearance_api;
GRANT SELECT ON document TO clearance_worker, clearance_filing;

-- What the decoding child made of an original: one normalised RGB image a page.
CREATE TABLE document_page (
    tenant_id uuid NOT NULL,
    document_id uuid NOT NULL,
    page integer NOT NULL CHECK (page >= 0),
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    PRIMARY KEY (document_id, page),
    FOREIGN KEY (tenant_id, document_id) REFERENCES document (tenant_id, document_id)
);
CALL isolate('document_page');
GRANT SELECT, INSERT ON document_page TO clearance_worker;
GRANT SELECT ON document_page TO clearance_api, clearance_filing;

CREATE TABLE customer (
    customer_id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    subject_id uuid NOT NULL,
    application_id uuid NOT NULL,
    rating text NOT NULL CHECK (rating IN ('low', 'medium', 'high')),
    sealed_profile bytea,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (tenant_id, application_id),
    UNIQUE (tenant_id, customer_id),
    FOREIGN KEY (tenant_id, application_id) REFERENCES application (tenant_id, application_id),
    FOREIGN KEY (tenant_id, subject_id) REFERENCES subject (tenant_id, subject_id)
);
CALL isolate('customer');
CREATE INDEX customer_subject ON customer (tenant_id, subject_id);
GRANT SELECT, INSERT, UPDATE (rating) ON customer TO clearance_worker;
GRANT SELECT ON customer TO clearance_api, clearance_engine, clearance_filing;

CREATE TABLE account (
    tenant_id uuid NOT NULL,
    account_ref text NOT NULL CHECK (account_ref <> ''),
    customer_id uuid NOT NULL,
    opened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant_id, account_ref),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, customer_id)
);
CALL isolate('account');
CREATE INDEX account_customer ON account (tenant_id, customer_id);
GRANT SELECT, INSERT ON account TO clearance_api, clearance_worker;
GRANT SELECT ON account TO clearance_engine, clearance_filing;

-- Watchlists are the same for every tenant. The last successful check is kept apart from the publication date.
CREATE TABLE watchlist_version (
    list_name text NOT NULL,
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    version text NOT NULL,
    published date,
    entity_count integer NOT NULL CHECK (entity_count >= 0),
    loaded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (list_name, sha256)
);
CALL make_append_only('watchlist_version');
CREATE TABLE watchlist_entity (
    list_name text NOT NULL,
    sha256 text NOT NULL,
    entity_id text NOT NULL,
    entity json NOT NULL,
    PRIMARY KEY (list_name, sha256, entity_id),
    FOREIGN KEY (list_name, sha256) REFERENCES watchlist_version
);
CALL make_append_only('watchlist_entity');
CREATE TABLE watchlist_check (
    list_name text NOT NULL,
    sha256 text NOT NULL,
    checked_at timestamptz NOT NULL,
    PRIMARY KEY (list_name, checked_at),
    FOREIGN KEY (list_name, sha256) REFERENCES watchlist_version
);
CALL make_append_only('watchlist_check');
GRANT SELECT, INSERT ON watchlist_version, watchlist_entity, watchlist_check TO clearance_worker;
GRANT SELECT ON watchlist_version, watchlist_entity, watchlist_check TO clearance_api, clearance_engine, clearance_filing;
