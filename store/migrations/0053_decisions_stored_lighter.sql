-- What storing a transaction's decision costs Postgres: four fifths of it went into compressing, into a second table for long
-- values, into indexes that nothing needs and into one foreign key. See docs/adr/0013.

-- A decision fits half a page now that its numbers are packed: keep it in one piece, rather than cut into pieces of 2 KB that
-- have a table and an index of their own. A longer one still is.
DO $$
DECLARE partition regclass;
BEGIN
    FOR partition IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'public.decision'::regclass LOOP
        EXECUTE format('ALTER TABLE %s SET (toast_tuple_target = 8160)', partition);
    END LOOP;
END $$;

CREATE OR REPLACE FUNCTION create_decision_days(first date, days integer) RETURNS integer
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
            EXECUTE format('CREATE TABLE public.%I PARTITION OF public.decision FOR VALUES FROM (%L) TO (%L) WITH (toast_tuple_target = 8160)',
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

-- Every look at a decision is a tenant's: (tenant_id, decision_id), which every foreign key names, finds and forbids the same.
ALTER TABLE decision DROP CONSTRAINT decision_id_key;

-- A transaction's score is found by the transaction, which names it.
DROP INDEX decision_about_day;
CREATE INDEX decision_about_day ON decision (tenant_id, about) WHERE kind <> 'transaction_score';

-- No transaction without its decision, asked once a statement. As a foreign key it was asked once a row, each time locking every
-- day's partition before looking into one of them: a third of what a transaction took at 17 days, and more with each day. Decisions
-- are never deleted, so that asking at the insert is asking for ever.
DO $$
DECLARE name text;
BEGIN
    SELECT conname INTO STRICT name FROM pg_constraint
        WHERE contype = 'f' AND conrelid = 'transaction'::regclass AND confrelid = 'decision'::regclass;
    EXECUTE format('ALTER TABLE transaction DROP CONSTRAINT %I', name);
END $$;
CREATE FUNCTION transaction_decided() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE undecided text;
BEGIN
    SELECT t.transaction_id INTO undecided FROM taken t WHERE
        (SELECT d.decision_id FROM public.decision d WHERE d.tenant_id = t.tenant_id AND d.decision_id = t.decision_id) IS NULL
        LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'transaction % has no decision', undecided USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER transaction_decided AFTER INSERT ON transaction REFERENCING NEW TABLE AS taken
    FOR EACH STATEMENT EXECUTE FUNCTION transaction_decided();
ALTER TABLE transaction ENABLE ALWAYS TRIGGER transaction_decided;
