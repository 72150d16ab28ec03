-- Who an officer is, beyond a password: issuers whose tokens a tenant accepts, and the state that every request asks for.

GRANT SELECT ON officer TO clearance_engine;

CREATE TABLE oidc_issuer (
    issuer_id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenant,
    issuer text NOT NULL CHECK (issuer <> '' AND issuer <> 'clearance'),
    audience text NOT NULL CHECK (audience <> ''),
    jwks_url text NOT NULL CHECK (jwks_url ~ '^https?://'),
    algorithms text[] NOT NULL CHECK (algorithms <@ ARRAY['RS256', 'ES256', 'EdDSA'] AND cardinality(algorithms) > 0),
    role_claim text NOT NULL CHECK (role_claim <> ''),
    role_map jsonb NOT NULL,
    active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CALL isolate('oidc_issuer');
-- One issuer may serve several tenants, each with an audience of its own: a token is good for one tenant at most.
CREATE UNIQUE INDEX oidc_issuer_audience ON oidc_issuer (issuer, audience) WHERE active;
GRANT SELECT, INSERT, UPDATE (active) ON oidc_issuer TO clearance_api;
GRANT SELECT ON oidc_issuer TO clearance_engine;

-- Asked before a tenant is known: whose issuer is this?
CREATE POLICY definer ON oidc_issuer FOR SELECT TO clearance_owner USING (true);
CREATE FUNCTION find_oidc_issuers(wanted text)
    RETURNS TABLE (issuer_id uuid, tenant_id uuid, issuer text, audience text, jwks_url text, algorithms text[],
                   role_claim text, role_map jsonb)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
    SELECT i.issuer_id, i.tenant_id, i.issuer, i.audience, i.jwks_url, i.algorithms, i.role_claim, i.role_map
    FROM public.oidc_issuer i WHERE i.issuer = wanted AND i.active;
END;
REVOKE ALL ON FUNCTION find_oidc_issuers(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_oidc_issuers(text) TO clearance_api, clearance_engine;
