-- Decisions in a partition a day. Their ids are of version 7 (RFC 9562) and begin with the millisecond, so that the id names the
-- day: looking one up touches one partition, and every foreign key to a decision stays as it was. Ids from before were random
-- (version 4); those rows stay where they are, as the default partition. See docs/adr/0011.

-- What refers to a decision, to be put back afterwards: tables of later migrations among it.
CREATE TEMPORARY TABLE decision_reference ON COMMIT DROP AS
    SELECT conrelid::regclass::text AS relation, conname::text AS name, pg_get_constraintdef(oid) AS definition
    FROM pg_constraint WHERE contype = 'f' AND confrelid = 'decision'::regclass;
DO $$
DECLARE reference record;
BEGIN
    FOR reference IN SELECT * FROM decision_reference LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', reference.relation, reference.name);
    END LOOP;
END $$;

-- `workflow_id/step` is used once, whatever the day: a partitioned table cannot say so, so a table of its own does.
DROP INDEX decision_key;
CREATE TABLE decision_key (
    tenant_id uuid NOT NULL,
    key text NOT NULL,
    decision_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, key),
    UNIQUE (tenant_id, key, decision_id)
);
ALTER TABLE decision NO FORCE ROW LEVEL SECURITY;
INSERT INTO decision_key (tenant_id, key, decision_id) SELECT tenant_id, key, decision_id FROM decision WHERE key IS NOT NULL;
ALTER TABLE decision FORCE ROW LEVEL SECURITY;
CALL isolate('decision_key');
CALL make_append_only('decision_key');
GRANT SELECT, INSERT ON decision_key TO clearance_worker, clearance_engine;
GRANT SELECT ON decision_key TO clearance_api, clearance_sequencer;

ALTER TABLE decision RENAME TO decision_undated;
CREATE TABLE decision (LIKE decision_undated INCLUDING CONSTRAINTS INCLUDING DEFAULTS) PARTITION BY RANGE (decision_id);
ALTER TABLE decision
    ADD CONSTRAINT decision_id_key PRIMARY KEY (decision_id),
    ADD CONSTRAINT decision_of_tenant UNIQUE (tenant_id, decision_id),
    ADD CONSTRAINT decision_place UNIQUE (leaf_id, leaf_row, decision_id),
    ADD CONSTRAINT decision_leaf FOREIGN KEY (tenant_id, leaf_id) REFERENCES leaf (tenant_id, leaf_id) DEFERRABLE INITIALLY DEFERRED,
    ADD CONSTRAINT decision_subject FOREIGN KEY (tenant_id, subject_id) REFERENCES subject (tenant_id, subject_id),
    ADD CONSTRAINT decision_model FOREIGN KEY (model_sha256) REFERENCES model,
    ADD CONSTRAINT decision_keyed FOREIGN KEY (tenant_id, key, decision_id) REFERENCES decision_key (tenant_id, key, decision_id);
CREATE INDEX decision_about_day ON decision (tenant_id, about);
CREATE INDEX decision_recent_day ON decision (tenant_id, created_at, decision_id);
ALTER TABLE decision ATTACH PARTITION decision_undated DEFAULT;
CALL isolate('decision');
CALL make_append_only('decision');
GRANT SELECT, INSERT ON decision TO clearance_worker, clearance_engine;
GRANT SELECT ON decision TO clearance_api, clearance_filing, clearance_sequencer;
REVOKE ALL ON decision_undated FROM clearance_worker, clearance_engine, clearance_api, clearance_filing, clearance_sequencer;
ALTER TABLE decision_key ADD FOREIGN KEY (tenant_id, decision_id)
    REFERENCES decision (tenant_id, decision_id) DEFERRABLE INITIALLY DEFERRED;

DO $$
DECLARE reference record;
BEGIN
    FOR reference IN SELECT * FROM decision_reference LOOP
        EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I %s', reference.relation, reference.name, reference.definition);
    END LOOP;
END $$;

-- The smallest id of version 7 of a day: its first 48 bits are the milliseconds since 1970 at midnight UTC.
CREATE FUNCTION first_decision_id(day date) RETURNS uuid LANGUAGE sql IMMUTABLE
    RETURN (lpad(to_hex((extract(epoch FROM day) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid;

-- Makes the partitions of `days` days from `first` on that are not there yet; answers how many. For the sequencer, which may do
-- nothing else to the schema. A day of which rows went to the default partition already stays there.
CREATE FUNCTION create_decision_days(first date, days integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    day date;
    partition text;
    made integer := 0;
BEGIN
    IF days NOT BETWEEN 0 AND 400 THEN
        RAISE EXCEPTION 'between 0 and 400 days, not %', days;
    END IF;
    FOR offset_days IN 0 .. days - 1 LOOP
        day := first + offset_days;
        partition := 'decision_' || to_char(day, 'YYYYMMDD');
        CONTINUE WHEN to_regclass('public.' || partition) IS NOT NULL;
        BEGIN
            EXECUTE format('CREATE TABLE public.%I PARTITION OF public.decision FOR VALUES FROM (%L) TO (%L)',
                partition, public.first_decision_id(day), public.first_decision_id(day + 1));
            CALL public.isolate(('public.' || partition)::regclass);
            CALL public.make_append_only(('public.' || partition)::regclass);
            made := made + 1;
        EXCEPTION WHEN check_violation THEN
            RAISE NOTICE 'decisions of % are in the default partition and stay there', day;
        END;
    END LOOP;
    RETURN made;
END $$;
REVOKE ALL ON FUNCTION create_decision_days(date, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION create_decision_days(date, integer) TO clearance_sequencer;
SELECT create_decision_days((now() AT TIME ZONE 'UTC')::date - 1, 16);

-- The same promise for the decisions to file, which are few and stay in one table.
CREATE TABLE filing.decision_key (LIKE decision_key INCLUDING ALL);
ALTER TABLE filing.decision NO FORCE ROW LEVEL SECURITY;
INSERT INTO filing.decision_key (tenant_id, key, decision_id)
    SELECT tenant_id, key, decision_id FROM filing.decision WHERE key IS NOT NULL;
ALTER TABLE filing.decision FORCE ROW LEVEL SECURITY;
CALL isolate('filing.decision_key');
CALL make_append_only('filing.decision_key');
GRANT SELECT, INSERT ON filing.decision_key TO clearance_filing;
ALTER TABLE filing.decision_key ADD FOREIGN KEY (tenant_id, decision_id)
    REFERENCES filing.decision (tenant_id, decision_id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE filing.decision ADD CONSTRAINT decision_keyed
    FOREIGN KEY (tenant_id, key, decision_id) REFERENCES filing.decision_key (tenant_id, key, decision_id);
