-- Which of a subject's screenings came last: two of one instant, and an application's that was admitted long ago.

ALTER TABLE screening ADD COLUMN recorded_at timestamptz NOT NULL DEFAULT clock_timestamp();
CREATE INDEX screening_latest ON screening (tenant_id, subject_id, recorded_at DESC);
