-- SPDX-License-Identifier: GPL-3.0-or-later
-- Copyright (c) 2026, WCP360 contributors
--
-- Where tenants live and who may act: nodes, resellers, users and their roles.
--
-- Text columns are text, not varchar(n): the length is part of the grammar, so that a value that is too long is refused
-- by a constraint that names the field.

CREATE TYPE node_status AS ENUM ('active', 'draining', 'disabled');
CREATE TYPE record_status AS ENUM ('active', 'disabled');

CREATE TABLE nodes (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name text NOT NULL UNIQUE CONSTRAINT nodes_name_is_hostname CHECK (wcp_is_hostname(name)),
    address text NOT NULL CONSTRAINT nodes_address_is_address CHECK (wcp_is_address(address)),
    ssh_port integer NOT NULL DEFAULT 22 CONSTRAINT nodes_ssh_port_is_in_range CHECK (ssh_port BETWEEN 1 AND 65535),
    ssh_user text NOT NULL DEFAULT 'root'
        CONSTRAINT nodes_ssh_user_is_login CHECK (wcp_is_login(ssh_user)),
    roles text[] NOT NULL DEFAULT '{worker}'
        CONSTRAINT nodes_roles_is_known CHECK (roles <@ '{manager,worker}' AND cardinality(roles) BETWEEN 1 AND 2),
    region text NOT NULL DEFAULT 'default' CONSTRAINT nodes_region_is_slug CHECK (wcp_is_slug(region)),
    status node_status NOT NULL DEFAULT 'active',
    metadata jsonb NOT NULL DEFAULT '{}' CONSTRAINT nodes_metadata_is_metadata CHECK (wcp_is_metadata(metadata)),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
COMMENT ON TABLE nodes IS 'Machines that host tenants (worker) or hold the records (manager)';
COMMENT ON COLUMN nodes.address IS 'Host name or IP address that SSH connects to';

CREATE TABLE resellers (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name text NOT NULL UNIQUE CONSTRAINT resellers_name_is_name CHECK (wcp_is_name(name)),
    parent_id uuid REFERENCES resellers CONSTRAINT resellers_parent_id_is_another CHECK (parent_id <> id),
    status record_status NOT NULL DEFAULT 'active',
    metadata jsonb NOT NULL DEFAULT '{}' CONSTRAINT resellers_metadata_is_metadata CHECK (wcp_is_metadata(metadata)),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
COMMENT ON TABLE resellers IS 'Those who sell hosting to tenants of their own; parent_id is the reseller above, if any';

CREATE TABLE users (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    email text NOT NULL UNIQUE CONSTRAINT users_email_is_email CHECK (wcp_is_email(email)),
    password_hash text CONSTRAINT users_password_hash_is_text CHECK (wcp_is_text(password_hash)),
    tenant_id uuid,
    reseller_id uuid REFERENCES resellers,
    status record_status NOT NULL DEFAULT 'active',
    metadata jsonb NOT NULL DEFAULT '{}' CONSTRAINT users_metadata_is_metadata CHECK (wcp_is_metadata(metadata)),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
COMMENT ON TABLE users IS 'People who log in; without tenant and reseller: a system administrator';
COMMENT ON COLUMN users.password_hash IS 'Argon2 or bcrypt in modular crypt format; NULL: cannot log in by password';
CREATE INDEX users_tenant_id ON users (tenant_id) WHERE tenant_id IS NOT NULL;

CREATE TABLE roles (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name text NOT NULL UNIQUE CONSTRAINT roles_name_is_slug CHECK (wcp_is_slug(name)),
    scope text NOT NULL CONSTRAINT roles_scope_is_known CHECK (scope IN ('global', 'reseller', 'local')),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
COMMENT ON TABLE roles IS 'Named sets of permissions, for example system_admin, reseller, user';
COMMENT ON COLUMN roles.scope IS 'How far a role reaches: everything, one reseller and its tenants, or one tenant';

CREATE TABLE permissions (
    id text PRIMARY KEY CONSTRAINT permissions_id_is_permission CHECK (wcp_is_permission(id)),
    description text NOT NULL DEFAULT '' CONSTRAINT permissions_description_is_text CHECK (wcp_is_text(description)),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
COMMENT ON TABLE permissions IS 'Things that a role may do, by key: domain.create, ssh.access';

CREATE TABLE role_permissions (
    role_id uuid NOT NULL REFERENCES roles ON DELETE CASCADE,
    permission_id text NOT NULL REFERENCES permissions ON DELETE CASCADE
        CONSTRAINT role_permissions_permission_id_is_permission CHECK (wcp_is_permission(permission_id)),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    PRIMARY KEY (role_id, permission_id)
);
COMMENT ON TABLE role_permissions IS 'What each role may do';

CREATE TABLE user_roles (
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    role_id uuid NOT NULL REFERENCES roles,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    PRIMARY KEY (user_id, role_id)
);
COMMENT ON TABLE user_roles IS 'The roles of each user';

CREATE TABLE api_keys (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    name text NOT NULL CONSTRAINT api_keys_name_is_name CHECK (wcp_is_name(name)),
    prefix text NOT NULL UNIQUE CONSTRAINT api_keys_prefix_is_slug CHECK (wcp_is_slug(prefix)),
    key_hash text NOT NULL CONSTRAINT api_keys_key_hash_is_text CHECK (wcp_is_text(key_hash)),
    scopes jsonb NOT NULL DEFAULT '[]' CONSTRAINT api_keys_scopes_is_scopes CHECK (wcp_is_scopes(scopes)),
    expires_at timestamptz,
    last_used_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
COMMENT ON TABLE api_keys IS 'Keys by which programs act for a user';
COMMENT ON COLUMN api_keys.prefix IS 'The part of the key that is stored in clear and finds the row';
COMMENT ON COLUMN api_keys.scopes IS 'List of permission keys; the key can do what both it and its user may do';
CREATE INDEX api_keys_user_id ON api_keys (user_id);

CALL wcp_track_updates('nodes');
CALL wcp_track_updates('resellers');
CALL wcp_track_updates('users');
CALL wcp_track_updates('roles');
CALL wcp_track_updates('permissions');
CALL wcp_track_updates('role_permissions');
CALL wcp_track_updates('user_roles');
CALL wcp_track_updates('api_keys');
