-- What the officers' pages read: where the reading of a document is kept, and ways to look through the audit.

-- The vault's name of what was read from a document: sealed there under the person's key, so it goes when the key goes.
CREATE TABLE document_reading (
    tenant_id uuid NOT NULL,
    document_id uuid NOT NULL,
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    read_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (document_id, sha256),
    FOREIGN KEY (tenant_id, document_id) REFERENCES document (tenant_id, document_id)
);
CALL isolate('document_reading');
CALL make_append_only('document_reading');
GRANT SELECT, INSERT ON document_reading TO clearance_worker;
GRANT SELECT ON document_reading TO clearance_api;

CREATE INDEX audit_recent ON audit (tenant_id, audit_id);
CREATE INDEX audit_actor ON audit (tenant_id, actor, audit_id);
