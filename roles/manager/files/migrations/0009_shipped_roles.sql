-- SPDX-License-Identifier: GPL-3.0-or-later
-- Copyright (c) 2026, WCP360 contributors
--
-- The permissions there are, and the roles that come with the schema. A later migration that adds a permission gives it
-- to system_admin too.

INSERT INTO permissions (id, description)
SELECT format('%s.%s', kind, action), format('%s records of kind %s', initcap(action), kind)
FROM unnest(ARRAY['role', 'reseller', 'node', 'package', 'user', 'api_key', 'tenant', 'domain', 'database', 'mailbox',
                  'cron_job']) AS kind,
     unnest(ARRAY['read', 'create', 'update', 'delete', 'restore', 'purge']) AS action;

INSERT INTO permissions (id, description) VALUES
    ('ssh.access', 'Log in by SSH'),
    ('git.access', 'Push to and pull from Git repositories'),
    ('api.access', 'Use the API'),
    ('audit.read', 'Read the audit log'),
    ('audit.verify', 'Verify the chain of the audit log'),
    ('usage.read', 'Read what tenants use'),
    ('job.read', 'Read jobs and their results'),
    ('job.run', 'Run jobs'),
    ('backup.read', 'Read the list of backups'),
    ('backup.create', 'Make a backup'),
    ('backup.restore', 'Restore from a backup'),
    ('tenant.suspend', 'Suspend and resume tenants'),
    ('tenant.lock', 'Lock and unlock tenants'),
    ('tenant.move', 'Move tenants to another node');

INSERT INTO roles (name, scope, description, is_system) VALUES
    ('system_admin', 'global', 'May do everything', true),
    ('auditor', 'global', 'May read everything and verify the audit log', true),
    ('reseller', 'reseller', 'Manages the packages, tenants and users of a reseller', true),
    ('user', 'local', 'Manages what belongs to a tenant', true);

INSERT INTO role_permissions (role_id, permission_id, is_system)
SELECT roles.id, permissions.id, true
FROM roles CROSS JOIN permissions
CROSS JOIN LATERAL (SELECT split_part(permissions.id, '.', 1) AS kind, split_part(permissions.id, '.', 2) AS action) AS part
WHERE CASE roles.name
    WHEN 'system_admin' THEN true
    WHEN 'auditor' THEN part.action = 'read' OR permissions.id = 'audit.verify'
    WHEN 'reseller' THEN
        permissions.id IN ('role.read', 'reseller.read', 'audit.read', 'usage.read', 'job.read', 'tenant.suspend')
        OR part.kind IN ('ssh', 'git', 'api', 'backup')
        OR (part.kind IN ('package', 'user', 'api_key', 'tenant', 'domain', 'database', 'mailbox', 'cron_job')
            AND part.action IN ('read', 'create', 'update', 'delete', 'restore'))
    WHEN 'user' THEN
        permissions.id IN ('role.read', 'package.read', 'tenant.read', 'usage.read')
        OR part.kind IN ('ssh', 'git', 'api', 'backup')
        OR (part.kind IN ('user', 'api_key', 'domain', 'database', 'mailbox', 'cron_job')
            AND part.action IN ('read', 'create', 'update', 'delete', 'restore'))
END;
