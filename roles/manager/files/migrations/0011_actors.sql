-- SPDX-License-Identifier: GPL-3.0-or-later
-- Copyright (c) 2026, WCP360 contributors
--
-- Who acts. A transaction names its actor, a user or an API key, through wcp_act_as or wcp_act_with_key; row-level
-- security shows it the rows in the actor's reach and no others. What carries the actor is a setting that is signed with
-- a secret that only the owner of the schema reads, so a session that writes the setting itself sees nothing.
--
-- The runtime connects as wcp_app, which owns nothing. The owner, wcp_admin, migrates the schema.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'wcp_app' AND NOT rolsuper AND NOT rolbypassrls) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = 'role wcp_app must exist, without SUPERUSER and BYPASSRLS: make it with wcp360.hosting.record_store';
    END IF;
END $$;

CREATE TABLE actor_secret (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    secret bytea NOT NULL DEFAULT sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))
);
COMMENT ON TABLE actor_secret IS 'Signs the setting that carries a transaction''s actor; replace it at any time';
INSERT INTO actor_secret DEFAULT VALUES;

-- Nested like HMAC (RFC 2104), so that nothing can be appended to a signed text.
CREATE FUNCTION wcp_signature(claim text) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
    RETURN (SELECT encode(sha256(secret || sha256(secret || convert_to(claim, 'UTF8'))), 'hex') FROM actor_secret);
REVOKE ALL ON FUNCTION wcp_signature FROM PUBLIC;

CREATE TYPE actor_reach AS ENUM ('global', 'reseller', 'local');

CREATE TYPE actor_claim AS (
    user_id uuid,
    api_key_id uuid,
    reach actor_reach,
    reseller_id uuid,
    tenant_id uuid
);

-- A claim is of one transaction: of this backend, begun at this moment.
CREATE FUNCTION wcp_transaction_tag() RETURNS text
    LANGUAGE sql STABLE
    RETURN pg_backend_pid() || '/' || extract(epoch FROM transaction_timestamp());

-- The actor of this transaction, or NULL when it named none or the setting was not signed here.
CREATE FUNCTION wcp_actor() RETURNS actor_claim
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
DECLARE
    parts CONSTANT text[] := string_to_array(current_setting('wcp360.actor', true), '|');
BEGIN
    IF cardinality(parts) = 3 AND parts[1] = wcp_transaction_tag()
        AND wcp_signature(parts[1] || '|' || parts[2]) = parts[3]
    THEN
        RETURN parts[2]::actor_claim;
    END IF;
    RETURN NULL;
END $$;

-- Where a user acts: in one tenant, for one reseller and those below, or everywhere.
CREATE FUNCTION wcp_reach(actor users) RETURNS actor_reach
    LANGUAGE sql IMMUTABLE
    RETURN CASE
        WHEN actor.tenant_id IS NOT NULL THEN 'local'::actor_reach
        WHEN actor.reseller_id IS NOT NULL THEN 'reseller'
        ELSE 'global'
    END;

-- The permissions that a user's roles give. A role counts only where its scope is the user's reach: a global role does
-- not make a tenant's user an administrator.
CREATE FUNCTION wcp_grants(actor users) RETURNS text[]
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
    RETURN (
        SELECT coalesce(array_agg(DISTINCT rp.permission_id ORDER BY rp.permission_id), '{}')
        FROM user_roles AS ur
        JOIN roles AS r ON r.id = ur.role_id AND r.deleted_at IS NULL AND r.scope = wcp_reach(actor)::text
        JOIN role_permissions AS rp ON rp.role_id = r.id
        WHERE ur.user_id = actor.id);

-- Whether everything that a user belongs to is live and active: a locked tenant's user acts no more.
CREATE FUNCTION wcp_may_act(actor users) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
    RETURN actor.status = 'active' AND actor.deleted_at IS NULL
        AND (actor.tenant_id IS NULL OR EXISTS (
            SELECT FROM tenants AS t WHERE t.id = actor.tenant_id AND t.deleted_at IS NULL AND t.status <> 'locked'))
        AND (actor.reseller_id IS NULL OR EXISTS (
            SELECT FROM resellers AS r
            WHERE r.id = actor.reseller_id AND r.deleted_at IS NULL AND r.status = 'active'));

CREATE FUNCTION wcp_set_actor(actor users, key api_keys, grants text[]) RETURNS TABLE (
    user_id uuid, email text, api_key_prefix text, reach actor_reach, permissions text[], ip_address text)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
DECLARE
    claim CONSTANT text := wcp_transaction_tag() || '|'
        || ROW(actor.id, key.id, wcp_reach(actor), actor.reseller_id, actor.tenant_id)::actor_claim::text;
BEGIN
    PERFORM set_config('wcp360.actor', claim || '|' || wcp_signature(claim), true);
    RETURN QUERY SELECT actor.id, actor.email, key.prefix, wcp_reach(actor), grants, host(inet_client_addr());
END $$;
REVOKE ALL ON FUNCTION wcp_set_actor FROM PUBLIC;

-- One message for whatever is wrong: it tells nobody which users and keys there are.
CREATE FUNCTION wcp_refuse_actor(what text) RETURNS void
    LANGUAGE plpgsql
AS $$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'invalid_authorization_specification',
        MESSAGE = format('%s may not act: it is unknown, disabled, expired, or belongs to something that is', what);
END $$;

REVOKE ALL ON FUNCTION wcp_grants, wcp_may_act FROM PUBLIC;

-- Name a user as the actor of this transaction. The caller, wcp_app, has made sure that it is that user.
CREATE FUNCTION wcp_act_as(name text) RETURNS TABLE (
    user_id uuid, email text, api_key_prefix text, reach actor_reach, permissions text[], ip_address text)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
DECLARE
    actor users;
BEGIN
    SELECT * INTO actor FROM users AS u WHERE u.email = name;
    IF actor.id IS NULL OR NOT wcp_may_act(actor) THEN
        PERFORM wcp_refuse_actor(format('the actor %s', left(name, 254)));
    END IF;
    RETURN QUERY SELECT * FROM wcp_set_actor(actor, NULL, wcp_grants(actor));
END $$;
REVOKE ALL ON FUNCTION wcp_act_as FROM PUBLIC;
GRANT EXECUTE ON FUNCTION wcp_act_as TO wcp_app;

-- Whether a tenant's package has a feature. What belongs to no tenant has all of them; a flag that is not there is off.
CREATE FUNCTION wcp_has_feature(tenant uuid, feature text) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
    RETURN tenant IS NULL OR coalesce((
        SELECT (l.features ->> feature)::boolean
        FROM tenants AS t JOIN package_limits AS l ON l.package_id = t.package_id WHERE t.id = tenant), false);
REVOKE ALL ON FUNCTION wcp_has_feature FROM PUBLIC;

-- Name the user of an API key (wcp_<prefix>_<secret>) as the actor; it may do what both the key and the user may. The
-- stored hash is a plain SHA-256 because a key is 256 random bits: there is nothing to guess.
CREATE FUNCTION wcp_act_with_key(key text) RETURNS TABLE (
    user_id uuid, email text, api_key_prefix text, reach actor_reach, permissions text[], ip_address text)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
DECLARE
    found api_keys;
    actor users;
BEGIN
    SELECT * INTO found FROM api_keys AS k
    WHERE k.prefix = split_part(key, '_', 2) AND k.key_hash = encode(sha256(convert_to(key, 'UTF8')), 'hex')
        AND k.deleted_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now());
    SELECT * INTO actor FROM users AS u WHERE u.id = found.user_id;
    IF actor.id IS NULL OR NOT wcp_may_act(actor) OR NOT wcp_has_feature(actor.tenant_id, 'api') THEN
        PERFORM wcp_refuse_actor('the API key');
    END IF;
    IF NOT current_setting('transaction_read_only')::boolean THEN
        UPDATE api_keys AS k SET last_used_at = now() WHERE k.id = found.id;
    END IF;
    RETURN QUERY SELECT * FROM wcp_set_actor(actor, found, ARRAY(
        SELECT permission FROM unnest(wcp_grants(actor)) AS permission WHERE found.scopes ? permission));
END $$;
REVOKE ALL ON FUNCTION wcp_act_with_key FROM PUBLIC;
GRANT EXECUTE ON FUNCTION wcp_act_with_key TO wcp_app;

CREATE FUNCTION wcp_has_actor() RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
    RETURN (wcp_actor()).reach IS NOT NULL;

CREATE FUNCTION wcp_sees_all() RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
    RETURN coalesce((wcp_actor()).reach = 'global', false);

CREATE FUNCTION wcp_resellers_in_reach() RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
BEGIN ATOMIC
    WITH RECURSIVE below AS (
        SELECT claim.reseller_id AS id FROM wcp_actor() AS claim WHERE claim.reach = 'reseller'
        UNION
        SELECT r.id FROM resellers AS r JOIN below ON r.parent_id = below.id
    )
    SELECT id FROM below;
END;

CREATE FUNCTION wcp_tenants_in_reach() RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
BEGIN ATOMIC
    SELECT claim.tenant_id FROM wcp_actor() AS claim WHERE claim.reach = 'local'
    UNION ALL
    SELECT t.id FROM tenants AS t WHERE t.reseller_id IN (SELECT wcp_resellers_in_reach());
END;

-- What a session of wcp_app may see and write. In sub-selects, so that they are evaluated once for each statement.
CREATE OR REPLACE PROCEDURE wcp_isolate_tenants(record_table regclass, tenant_column name)
    LANGUAGE plpgsql SET search_path = pg_catalog, public
AS $$
BEGIN
    CALL wcp_isolate(record_table, format('%I IN (SELECT wcp_tenants_in_reach())', tenant_column));
END $$;

-- `reach` is the condition of rows that the actor may see and write, `visible` of those that it may see besides, and
-- `written` of rows as a write leaves them, when that is less than `reach`.
CREATE PROCEDURE wcp_isolate(
    record_table regclass, reach text, visible text DEFAULT NULL, written text DEFAULT NULL)
    LANGUAGE plpgsql SET search_path = pg_catalog, public
AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', record_table);
    EXECUTE format('DROP POLICY IF EXISTS own_tenant ON %s', record_table);
    EXECUTE format('DROP POLICY IF EXISTS every_row_for_owner ON %s', record_table);
    EXECUTE format('CREATE POLICY every_row_for_owner ON %s TO CURRENT_USER USING (true)', record_table);
    EXECUTE format(
        'CREATE POLICY in_reach ON %s TO wcp_app USING ((SELECT wcp_sees_all()) OR %s)'
        ' WITH CHECK ((SELECT wcp_sees_all()) OR %s)', record_table, reach, coalesce(written, reach));
    IF visible IS NOT NULL THEN
        EXECUTE format('CREATE POLICY visible ON %s FOR SELECT TO wcp_app USING (%s)', record_table, visible);
    END IF;
END $$;

DO $$
DECLARE
    record_table text;
BEGIN
    FOREACH record_table IN ARRAY ARRAY[
        'tenant_usage', 'domains', 'databases', 'mail_boxes', 'cron_jobs', 'backups']
    LOOP
        CALL wcp_isolate_tenants(record_table::regclass, 'tenant_id');
    END LOOP;
END $$;
-- A reseller's new tenant is in its reach by its reseller, and stays there.
CALL wcp_isolate(
    'tenants', 'id IN (SELECT wcp_tenants_in_reach()) OR reseller_id IN (SELECT wcp_resellers_in_reach())',
    written => 'id = (SELECT (wcp_actor()).tenant_id) OR reseller_id IN (SELECT wcp_resellers_in_reach())');
-- A reseller manages those below it, and only sees itself.
CALL wcp_isolate('resellers', 'parent_id IN (SELECT wcp_resellers_in_reach())', 'id IN (SELECT wcp_resellers_in_reach())');
CALL wcp_isolate(
    'reseller_limits',
    'reseller_id IN (SELECT id FROM resellers WHERE parent_id IN (SELECT wcp_resellers_in_reach()))',
    'reseller_id IN (SELECT wcp_resellers_in_reach())');
CALL wcp_isolate('nodes', 'false', '(SELECT wcp_has_actor())');
CALL wcp_isolate(
    'packages', 'reseller_id IN (SELECT wcp_resellers_in_reach()) AND NOT is_system',
    '(reseller_id IS NULL AND (SELECT wcp_has_actor())) OR id IN (SELECT package_id FROM tenants)');
CALL wcp_isolate(
    'package_limits',
    'package_id IN (SELECT id FROM packages WHERE reseller_id IN (SELECT wcp_resellers_in_reach()) AND NOT is_system)',
    'package_id IN (SELECT id FROM packages)');
CALL wcp_isolate(
    'users', 'tenant_id IN (SELECT wcp_tenants_in_reach()) OR reseller_id IN (SELECT wcp_resellers_in_reach())',
    'id = (SELECT (wcp_actor()).user_id)');
CALL wcp_isolate('user_roles', 'user_id IN (SELECT id FROM users)');
CALL wcp_isolate('api_keys', 'user_id IN (SELECT id FROM users)');
CALL wcp_isolate('roles', 'false', '(SELECT wcp_has_actor())');
CALL wcp_isolate('permissions', 'false', '(SELECT wcp_has_actor())');
CALL wcp_isolate('role_permissions', 'false', '(SELECT wcp_has_actor())');
CALL wcp_isolate('jobs', 'false');
CALL wcp_isolate('audit_logs', 'tenant_id IN (SELECT wcp_tenants_in_reach())');
CALL wcp_isolate('audit_anchors', 'false');

GRANT SELECT, INSERT, UPDATE, DELETE ON
    nodes, resellers, reseller_limits, users, roles, role_permissions, user_roles, api_keys, packages, package_limits, tenants,
    tenant_usage, domains, databases, mail_boxes, cron_jobs, jobs, backups
    TO wcp_app;
-- The right to update one column is what locking a row asks for.
GRANT SELECT, UPDATE (description) ON permissions TO wcp_app;
GRANT SELECT, INSERT ON audit_anchors TO wcp_app;
GRANT USAGE ON SEQUENCE tenant_uid_seq TO wcp_app;

-- What the modules ask for besides the permissions that came with the roles.
INSERT INTO permissions (id, description) VALUES
    ('node.converge', 'Read desired states, and write back what nodes have reached'),
    ('tenant.place', 'Choose the node of a tenant'),
    ('tenant.assign', 'Choose the reseller of a tenant'),
    ('limit.force', 'Leave tenants and resellers with more than their limits allow'),
    ('secret.read', 'Export the hashes of passwords and keys'),
    ('audit.anchor', 'Anchor the audit log');
INSERT INTO role_permissions (role_id, permission_id, is_system)
SELECT r.id, p.id, true FROM roles AS r, permissions AS p
WHERE (r.name = 'system_admin' AND p.id IN (
        'node.converge', 'tenant.place', 'tenant.assign', 'limit.force', 'secret.read', 'audit.anchor'))
    OR (r.name = 'reseller' AND p.id IN ('tenant.place', 'tenant.assign'));

-- The actor of playbooks that an operator runs with the rights of the manager. It has no password: it cannot log in.
INSERT INTO users (email) VALUES ('operator@wcp360.internal');
INSERT INTO user_roles (user_id, role_id)
SELECT u.id, r.id FROM users AS u, roles AS r WHERE u.email = 'operator@wcp360.internal' AND r.name = 'system_admin';
