-- A filing lives on after its submission: answers of the authority, corrections, continuing reports; and there are filings that no
-- case asked for (cash over the threshold, property that was blocked).

ALTER TABLE filing.filing
    ALTER COLUMN case_id DROP NOT NULL,
    ALTER COLUMN maker DROP NOT NULL,
    DROP CONSTRAINT filing_status_check,
    ADD CONSTRAINT filing_status_check CHECK (status IN ('draft', 'blocked', 'approved', 'submitted', 'acknowledged', 'faulted',
        'rejected', 'review', 'closed')),
    ADD COLUMN form text NOT NULL DEFAULT 'suspicion' CHECK (form IN ('suspicion', 'threshold', 'blocking', 'rejection')),
    ADD COLUMN kind text NOT NULL DEFAULT 'initial' CHECK (kind IN ('initial', 'continuing', 'correcting')),
    -- Reports of a filing count from 1: each correction, continuation or second attempt is the next.
    ADD COLUMN report integer NOT NULL DEFAULT 1 CHECK (report > 0),
    -- When the clock of the present report started.
    ADD COLUMN since timestamptz,
    ADD COLUMN overdue boolean NOT NULL DEFAULT false,
    -- What stands against the report and what to do about it, in words that may quote it.
    ADD COLUMN sealed_findings bytea,
    -- Alerts of the same parties since the last report, counted when it is to be decided whether the activity goes on.
    ADD COLUMN new_alerts integer;
GRANT UPDATE (maker, due_at, since, kind, report, overdue, sealed_findings, new_alerts) ON filing.filing TO clearance_filing;

ALTER TABLE filing.filing_event
    ADD COLUMN action text NOT NULL DEFAULT '',
    ADD COLUMN report integer NOT NULL DEFAULT 1;

ALTER TABLE filing.submission
    ADD COLUMN report integer NOT NULL DEFAULT 1,
    ADD COLUMN kind text NOT NULL DEFAULT 'initial',
    -- What was sent; the draft in filing.filing is replaced by that of the next report.
    ADD COLUMN sealed_report bytea,
    ADD UNIQUE (filing_id, report);

CREATE TABLE filing.acknowledgement (
    tenant_id uuid NOT NULL,
    filing_id uuid NOT NULL,
    report integer NOT NULL,
    accepted boolean NOT NULL,
    document_number text,
    problems text[] NOT NULL,
    -- The answer as it came, and what it says about the report.
    sealed_answer bytea NOT NULL,
    sealed_findings bytea NOT NULL,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (filing_id, report),
    FOREIGN KEY (tenant_id, filing_id) REFERENCES filing.filing (tenant_id, filing_id)
);
CALL isolate('filing.acknowledgement');
CALL make_append_only('filing.acknowledgement');
GRANT SELECT, INSERT ON filing.acknowledgement TO clearance_filing;

ALTER TABLE filing.reason
    DROP CONSTRAINT reason_action_check,
    ADD CONSTRAINT reason_action_check CHECK (action IN ('approve', 'return', 'acknowledge', 'correct', 'continue', 'cease'));

-- The filing side finds duties of its own: cash over the threshold and blockings. Rows of both origins look the same.
GRANT INSERT ON filing.outbox TO clearance_filing;

-- What filing officers add to a draft that the case does not know: kept whole each time, the latest counts.
CREATE TABLE filing.supplement (
    supplement_id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    filing_id uuid NOT NULL,
    officer_id uuid NOT NULL,
    sealed_content bytea NOT NULL,
    written_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    FOREIGN KEY (tenant_id, filing_id) REFERENCES filing.filing (tenant_id, filing_id)
);
CALL isolate('filing.supplement');
CALL make_append_only('filing.supplement');
CREATE INDEX filing_supplement_filing ON filing.supplement (tenant_id, filing_id, written_at);
GRANT SELECT, INSERT ON filing.supplement TO clearance_filing;
