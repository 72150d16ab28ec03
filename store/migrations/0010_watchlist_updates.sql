-- Where a list version came from, what each of its records hashes to, and every attempt to fetch a newer one.

ALTER TABLE watchlist_version
    ADD COLUMN source text NOT NULL DEFAULT '',
    -- Entities by schema and values by property: half an alias file shows here, not in the number of entities.
    ADD COLUMN counts jsonb NOT NULL DEFAULT '{}';
-- Of id, schema and properties (aml.screening.watchlist.record_hash); NULL only in rows older than this column.
ALTER TABLE watchlist_entity ADD COLUMN record_hash text CHECK (record_hash ~ '^[0-9a-f]{64}$');

CREATE TABLE watchlist_fetch (
    fetch_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    list_name text NOT NULL CHECK (list_name <> ''),
    fetched_at timestamptz NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('new', 'unchanged', 'refused', 'failed')),
    detail text NOT NULL DEFAULT '',
    sha256 text,
    -- Each URL's ETag and Last-Modified, to be sent back with the next request.
    validators jsonb NOT NULL DEFAULT '{}',
    -- Nothing is new or unchanged without a version that it is about.
    CHECK ((sha256 IS NOT NULL) OR outcome IN ('refused', 'failed')),
    FOREIGN KEY (list_name, sha256) REFERENCES watchlist_version
);
CALL make_append_only('watchlist_fetch');
CREATE INDEX watchlist_fetch_recent ON watchlist_fetch (list_name, fetched_at DESC);

-- The versions whose names tell how rare a word is: kept until a full run, so that the score of an entity that did not
-- change does not change with a delta.
CREATE TABLE screening_basis (
    basis_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    versions jsonb NOT NULL,
    reason text NOT NULL,
    set_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CALL make_append_only('screening_basis');

GRANT SELECT, INSERT ON watchlist_fetch, screening_basis TO clearance_worker;
GRANT SELECT ON watchlist_fetch, screening_basis TO clearance_api, clearance_engine;
