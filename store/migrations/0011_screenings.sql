-- Every screening that was decided on: what was asked (sealed), against which versions, and the hits it found; what
-- officers cleared; and up to which versions each customer is screened.

-- A set of list versions by the digest of its members; `versions` is [[list, sha256], …] in order.
CREATE TABLE watchlist_state (
    state text PRIMARY KEY CHECK (state ~ '^[0-9a-f]{64}$'),
    versions jsonb NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CALL make_append_only('watchlist_state');

CREATE TABLE screening (
    screening_id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenant,
    key text NOT NULL,
    cause text NOT NULL CHECK (cause IN ('application', 'request', 'rescreening')),
    about text NOT NULL,
    subject_id uuid NOT NULL,
    customer_id uuid,
    state text NOT NULL REFERENCES watchlist_state,
    strength text NOT NULL CHECK (strength IN ('none', 'possible', 'strong', 'exact')),
    -- The first is the strongest hit's, or the nearest entity's where there is no hit.
    decision_ids uuid[] NOT NULL CHECK (cardinality(decision_ids) > 0),
    sealed_query bytea NOT NULL,
    sealed_answer bytea NOT NULL,
    idempotency_mac bytea CHECK (length(idempotency_mac) = 32),
    request_digest bytea CHECK (length(request_digest) = 32),
    screened_at timestamptz NOT NULL,
    UNIQUE (tenant_id, key),
    UNIQUE (tenant_id, screening_id),
    UNIQUE (tenant_id, idempotency_mac),
    CHECK ((cause = 'request') = (idempotency_mac IS NOT NULL)),
    CHECK ((idempotency_mac IS NULL) = (request_digest IS NULL)),
    FOREIGN KEY (tenant_id, subject_id) REFERENCES subject (tenant_id, subject_id),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, customer_id)
);
CALL isolate('screening');
CALL make_append_only('screening');
CREATE INDEX screening_subject ON screening (tenant_id, subject_id, screened_at DESC);

CREATE TABLE screening_hit (
    tenant_id uuid NOT NULL,
    screening_id uuid NOT NULL,
    subject_id uuid NOT NULL,
    list_name text NOT NULL,
    entity_id text NOT NULL,
    record_hash text NOT NULL CHECK (record_hash ~ '^[0-9a-f]{64}$'),
    decision_id uuid NOT NULL,
    score double precision NOT NULL,
    strength text NOT NULL CHECK (strength IN ('possible', 'strong', 'exact')),
    PRIMARY KEY (tenant_id, screening_id, list_name, entity_id),
    FOREIGN KEY (tenant_id, screening_id) REFERENCES screening (tenant_id, screening_id)
);
CALL isolate('screening_hit');
CALL make_append_only('screening_hit');
CREATE INDEX screening_hit_subject ON screening_hit (tenant_id, subject_id, entity_id);

-- What an officer found to be another person: for this subject, this entity as its record stood, until a day.
CREATE TABLE cleared_hit (
    tenant_id uuid NOT NULL,
    subject_id uuid NOT NULL,
    list_name text NOT NULL,
    entity_id text NOT NULL,
    record_hash text NOT NULL CHECK (record_hash ~ '^[0-9a-f]{64}$'),
    case_id uuid NOT NULL,
    officer_id uuid NOT NULL,
    reason_id uuid,
    cleared_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, subject_id, list_name, entity_id, record_hash, case_id),
    CHECK (expires_at > cleared_at),
    FOREIGN KEY (tenant_id, subject_id) REFERENCES subject (tenant_id, subject_id),
    FOREIGN KEY (tenant_id, case_id) REFERENCES case_file (tenant_id, case_id)
);
CALL isolate('cleared_hit');
CALL make_append_only('cleared_hit');

-- Up to which versions a customer is screened: by a delta that found nothing as well as by a screening.
CREATE TABLE screened_through (
    tenant_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    state text NOT NULL REFERENCES watchlist_state,
    screened_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, customer_id),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, customer_id)
);
CALL isolate('screened_through');

GRANT SELECT, INSERT ON watchlist_state, screening, screening_hit, cleared_hit, screened_through TO clearance_worker;
GRANT UPDATE (state, screened_at) ON screened_through TO clearance_worker;
GRANT SELECT ON watchlist_state, screening, screening_hit, cleared_hit TO clearance_api;

-- A case may be about a customer's new hits.
ALTER TABLE case_file DROP CONSTRAINT case_file_kind_check;
ALTER TABLE case_file ADD CONSTRAINT case_file_kind_check
    CHECK (kind IN ('application', 'contest', 'alert', 'screening'));
