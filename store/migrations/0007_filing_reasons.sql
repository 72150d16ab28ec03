-- What filing officers say when they approve or return a draft, each under a data key of its own that the filing key wraps.

CREATE TABLE filing.reason (
    reason_id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    filing_id uuid NOT NULL,
    officer_id uuid NOT NULL,
    action text NOT NULL CHECK (action IN ('approve', 'return')),
    revision integer NOT NULL,
    wrapped_key bytea NOT NULL,
    sealed_text bytea NOT NULL,
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    written_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    FOREIGN KEY (tenant_id, filing_id) REFERENCES filing.filing (tenant_id, filing_id)
);
CALL isolate('filing.reason');
CALL make_append_only('filing.reason');
CREATE INDEX filing_reason_filing ON filing.reason (tenant_id, filing_id);
GRANT SELECT, INSERT ON filing.reason TO clearance_filing;
