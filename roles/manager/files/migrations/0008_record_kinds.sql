-- SPDX-License-Identifier: GPL-3.0-or-later
-- Copyright (c) 2026, WCP360 contributors
--
-- What the record kinds role, reseller, user, api_key, database, mailbox and cron_job need beyond their tables: grammars
-- of secrets, names that are unique within their owner, and the rules about who refers to whom.

CREATE FUNCTION wcp_is_password_hash(value text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN char_length(value) <= 255
        AND value ~ '^(?:\$argon2(?:id|i|d)\$v=[0-9]{1,3}\$m=[1-9][0-9]{0,5},t=[1-9][0-9]?,p=[1-9][0-9]?'
            '(?:\$[A-Za-z0-9+/]{11,86}){2}|\$2[aby]\$(?:0[4-9]|1[0-9])\$[A-Za-z0-9./]{53})$';

CREATE FUNCTION wcp_is_sha256(value text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN char_length(value) <= 64
        AND value ~ '^(?:[0-9a-f]{64})$';

-- Columns.

ALTER TABLE users
    DROP CONSTRAINT users_password_hash_is_text,
    ADD CONSTRAINT users_password_hash_is_password_hash CHECK (wcp_is_password_hash(password_hash)),
    ADD CONSTRAINT users_reseller_id_is_without_tenant CHECK (tenant_id IS NULL OR reseller_id IS NULL);
ALTER TABLE mail_boxes
    DROP CONSTRAINT mail_boxes_password_hash_is_text,
    ADD CONSTRAINT mail_boxes_password_hash_is_password_hash CHECK (wcp_is_password_hash(password_hash));
COMMENT ON COLUMN mail_boxes.password_hash IS
    'Argon2 or bcrypt in modular crypt format; NULL: nobody can log in to the mailbox';

ALTER TABLE api_keys
    DROP CONSTRAINT api_keys_key_hash_is_text,
    ADD CONSTRAINT api_keys_key_hash_is_sha256 CHECK (wcp_is_sha256(key_hash)),
    ADD UNIQUE (user_id, name);
-- The new constraint's index begins with the same column.
DROP INDEX api_keys_user_id;
COMMENT ON COLUMN api_keys.key_hash IS
    'SHA-256 of the whole key, hexadecimal; its 256 random bits need no slow hash';

ALTER TABLE databases ADD COLUMN status record_status NOT NULL DEFAULT 'active';

ALTER TABLE packages ADD COLUMN retention_days integer NOT NULL DEFAULT 30
    CONSTRAINT packages_retention_days_is_in_range CHECK (retention_days BETWEEN 30 AND 3650);
COMMENT ON COLUMN packages.retention_days IS 'Days until a deleted tenant of the package may be purged';

ALTER TABLE roles
    ADD COLUMN description text NOT NULL DEFAULT ''
        CONSTRAINT roles_description_is_text CHECK (wcp_is_text(description)),
    ADD COLUMN is_system boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN roles.is_system IS 'Came with the schema: cannot be deleted or renamed';

ALTER TABLE role_permissions ADD COLUMN is_system boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN role_permissions.is_system IS 'Came with the schema: the role cannot lose it';

CREATE INDEX users_reseller_id ON users (reseller_id) WHERE reseller_id IS NOT NULL;
CREATE INDEX user_roles_role_id ON user_roles (role_id);
CREATE INDEX packages_reseller_id ON packages (reseller_id) WHERE reseller_id IS NOT NULL;
CREATE INDEX resellers_parent_id ON resellers (parent_id) WHERE parent_id IS NOT NULL;

-- Rows that refer to each other may come in any order within a transaction.
ALTER TABLE users ALTER CONSTRAINT users_tenant_id_fkey DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE resellers ALTER CONSTRAINT resellers_parent_id_fkey DEFERRABLE INITIALLY DEFERRED;

-- What the tenants of a reseller may use together.

CREATE TABLE reseller_limits (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    reseller_id uuid NOT NULL UNIQUE REFERENCES resellers ON DELETE CASCADE,
    max_tenants integer CONSTRAINT reseller_limits_max_tenants_is_in_range CHECK (max_tenants >= 0),
    max_domains integer CONSTRAINT reseller_limits_max_domains_is_in_range CHECK (max_domains >= 0),
    max_databases integer CONSTRAINT reseller_limits_max_databases_is_in_range CHECK (max_databases >= 0),
    max_mailboxes integer CONSTRAINT reseller_limits_max_mailboxes_is_in_range CHECK (max_mailboxes >= 0),
    max_cron_jobs integer CONSTRAINT reseller_limits_max_cron_jobs_is_in_range CHECK (max_cron_jobs >= 0),
    max_disk_mb bigint CONSTRAINT reseller_limits_max_disk_mb_is_in_range CHECK (max_disk_mb >= 1),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
COMMENT ON TABLE reseller_limits IS 'What the tenants of a reseller may use together; NULL: no limit';
COMMENT ON COLUMN reseller_limits.max_disk_mb IS 'MiB of files, mail and databases together';
INSERT INTO reseller_limits (reseller_id, deleted_at) SELECT id, deleted_at FROM resellers;

-- A reseller and its limits are one record: no transaction leaves a reseller without them.
CREATE FUNCTION wcp_require_reseller_limits() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
DECLARE
    bare text;
BEGIN
    SELECT name INTO bare FROM resellers AS r
    WHERE r.id = CASE TG_ARGV[0] WHEN 'new' THEN NEW.id ELSE (to_jsonb(OLD) ->> 'reseller_id')::uuid END
        AND NOT EXISTS (SELECT FROM reseller_limits AS l WHERE l.reseller_id = r.id);
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'foreign_key_violation', TABLE = 'resellers', CONSTRAINT = 'resellers_limits_is_there',
            MESSAGE = format('reseller %s must have a row in reseller_limits', bare);
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER resellers_limits_is_there AFTER INSERT ON resellers
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wcp_require_reseller_limits('new');
CREATE CONSTRAINT TRIGGER reseller_limits_stays AFTER DELETE OR UPDATE OF reseller_id ON reseller_limits
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wcp_require_reseller_limits('old');

-- A reseller above itself would have no limits. Writers of parents queue, because two could make half a circle each.
CREATE FUNCTION wcp_refuse_reseller_circle() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
DECLARE
    circle text;
BEGIN
    IF NOT EXISTS (SELECT FROM after WHERE parent_id IS NOT NULL) THEN
        RETURN NULL;
    END IF;
    PERFORM pg_advisory_xact_lock('resellers'::regclass::oid::bigint);
    WITH RECURSIVE above (start, id) AS (
        SELECT id, parent_id FROM after WHERE parent_id IS NOT NULL
        UNION
        SELECT above.start, r.parent_id FROM above JOIN resellers AS r ON r.id = above.id
        WHERE r.parent_id IS NOT NULL
    )
    SELECT r.name INTO circle FROM above JOIN resellers AS r ON r.id = above.start
    WHERE above.start = above.id ORDER BY r.name LIMIT 1;
    IF circle IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'check_violation', TABLE = 'resellers', COLUMN = 'parent_id',
            CONSTRAINT = 'resellers_parent_id_is_above',
            MESSAGE = format('resellers.parent_id must not lead back to the reseller itself: %s is above itself',
                             circle);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER resellers_circle_insert AFTER INSERT ON resellers
    REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION wcp_refuse_reseller_circle();
CREATE TRIGGER resellers_circle_update AFTER UPDATE ON resellers
    REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION wcp_refuse_reseller_circle();

-- Resellers above and below may be deleted by one statement, so that this looks at its end.
CREATE FUNCTION wcp_refuse_deletion_above_resellers() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
DECLARE
    used text;
    uses bigint;
BEGIN
    SELECT after.name, count(*) INTO used, uses
    FROM after JOIN resellers AS child ON child.parent_id = after.id
    WHERE after.deleted_at IS NOT NULL AND child.deleted_at IS NULL
    GROUP BY after.name LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'foreign_key_violation', TABLE = 'resellers', COLUMN = 'deleted_at',
            CONSTRAINT = 'resellers_deleted_at_is_not_in_use',
            MESSAGE = format('resellers.deleted_at must stay empty while resellers.parent_id refers to the row:'
                             ' %s record(s) still use %s', uses, used);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER resellers_in_use_by_resellers AFTER UPDATE ON resellers
    REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION wcp_refuse_deletion_above_resellers();

-- Where a user stands (in a tenant, in a reseller, above both) is the scope of its roles.
CREATE FUNCTION wcp_refuse_role_of_other_scope() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
DECLARE
    wrong record;
BEGIN
    EXECUTE format(
        'SELECT role.name, role.scope, place.scope AS wanted FROM after'
        ' JOIN user_roles AS link ON %s JOIN users ON users.id = link.user_id JOIN roles AS role ON role.id = link.role_id'
        ' CROSS JOIN LATERAL (SELECT CASE WHEN users.tenant_id IS NOT NULL THEN ''local'''
        ' WHEN users.reseller_id IS NOT NULL THEN ''reseller'' ELSE ''global'' END AS scope) AS place'
        ' WHERE role.scope <> place.scope AND link.deleted_at IS NULL LIMIT 1', TG_ARGV[0])
        INTO wrong;
    IF wrong.name IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'check_violation', TABLE = 'users', COLUMN = 'roles', CONSTRAINT = 'users_roles_is_of_scope',
            MESSAGE = format('users.roles must be of scope %s for %s: role %s is of scope %s', wrong.wanted,
                             CASE wrong.wanted WHEN 'local' THEN 'a user of a tenant'
                                 WHEN 'reseller' THEN 'a user of a reseller'
                                 ELSE 'a user without tenant and reseller' END,
                             wrong.name, wrong.scope);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER users_scope AFTER UPDATE ON users REFERENCING NEW TABLE AS after FOR EACH STATEMENT
    EXECUTE FUNCTION wcp_refuse_role_of_other_scope('link.user_id = after.id');
CREATE TRIGGER user_roles_scope_insert AFTER INSERT ON user_roles REFERENCING NEW TABLE AS after FOR EACH STATEMENT
    EXECUTE FUNCTION wcp_refuse_role_of_other_scope('link.user_id = after.user_id AND link.role_id = after.role_id');
CREATE TRIGGER user_roles_scope_update AFTER UPDATE ON user_roles REFERENCING NEW TABLE AS after FOR EACH STATEMENT
    EXECUTE FUNCTION wcp_refuse_role_of_other_scope('link.user_id = after.user_id AND link.role_id = after.role_id');

-- The owner of a tenant is one of its users, or one who stands above all tenants.
CREATE FUNCTION wcp_refuse_owner_of_other_tenant() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
DECLARE
    tenant text;
BEGIN
    EXECUTE format(
        'SELECT tenants.name FROM after JOIN tenants ON %s JOIN users ON users.id = tenants.owner_id'
        ' WHERE users.tenant_id <> tenants.id LIMIT 1', TG_ARGV[0])
        INTO tenant;
    IF tenant IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'check_violation', TABLE = 'tenants', COLUMN = 'owner_id',
            CONSTRAINT = 'tenants_owner_id_is_of_tenant',
            MESSAGE = format('tenants.owner_id must be a user of the tenant, or one without a tenant: the owner of %s is'
                             ' a user of another tenant', tenant);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER tenants_owner_insert AFTER INSERT ON tenants REFERENCING NEW TABLE AS after FOR EACH STATEMENT
    EXECUTE FUNCTION wcp_refuse_owner_of_other_tenant('tenants.id = after.id');
CREATE TRIGGER tenants_owner_update AFTER UPDATE ON tenants REFERENCING NEW TABLE AS after FOR EACH STATEMENT
    EXECUTE FUNCTION wcp_refuse_owner_of_other_tenant('tenants.id = after.id');
CREATE TRIGGER users_owner_insert AFTER INSERT ON users REFERENCING NEW TABLE AS after FOR EACH STATEMENT
    EXECUTE FUNCTION wcp_refuse_owner_of_other_tenant('tenants.owner_id = after.id');
CREATE TRIGGER users_owner_update AFTER UPDATE ON users REFERENCING NEW TABLE AS after FOR EACH STATEMENT
    EXECUTE FUNCTION wcp_refuse_owner_of_other_tenant('tenants.owner_id = after.id');

-- Columns that never change once a row is there. Argument of the function: the reason, for the message.
CREATE FUNCTION wcp_refuse_change() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, public
AS $$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'check_violation', TABLE = TG_TABLE_NAME, COLUMN = TG_ARGV[0],
        CONSTRAINT = format('%s_%s_is_immutable', TG_TABLE_NAME, TG_ARGV[0]),
        MESSAGE = format('%s.%s must stay as it is: %s', TG_TABLE_NAME, TG_ARGV[0], TG_ARGV[1]);
END $$;

CREATE PROCEDURE wcp_freeze(record_table regclass, own_column name, reason text, condition text DEFAULT 'true')
    LANGUAGE plpgsql SET search_path = pg_catalog, public
AS $$
BEGIN
    EXECUTE format(
        'CREATE TRIGGER %1$I BEFORE UPDATE OF %2$I ON %3$s FOR EACH ROW'
        ' WHEN (OLD.%2$I IS DISTINCT FROM NEW.%2$I AND (%4$s))'
        ' EXECUTE FUNCTION public.wcp_refuse_change(%2$L, %5$L)',
        format('%s_%s_is_immutable', wcp_table_name(record_table), own_column), own_column, record_table, condition,
        reason);
END $$;

CALL wcp_freeze('databases', 'engine', 'the data on the node belongs to it');
CALL wcp_freeze('roles', 'scope', 'users have the role because of it');
CALL wcp_freeze('roles', 'name', 'it came with the schema', 'OLD.is_system');
CALL wcp_freeze('roles', 'is_system', 'it says whether the role came with the schema');
CALL wcp_freeze('api_keys', 'key_hash', 'a key is replaced by another one');
CALL wcp_freeze('api_keys', 'prefix', 'it is part of the key');

-- Roles that came with the schema stay, and keep what they came with.
CREATE FUNCTION wcp_keep_system_role() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'check_violation', TABLE = 'roles', COLUMN = 'deleted_at',
        CONSTRAINT = 'roles_deleted_at_is_not_of_system',
        MESSAGE = format('roles.deleted_at must stay empty: %s came with the schema', OLD.name);
END $$;
CREATE TRIGGER roles_of_system_stay BEFORE UPDATE OF deleted_at ON roles FOR EACH ROW
    WHEN (OLD.is_system AND NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION wcp_keep_system_role();
CREATE TRIGGER roles_of_system_are_kept BEFORE DELETE ON roles FOR EACH ROW
    WHEN (OLD.is_system) EXECUTE FUNCTION wcp_keep_system_role();

CREATE FUNCTION wcp_keep_system_permission() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'check_violation', TABLE = 'roles', COLUMN = 'permissions',
        CONSTRAINT = 'roles_permissions_is_of_system',
        MESSAGE = format('roles.permissions must keep %s: the role came with it', OLD.permission_id);
END $$;
CREATE TRIGGER role_permissions_of_system_are_kept BEFORE DELETE ON role_permissions FOR EACH ROW
    WHEN (OLD.is_system) EXECUTE FUNCTION wcp_keep_system_permission();
CREATE TRIGGER role_permissions_of_system_stay BEFORE UPDATE ON role_permissions FOR EACH ROW
    WHEN (OLD.is_system AND (NEW.deleted_at IS NOT NULL OR NOT NEW.is_system OR NEW.role_id <> OLD.role_id
                             OR NEW.permission_id <> OLD.permission_id))
    EXECUTE FUNCTION wcp_keep_system_permission();

-- As before, and users are named by their address.
CREATE OR REPLACE FUNCTION wcp_refuse_deletion_in_use() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
DECLARE
    uses bigint;
BEGIN
    EXECUTE format('SELECT count(*) FROM %I WHERE %I = $1 AND (%s)', TG_ARGV[0], TG_ARGV[1], TG_ARGV[2])
        INTO uses USING OLD.id;
    IF uses > 0 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'foreign_key_violation', TABLE = TG_TABLE_NAME, COLUMN = 'deleted_at',
            CONSTRAINT = format('%s_deleted_at_is_not_in_use', TG_TABLE_NAME),
            MESSAGE = format('%s.deleted_at must stay empty while %s.%s refers to the row: %s record(s) still use %s',
                             TG_TABLE_NAME, TG_ARGV[0], TG_ARGV[1], uses,
                             coalesce(to_jsonb(OLD) ->> 'name', to_jsonb(OLD) ->> 'email', OLD.id::text)),
            HINT = 'Change or delete those records first, and converge their node.';
    END IF;
    RETURN NEW;
END $$;

CALL wcp_track_updates('reseller_limits');

CREATE TRIGGER users_cascade_deletion AFTER UPDATE ON users
    REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT
    EXECUTE FUNCTION wcp_cascade_deletion('api_keys', 'user_id');
CREATE TRIGGER resellers_cascade_deletion AFTER UPDATE ON resellers
    REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT
    EXECUTE FUNCTION wcp_cascade_deletion('reseller_limits', 'reseller_id');

CALL wcp_protect_from_deletion('resellers', 'packages', 'reseller_id');
CALL wcp_protect_from_deletion('resellers', 'users', 'reseller_id');
CALL wcp_protect_from_deletion('users', 'tenants', 'owner_id');
CALL wcp_protect_from_deletion('roles', 'user_roles', 'role_id',
    'deleted_at IS NULL AND EXISTS (SELECT FROM users WHERE users.id = user_id AND users.deleted_at IS NULL)');

CALL wcp_require_live_parent('resellers', 'resellers', 'parent_id');
CALL wcp_require_live_parent('packages', 'resellers', 'reseller_id');
CALL wcp_require_live_parent('users', 'resellers', 'reseller_id');
CALL wcp_require_live_parent('tenants', 'users', 'owner_id');
CALL wcp_require_live_parent('api_keys', 'users', 'user_id');
CALL wcp_require_live_parent('user_roles', 'roles', 'role_id');
