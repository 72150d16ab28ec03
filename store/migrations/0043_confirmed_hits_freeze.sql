-- A hit that officers confirmed on a customer freezes too, where the list is one that blocks property. Lists that only ask for a
-- closer look (export controls, prominent functions) do not.
CREATE OR REPLACE FUNCTION freeze_customer() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.disposition = 'true_positive' AND NOT EXISTS (
        SELECT FROM screening_hit h WHERE h.tenant_id = NEW.tenant_id AND NEW.about = 'screening:' || h.screening_id
            AND h.list_name IN ('us_ofac_sdn', 'eu_fsf', 'un_sc_sanctions'))
    THEN
        RETURN NULL;
    END IF;
    INSERT INTO asset_freeze (tenant_id, subject_id, case_id, reasons)
    VALUES (NEW.tenant_id, NEW.subject_id, NEW.case_id, NEW.reasons) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
DROP TRIGGER freeze_customer ON case_file;
CREATE TRIGGER freeze_customer AFTER UPDATE OF status, disposition ON case_file FOR EACH ROW
    WHEN (NEW.status = 'closed' AND OLD.status <> 'closed' AND (
        NEW.disposition = 'block' AND NEW.kind NOT IN ('application', 'contest')
        OR NEW.disposition = 'true_positive' AND NEW.kind = 'screening'))
    EXECUTE FUNCTION freeze_customer();
