-- SPDX-License-Identifier: GPL-3.0-or-later
-- Copyright (c) 2026, WCP360 contributors
--
-- What tenants own. UNIQUE includes deleted rows: a name stays reserved until the purge, so that a restore succeeds.

CREATE TYPE domain_status AS ENUM ('active', 'disabled');
CREATE TYPE domain_kind AS ENUM ('php', 'static', 'redirect');
CREATE TYPE tls_mode AS ENUM ('off', 'on', 'required');
CREATE TYPE database_engine AS ENUM ('mariadb', 'postgresql');

CREATE TABLE domains (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    fqdn text NOT NULL UNIQUE CONSTRAINT domains_fqdn_is_fqdn CHECK (wcp_is_fqdn(fqdn)),
    status domain_status NOT NULL DEFAULT 'active',
    kind domain_kind NOT NULL DEFAULT 'php',
    document_root text NOT NULL
        CONSTRAINT domains_document_root_is_relative_path CHECK (wcp_is_relative_path(document_root)),
    redirect_to text CONSTRAINT domains_redirect_to_is_url CHECK (wcp_is_url(redirect_to))
        CONSTRAINT domains_redirect_to_is_for_kind_redirect CHECK ((redirect_to IS NOT NULL) = (kind = 'redirect')),
    redirect_code integer NOT NULL DEFAULT 301
        CONSTRAINT domains_redirect_code_is_known CHECK (redirect_code IN (301, 302, 307, 308)),
    tls tls_mode NOT NULL DEFAULT 'off',
    server_block jsonb CONSTRAINT domains_server_block_is_server_block CHECK (wcp_is_server_block(server_block)),
    metadata jsonb NOT NULL DEFAULT '{}' CONSTRAINT domains_metadata_is_metadata CHECK (wcp_is_metadata(metadata)),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    UNIQUE (id, tenant_id, fqdn)
);
COMMENT ON TABLE domains IS 'Names that the web server answers to';
COMMENT ON COLUMN domains.fqdn IS 'Lower case; internationalised names as A-labels (xn--)';
COMMENT ON COLUMN domains.document_root IS 'Relative to the tenant''s home; sites/<fqdn>/public unless given';
COMMENT ON COLUMN domains.tls IS 'off: http only; on: both; required: http redirects to https';
COMMENT ON COLUMN domains.server_block IS 'The domain''s own nginx directives: [{"directive", "args", "block"}]';
CREATE INDEX domains_tenant_id ON domains (tenant_id);

CREATE FUNCTION wcp_default_document_root() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, public
AS $$
BEGIN
    NEW.document_root := coalesce(NEW.document_root, 'sites/' || NEW.fqdn || '/public');
    RETURN NEW;
END $$;
CREATE TRIGGER domains_document_root BEFORE INSERT ON domains
    FOR EACH ROW EXECUTE FUNCTION wcp_default_document_root();

CREATE TABLE databases (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    name text NOT NULL UNIQUE CONSTRAINT databases_name_is_database_name CHECK (wcp_is_database_name(name)),
    engine database_engine NOT NULL DEFAULT 'mariadb',
    metadata jsonb NOT NULL DEFAULT '{}' CONSTRAINT databases_metadata_is_metadata CHECK (wcp_is_metadata(metadata)),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
COMMENT ON TABLE databases IS 'Databases of tenants; each has one user, of the same name';
CREATE INDEX databases_tenant_id ON databases (tenant_id);

CREATE TABLE mail_boxes (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    domain_id uuid NOT NULL,
    address text NOT NULL UNIQUE CONSTRAINT mail_boxes_address_is_email CHECK (wcp_is_email(address)),
    domain text NOT NULL GENERATED ALWAYS AS (split_part(address, '@', 2)) STORED,
    quota_mb integer CONSTRAINT mail_boxes_quota_mb_is_in_range CHECK (quota_mb > 0),
    password_hash text CONSTRAINT mail_boxes_password_hash_is_text CHECK (wcp_is_text(password_hash)),
    status record_status NOT NULL DEFAULT 'active',
    metadata jsonb NOT NULL DEFAULT '{}' CONSTRAINT mail_boxes_metadata_is_metadata CHECK (wcp_is_metadata(metadata)),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    CONSTRAINT mail_boxes_domain_is_of_tenant FOREIGN KEY (domain_id, tenant_id, domain)
        REFERENCES domains (id, tenant_id, fqdn) ON DELETE CASCADE
);
COMMENT ON TABLE mail_boxes IS 'Mailboxes; the domain of the address is a domain of the same tenant';
COMMENT ON COLUMN mail_boxes.quota_mb IS 'MiB; NULL: bounded by the tenant''s disk alone';
CREATE INDEX mail_boxes_tenant_id ON mail_boxes (tenant_id);
CREATE INDEX mail_boxes_domain_id ON mail_boxes (domain_id);

CREATE TABLE cron_jobs (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    name text NOT NULL CONSTRAINT cron_jobs_name_is_slug CHECK (wcp_is_slug(name)),
    schedule text NOT NULL CONSTRAINT cron_jobs_schedule_is_cron CHECK (wcp_is_cron(schedule)),
    command text NOT NULL CONSTRAINT cron_jobs_command_is_command CHECK (wcp_is_command(command)),
    working_dir text CONSTRAINT cron_jobs_working_dir_is_relative_path CHECK (wcp_is_relative_path(working_dir)),
    status record_status NOT NULL DEFAULT 'active',
    metadata jsonb NOT NULL DEFAULT '{}' CONSTRAINT cron_jobs_metadata_is_metadata CHECK (wcp_is_metadata(metadata)),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    UNIQUE (tenant_id, name)
);
COMMENT ON TABLE cron_jobs IS 'Commands that run by the clock of the tenant''s time zone';
COMMENT ON COLUMN cron_jobs.working_dir IS 'Relative to the tenant''s home; NULL: the home itself';

CREATE TRIGGER tenants_cascade_deletion AFTER UPDATE ON tenants
    REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT
    EXECUTE FUNCTION wcp_cascade_deletion(
        'tenant_usage', 'tenant_id', 'users', 'tenant_id', 'domains', 'tenant_id', 'databases', 'tenant_id',
        'mail_boxes', 'tenant_id', 'cron_jobs', 'tenant_id');
CREATE TRIGGER domains_cascade_deletion AFTER UPDATE ON domains
    REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT
    EXECUTE FUNCTION wcp_cascade_deletion('mail_boxes', 'domain_id');
CREATE TRIGGER packages_cascade_deletion AFTER UPDATE ON packages
    REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT
    EXECUTE FUNCTION wcp_cascade_deletion('package_limits', 'package_id');

CALL wcp_track_updates('domains');
CALL wcp_track_updates('databases');
CALL wcp_track_updates('mail_boxes');
CALL wcp_track_updates('cron_jobs');

CALL wcp_track_generation('domains', 'id', 'tenant_id');
CALL wcp_track_generation('databases', 'id', 'tenant_id');
CALL wcp_track_generation('mail_boxes', 'id', 'tenant_id');
CALL wcp_track_generation('cron_jobs', 'id', 'tenant_id');

CALL wcp_require_live_parent('domains', 'tenants', 'tenant_id');
CALL wcp_require_live_parent('databases', 'tenants', 'tenant_id');
CALL wcp_require_live_parent('mail_boxes', 'tenants', 'tenant_id');
CALL wcp_require_live_parent('mail_boxes', 'domains', 'domain_id');
CALL wcp_require_live_parent('cron_jobs', 'tenants', 'tenant_id');

CALL wcp_isolate_tenants('domains', 'tenant_id');
CALL wcp_isolate_tenants('databases', 'tenant_id');
CALL wcp_isolate_tenants('mail_boxes', 'tenant_id');
CALL wcp_isolate_tenants('cron_jobs', 'tenant_id');
