-- Automated decisions with their explanations, and the ledger that proves them unaltered.
--
-- A decision row carries its explanation and evidence in the same row, NOT NULL, and a leaf by foreign key: no decision
-- exists without them. What is hashed is the canonical text that is stored (`record`, `explanation`), byte for byte;
-- the other columns are for finding rows and are compared with the text by whoever verifies.

CREATE TABLE model (
    sha256 text PRIMARY KEY CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    name text NOT NULL,
    version text NOT NULL,
    format text NOT NULL,
    content bytea NOT NULL,
    card jsonb NOT NULL,
    registered_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK (encode(sha256(content), 'hex') = sha256)
);
CALL make_append_only('model');
GRANT SELECT, INSERT ON model TO clearance_worker, clearance_engine;
GRANT SELECT ON model TO clearance_api, clearance_filing;

-- Feature names once a model, not once a decision: an explanation names the list by its digest.
CREATE TABLE feature_list (
    sha256 text PRIMARY KEY CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    names text NOT NULL CHECK (encode(sha256(convert_to(names, 'UTF8')), 'hex') = sha256)
);
CALL make_append_only('feature_list');
GRANT SELECT, INSERT ON feature_list TO clearance_worker, clearance_engine;
GRANT SELECT ON feature_list TO clearance_api, clearance_filing, clearance_sequencer;

CREATE TABLE leaf (
    leaf_id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenant,
    decision_id uuid NOT NULL,
    size integer NOT NULL CHECK (size > 0),
    salt bytea NOT NULL CHECK (length(salt) = 32),
    commitment bytea NOT NULL CHECK (length(commitment) = 32),
    entry text NOT NULL,
    leaf_hash bytea NOT NULL CHECK (length(leaf_hash) = 32),
    created_at timestamptz NOT NULL,
    UNIQUE (tenant_id, leaf_id),
    -- RFC 6962 section 2.1: the hash of a leaf is over a zero byte and the entry.
    CHECK (leaf_hash = sha256('\x00'::bytea || convert_to(entry, 'UTF8')))
);
CALL isolate('leaf');
CALL make_append_only('leaf');

CREATE TABLE decision (
    decision_id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    leaf_id uuid NOT NULL,
    leaf_row integer NOT NULL CHECK (leaf_row >= 0),
    key text,
    subject_id uuid NOT NULL,
    kind text NOT NULL,
    about text NOT NULL,
    outcome text NOT NULL,
    score double precision NOT NULL,
    model_sha256 text NOT NULL REFERENCES model,
    as_of timestamptz NOT NULL,
    record text NOT NULL,
    explanation text NOT NULL,
    sealed_evidence bytea NOT NULL CHECK (length(sealed_evidence) > 0),
    created_at timestamptz NOT NULL,
    UNIQUE (tenant_id, decision_id),
    UNIQUE (leaf_id, leaf_row),
    FOREIGN KEY (tenant_id, leaf_id) REFERENCES leaf (tenant_id, leaf_id) DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (tenant_id, subject_id) REFERENCES subject (tenant_id, subject_id),
    CHECK (key IS NOT NULL OR kind IN ('transaction_score', 'alert'))
);
CALL isolate('decision');
CALL make_append_only('decision');
CREATE UNIQUE INDEX decision_key ON decision (tenant_id, key) WHERE key IS NOT NULL;
CREATE INDEX decision_about ON decision (tenant_id, about);
CREATE INDEX decision_recent ON decision (tenant_id, created_at, decision_id);

-- And no leaf without its first decision.
ALTER TABLE leaf ADD CONSTRAINT leaf_decision FOREIGN KEY (tenant_id, decision_id)
    REFERENCES decision (tenant_id, decision_id) DEFERRABLE INITIALLY DEFERRED;

GRANT SELECT, INSERT ON decision, leaf TO clearance_worker, clearance_engine;
GRANT SELECT ON decision, leaf TO clearance_api, clearance_filing, clearance_sequencer;

-- The sequencer's queue; a leaf leaves it when it has a position.
CREATE TABLE leaf_pending (
    leaf_id uuid PRIMARY KEY REFERENCES leaf,
    tenant_id uuid NOT NULL,
    created_at timestamptz NOT NULL
);
CALL isolate('leaf_pending');
CREATE POLICY sequencer ON leaf_pending FOR SELECT TO clearance_sequencer USING (true);
CREATE INDEX leaf_pending_order ON leaf_pending (tenant_id, created_at, leaf_id);
GRANT INSERT ON leaf_pending TO clearance_worker, clearance_engine;
GRANT SELECT, DELETE ON leaf_pending TO clearance_sequencer;
-- Locking a queue row wants the right to update one of its columns.
GRANT UPDATE (created_at) ON leaf_pending TO clearance_sequencer;
GRANT SELECT ON leaf_pending TO clearance_api;

CREATE FUNCTION queue_leaf() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.leaf_pending (leaf_id, tenant_id, created_at) VALUES (NEW.leaf_id, NEW.tenant_id, NEW.created_at);
    RETURN NULL;
END $$;
CREATE TRIGGER queue_leaf AFTER INSERT ON leaf FOR EACH ROW EXECUTE FUNCTION queue_leaf();

-- One line a tenant: position, chain, and the complete subtrees of its RFC 6962 tree.
CREATE TABLE ledger_position (
    tenant_id uuid NOT NULL,
    position bigint NOT NULL CHECK (position >= 0),
    leaf_id uuid NOT NULL UNIQUE,
    leaf_hash bytea NOT NULL CHECK (length(leaf_hash) = 32),
    chain_hash bytea NOT NULL CHECK (length(chain_hash) = 32),
    sequenced_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant_id, position),
    FOREIGN KEY (tenant_id, leaf_id) REFERENCES leaf (tenant_id, leaf_id)
);
CALL isolate('ledger_position');
CALL make_append_only('ledger_position');

CREATE TABLE ledger_node (
    tenant_id uuid NOT NULL,
    level integer NOT NULL CHECK (level > 0),
    index bigint NOT NULL CHECK (index >= 0),
    hash bytea NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (tenant_id, level, index)
);
CALL isolate('ledger_node');
CALL make_append_only('ledger_node');

CREATE TABLE ledger_checkpoint (
    tenant_id uuid NOT NULL,
    number bigint NOT NULL,
    size bigint NOT NULL CHECK (size >= 0),
    body text NOT NULL,
    signature bytea NOT NULL CHECK (length(signature) = 64),
    key_id text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, number)
);
CALL isolate('ledger_checkpoint');
CALL make_append_only('ledger_checkpoint');

GRANT SELECT, INSERT ON ledger_position, ledger_node, ledger_checkpoint TO clearance_sequencer;
GRANT SELECT ON ledger_position, ledger_node, ledger_checkpoint TO clearance_api, clearance_worker;
