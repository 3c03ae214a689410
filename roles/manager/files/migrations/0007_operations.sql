-- SPDX-License-Identifier: GPL-3.0-or-later
-- Copyright (c) 2026, WCP360 contributors
--
-- What happened and what is under way: audit log, jobs, backups.

CREATE TYPE job_state AS ENUM ('queued', 'running', 'succeeded', 'failed', 'cancelled');
CREATE TYPE backup_status AS ENUM ('running', 'complete', 'failed');

CREATE TABLE audit_logs (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    sequence bigint NOT NULL UNIQUE CONSTRAINT audit_logs_sequence_is_positive CHECK (sequence > 0),
    actor_user_id uuid,
    tenant_id uuid,
    action_code text NOT NULL CONSTRAINT audit_logs_action_code_is_permission CHECK (wcp_is_permission(action_code)),
    metadata jsonb NOT NULL DEFAULT '{}' CONSTRAINT audit_logs_metadata_is_metadata CHECK (wcp_is_metadata(metadata)),
    ip_address inet,
    payload bytea NOT NULL,
    checksum bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
COMMENT ON TABLE audit_logs IS 'Who did what, as a chain; no foreign keys, because it outlives those it tells about';
COMMENT ON COLUMN audit_logs.payload IS 'The exact bytes that were signed';
COMMENT ON COLUMN audit_logs.checksum IS 'HMAC of the payload and of the entry before';
CREATE INDEX audit_logs_tenant_id ON audit_logs (tenant_id, sequence) WHERE tenant_id IS NOT NULL;

CREATE TABLE audit_anchors (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    sequence bigint NOT NULL CONSTRAINT audit_anchors_sequence_is_positive CHECK (sequence > 0),
    head bytea NOT NULL,
    signature bytea NOT NULL,
    target text NOT NULL CONSTRAINT audit_anchors_target_is_text CHECK (wcp_is_text(target)),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    UNIQUE (target, sequence)
);
COMMENT ON TABLE audit_anchors IS 'Heads of the audit chain that were written to another place (target)';

CREATE TABLE jobs (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    kind text NOT NULL CONSTRAINT jobs_kind_is_slug CHECK (wcp_is_slug(kind)),
    state job_state NOT NULL DEFAULT 'queued',
    actor_user_id uuid REFERENCES users ON DELETE SET NULL,
    node_id uuid REFERENCES nodes,
    request jsonb NOT NULL DEFAULT '{}' CONSTRAINT jobs_request_is_metadata CHECK (wcp_is_metadata(request)),
    result jsonb CONSTRAINT jobs_result_is_object CHECK (jsonb_typeof(result) = 'object'),
    error text CONSTRAINT jobs_error_is_text CHECK (wcp_is_text(error)),
    started_at timestamptz,
    finished_at timestamptz CONSTRAINT jobs_finished_at_is_after_start CHECK (finished_at >= started_at),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
COMMENT ON TABLE jobs IS 'Runs of playbooks: what was asked, by whom, and how it ended';
CREATE INDEX jobs_unfinished ON jobs (node_id, created_at) WHERE state IN ('queued', 'running');

CREATE TABLE backups (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id uuid NOT NULL REFERENCES tenants,
    kind text NOT NULL CONSTRAINT backups_kind_is_slug CHECK (wcp_is_slug(kind)),
    object text NOT NULL UNIQUE CONSTRAINT backups_object_is_relative_path CHECK (wcp_is_relative_path(object)),
    bytes bigint CONSTRAINT backups_bytes_is_in_range CHECK (bytes >= 0),
    sha256 bytea CONSTRAINT backups_sha256_is_digest CHECK (octet_length(sha256) = 32),
    status backup_status NOT NULL DEFAULT 'running',
    started_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz CONSTRAINT backups_finished_at_is_after_start CHECK (finished_at >= started_at),
    metadata jsonb NOT NULL DEFAULT '{}' CONSTRAINT backups_metadata_is_metadata CHECK (wcp_is_metadata(metadata)),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    CONSTRAINT backups_status_is_proven CHECK (
        status <> 'complete' OR (bytes IS NOT NULL AND sha256 IS NOT NULL AND finished_at IS NOT NULL))
);
COMMENT ON TABLE backups IS 'Objects in the backup store; a tenant is purged only after its backups';
COMMENT ON COLUMN backups.object IS 'Key of the object in the store';
CREATE INDEX backups_tenant_id ON backups (tenant_id, started_at);

CALL wcp_track_updates('audit_logs');
CALL wcp_track_updates('audit_anchors');
CALL wcp_track_updates('jobs');
CALL wcp_track_updates('backups');

CALL wcp_isolate_tenants('audit_logs', 'tenant_id');
CALL wcp_isolate_tenants('backups', 'tenant_id');
