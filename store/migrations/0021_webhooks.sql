-- Telling tenants' own systems: where, signed with what, which events, and what became of each delivery.

CREATE TABLE webhook_endpoint (
    endpoint_id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenant,
    url text NOT NULL CHECK (url ~ '^https?://'),
    events text[] NOT NULL,
    description text NOT NULL DEFAULT '',
    active boolean NOT NULL DEFAULT true,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (tenant_id, endpoint_id)
);
CALL isolate('webhook_endpoint');
GRANT SELECT, INSERT, UPDATE (url, events, description, active) ON webhook_endpoint TO clearance_api;
GRANT SELECT, UPDATE (active) ON webhook_endpoint TO clearance_worker;

-- Sealed under the tenant's own key. A retired secret signs along until `expires_at`, so that receivers can change over.
CREATE TABLE webhook_secret (
    secret_id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    sealed_secret bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz,
    FOREIGN KEY (tenant_id, endpoint_id) REFERENCES webhook_endpoint (tenant_id, endpoint_id)
);
CALL isolate('webhook_secret');
CREATE INDEX webhook_secret_endpoint ON webhook_secret (tenant_id, endpoint_id);
GRANT SELECT, INSERT, UPDATE (expires_at) ON webhook_secret TO clearance_api;
GRANT SELECT ON webhook_secret TO clearance_worker;

-- What happened, in the bytes that are signed, without anything secret or personal.
CREATE TABLE webhook_event (
    event_id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenant,
    type text NOT NULL,
    body text NOT NULL,
    request_id uuid,
    occurred_at timestamptz NOT NULL,
    UNIQUE (tenant_id, event_id)
);
CALL isolate('webhook_event');
CALL make_append_only('webhook_event');
GRANT SELECT, INSERT ON webhook_event TO clearance_api, clearance_worker;

CREATE TABLE webhook_delivery (
    delivery_id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    event_id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    replay_of uuid,
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'dead')),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at timestamptz,
    UNIQUE (tenant_id, delivery_id),
    CHECK ((state = 'pending') = (ended_at IS NULL)),
    FOREIGN KEY (tenant_id, event_id) REFERENCES webhook_event (tenant_id, event_id),
    FOREIGN KEY (tenant_id, endpoint_id) REFERENCES webhook_endpoint (tenant_id, endpoint_id)
);
CALL isolate('webhook_delivery');
CREATE INDEX webhook_delivery_recent ON webhook_delivery (tenant_id, created_at DESC, delivery_id);
CREATE INDEX webhook_delivery_endpoint ON webhook_delivery (tenant_id, endpoint_id, created_at DESC, delivery_id);
GRANT SELECT, INSERT ON webhook_delivery TO clearance_api;
GRANT SELECT, INSERT, UPDATE (state, ended_at) ON webhook_delivery TO clearance_worker;

CREATE TABLE webhook_attempt (
    tenant_id uuid NOT NULL,
    delivery_id uuid NOT NULL,
    number integer NOT NULL CHECK (number > 0),
    at timestamptz NOT NULL,
    status integer,
    error text NOT NULL DEFAULT '',
    milliseconds integer NOT NULL,
    PRIMARY KEY (delivery_id, number),
    FOREIGN KEY (tenant_id, delivery_id) REFERENCES webhook_delivery (tenant_id, delivery_id)
);
CALL isolate('webhook_attempt');
CALL make_append_only('webhook_attempt');
GRANT SELECT, INSERT ON webhook_attempt TO clearance_worker;
GRANT SELECT ON webhook_attempt TO clearance_api;
