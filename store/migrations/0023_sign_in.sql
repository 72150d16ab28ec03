-- Through which issuers officers may sign in to the console. The audience is then the client id: who may send tokens for
-- a tenant and who may sign in to it are told apart by the same unique pair of issuer and audience.

ALTER TABLE oidc_issuer ADD COLUMN sign_in boolean NOT NULL DEFAULT false;
