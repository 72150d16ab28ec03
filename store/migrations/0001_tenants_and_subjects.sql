-- Tenants, who may act for them, and the people whose data is kept: the unit of isolation and the unit of erasure.

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO clearance_api, clearance_worker, clearance_dispatcher, clearance_engine,
    clearance_sequencer, clearance_retention, clearance_filing;

-- The tenant that this transaction works for; NULL, and so no row at all, where none was set.
CREATE FUNCTION current_tenant() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('clearance.tenant', true), '')::uuid;

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'CLR01';
END $$;

-- Row-level security that binds the owner too: `isolate` is called once for every table with a tenant_id.
CREATE PROCEDURE isolate(target regclass) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
    EXECUTE format(
        'CREATE POLICY tenant ON %s USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant())',
        target);
END $$;

-- Not even the owner changes a row; ALWAYS, so that session_replication_role does not silence the trigger.
CREATE PROCEDURE make_append_only(target regclass) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %s
                    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', target);
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER append_only', target);
END $$;

CREATE TABLE tenant (
    tenant_id uuid PRIMARY KEY,
    name text NOT NULL CHECK (name <> ''),
    regime text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CALL isolate('tenant');
CREATE POLICY service ON tenant FOR SELECT
    TO clearance_dispatcher, clearance_engine, clearance_sequencer, clearance_retention, clearance_filing,
       clearance_worker, clearance_owner
    USING (true);
GRANT SELECT ON tenant TO clearance_api, clearance_worker, clearance_dispatcher, clearance_engine,
    clearance_sequencer, clearance_retention, clearance_filing;

CREATE TABLE api_key (
    api_key_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id uuid NOT NULL REFERENCES tenant,
    key_hash bytea NOT NULL UNIQUE CHECK (length(key_hash) = 32),
    scopes text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz
);
CALL isolate('api_key');
GRANT SELECT, INSERT, UPDATE (revoked_at) ON api_key TO clearance_api;

-- The one question asked before a tenant is known: whose key is this? Answers one row or none, never a list.
CREATE POLICY definer ON api_key FOR SELECT TO clearance_owner USING (true);
CREATE FUNCTION find_api_key(wanted bytea)
    RETURNS TABLE (api_key_id uuid, tenant_id uuid, scopes text[])
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
    SELECT a.api_key_id, a.tenant_id, a.scopes FROM public.api_key a
    WHERE a.key_hash = wanted AND a.revoked_at IS NULL;
END;
REVOKE ALL ON FUNCTION find_api_key(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_api_key(bytea) TO clearance_api, clearance_engine;

CREATE TABLE officer (
    officer_id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenant,
    login text NOT NULL CHECK (login <> ''),
    password_hash text NOT NULL,
    roles text[] NOT NULL CHECK (roles <@ ARRAY['submitter', 'analyst', 'approver', 'filing_officer', 'auditor', 'administrator']),
    active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, login)
);
CALL isolate('officer');
GRANT SELECT, INSERT, UPDATE (active, password_hash, roles) ON officer TO clearance_api;

-- A person whose data is kept. Without the wrapped key nothing sealed under it can be read again.
CREATE TABLE subject (
    subject_id uuid NOT NULL PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenant,
    wrapped_key bytea,
    retain_until date,
    legal_hold boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    erased_at timestamptz,
    UNIQUE (tenant_id, subject_id),
    CHECK ((wrapped_key IS NULL) = (erased_at IS NOT NULL)),
    CHECK (NOT (legal_hold AND erased_at IS NOT NULL))
);
CALL isolate('subject');
CREATE POLICY retention ON subject TO clearance_retention USING (true) WITH CHECK (true);
CREATE INDEX subject_due ON subject (retain_until) WHERE erased_at IS NULL AND NOT legal_hold;
GRANT SELECT, INSERT ON subject TO clearance_api, clearance_worker, clearance_engine;
GRANT UPDATE (retain_until, legal_hold) ON subject TO clearance_worker;
GRANT SELECT ON subject TO clearance_filing, clearance_retention;
GRANT UPDATE (wrapped_key, erased_at, retain_until, legal_hold) ON subject TO clearance_retention;

-- Who saw or was refused what. An audit row that cannot be written fails the request.
CREATE TABLE audit (
    audit_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenant,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor text NOT NULL,
    action text NOT NULL,
    about text NOT NULL,
    allowed boolean NOT NULL,
    reason text NOT NULL DEFAULT ''
);
CALL isolate('audit');
CALL make_append_only('audit');
CREATE INDEX audit_about ON audit (tenant_id, about, audit_id);
GRANT SELECT, INSERT ON audit TO clearance_api, clearance_worker, clearance_engine, clearance_retention, clearance_filing;

-- Work for the dispatcher: written in the transaction that acknowledges something.
CREATE TABLE outbox (
    outbox_id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenant,
    kind text NOT NULL,
    workflow_id text NOT NULL UNIQUE,
    payload jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    due_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    dispatched_at timestamptz,
    attempts integer NOT NULL DEFAULT 0,
    error text
);
CALL isolate('outbox');
CREATE POLICY dispatcher ON outbox TO clearance_dispatcher USING (true) WITH CHECK (true);
CREATE INDEX outbox_due ON outbox (due_at) WHERE dispatched_at IS NULL;
GRANT SELECT, INSERT ON outbox TO clearance_api, clearance_worker, clearance_engine;
GRANT SELECT, UPDATE (due_at, dispatched_at, attempts, error) ON outbox TO clearance_dispatcher;
