-- The checkpoints by which a ledger's key names the next one: a proof carries them, and they are few among very many.
CREATE INDEX ledger_checkpoint_handover ON ledger_checkpoint (tenant_id, number) WHERE body LIKE '%"next_key":%';
CREATE INDEX ledger_checkpoint_handover ON filing.ledger_checkpoint (tenant_id, number) WHERE body LIKE '%"next_key":%';
