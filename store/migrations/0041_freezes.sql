-- Whose property is frozen for sanctions: in force from the statement that says so, whoever's code ran it, because a trigger writes it.

CREATE TABLE asset_freeze (
    freeze_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id uuid NOT NULL REFERENCES tenant,
    subject_id uuid NOT NULL,
    -- What decided it: an application that was blocked, or a case on a customer.
    application_id uuid,
    case_id uuid,
    reasons text[] NOT NULL,
    frozen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    lifted_at timestamptz,
    CHECK ((application_id IS NULL) <> (case_id IS NULL)),
    UNIQUE (tenant_id, freeze_id),
    FOREIGN KEY (tenant_id, subject_id) REFERENCES subject (tenant_id, subject_id),
    FOREIGN KEY (tenant_id, application_id) REFERENCES application (tenant_id, application_id),
    FOREIGN KEY (tenant_id, case_id) REFERENCES case_file (tenant_id, case_id)
);
CALL isolate('asset_freeze');
CREATE UNIQUE INDEX freeze_in_force ON asset_freeze (tenant_id, subject_id) WHERE lifted_at IS NULL;
GRANT SELECT ON asset_freeze TO clearance_api, clearance_worker, clearance_engine, clearance_filing;
-- The triggers below write as the owner; a person is frozen and released through their application or case only.
CREATE FUNCTION freeze_applicant() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.outcome = 'blocked' THEN
        INSERT INTO asset_freeze (tenant_id, subject_id, application_id, reasons)
        VALUES (NEW.tenant_id, NEW.subject_id, NEW.application_id, NEW.reasons) ON CONFLICT DO NOTHING;
    ELSE
        UPDATE asset_freeze SET lifted_at = clock_timestamp()
        WHERE tenant_id = NEW.tenant_id AND application_id = NEW.application_id AND lifted_at IS NULL;
    END IF;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION freeze_applicant() FROM PUBLIC;
CREATE TRIGGER freeze_applicant AFTER UPDATE OF outcome ON application FOR EACH ROW
    WHEN (NEW.outcome IS DISTINCT FROM OLD.outcome AND NEW.outcome IS NOT NULL AND 'blocked' IN (NEW.outcome, OLD.outcome))
    EXECUTE FUNCTION freeze_applicant();

CREATE FUNCTION freeze_customer() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO asset_freeze (tenant_id, subject_id, case_id, reasons)
    VALUES (NEW.tenant_id, NEW.subject_id, NEW.case_id, NEW.reasons) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION freeze_customer() FROM PUBLIC;
-- Cases of applications and contests end in their application's outcome.
CREATE TRIGGER freeze_customer AFTER UPDATE OF status, disposition ON case_file FOR EACH ROW
    WHEN (NEW.status = 'closed' AND OLD.status <> 'closed' AND NEW.disposition = 'block' AND NEW.kind NOT IN ('application', 'contest'))
    EXECUTE FUNCTION freeze_customer();
