-- Decisions to file and their ledger: a chain of their own in the schema that only clearance_filing sees. The same tables, triggers
-- and promises as in 0003.

CREATE TABLE filing.leaf (LIKE leaf INCLUDING ALL);
CREATE TABLE filing.decision (LIKE decision INCLUDING ALL);
CREATE TABLE filing.leaf_pending (LIKE leaf_pending INCLUDING ALL);
CREATE TABLE filing.ledger_position (LIKE ledger_position INCLUDING ALL);
CREATE TABLE filing.ledger_node (LIKE ledger_node INCLUDING ALL);
CREATE TABLE filing.ledger_checkpoint (LIKE ledger_checkpoint INCLUDING ALL);

-- Foreign keys are what LIKE leaves out.
ALTER TABLE filing.leaf ADD FOREIGN KEY (tenant_id) REFERENCES tenant,
    ADD FOREIGN KEY (tenant_id, decision_id) REFERENCES filing.decision (tenant_id, decision_id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE filing.decision ADD FOREIGN KEY (model_sha256) REFERENCES model,
    ADD FOREIGN KEY (tenant_id, leaf_id) REFERENCES filing.leaf (tenant_id, leaf_id) DEFERRABLE INITIALLY DEFERRED,
    ADD FOREIGN KEY (tenant_id, subject_id) REFERENCES subject (tenant_id, subject_id);
ALTER TABLE filing.leaf_pending ADD FOREIGN KEY (leaf_id) REFERENCES filing.leaf;
ALTER TABLE filing.ledger_position ADD FOREIGN KEY (tenant_id, leaf_id) REFERENCES filing.leaf (tenant_id, leaf_id);

CREATE FUNCTION filing.queue_leaf() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO filing.leaf_pending (leaf_id, tenant_id, created_at) VALUES (NEW.leaf_id, NEW.tenant_id, NEW.created_at);
    RETURN NULL;
END $$;
CREATE TRIGGER queue_leaf AFTER INSERT ON filing.leaf FOR EACH ROW EXECUTE FUNCTION filing.queue_leaf();

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['leaf', 'decision', 'leaf_pending', 'ledger_position', 'ledger_node', 'ledger_checkpoint'] LOOP
        CALL isolate(format('filing.%I', name)::regclass);
        IF name <> 'leaf_pending' THEN
            CALL make_append_only(format('filing.%I', name)::regclass);
        END IF;
        EXECUTE format('GRANT SELECT, INSERT ON filing.%I TO clearance_filing', name);
    END LOOP;
END $$;
CREATE POLICY sequencer ON filing.leaf_pending FOR SELECT TO clearance_filing USING (true);
GRANT DELETE ON filing.leaf_pending TO clearance_filing;
GRANT SELECT, INSERT ON feature_list, model TO clearance_filing;
