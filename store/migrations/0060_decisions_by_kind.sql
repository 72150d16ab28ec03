-- Decisions of one kind, the newest first, for who searches them. Not over the engine's scores, one a transaction: they are found
-- by their transaction, and writing them must stay cheap.
CREATE INDEX decision_kind_day ON decision (tenant_id, kind, created_at, decision_id) WHERE kind <> 'transaction_score';
