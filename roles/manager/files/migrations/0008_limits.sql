-- SPDX-License-Identifier: GPL-3.0-or-later
-- Copyright (c) 2026, WCP360 contributors
--
-- Limits are kept inside the writing transaction: the counters of tenant_usage change with the rows that they count, and
-- a row too many is refused. The generation triggers, whose names sort before those made here, lock the tenant first, so
-- that two writers at a limit queue and the second one sees what the first one left.

-- Whether this transaction may leave more than a package allows (SET LOCAL wcp360.force = 'on'): for a smaller package
-- and for a restore. New resources are refused all the same.
CREATE FUNCTION wcp_forced() RETURNS boolean
    LANGUAGE sql STABLE
    RETURN coalesce(current_setting('wcp360.force', true), '') = 'on';

-- Arguments: what is counted (domains), the counter of tenant_usage (used_domains) and the limit of package_limits
-- (max_domains).
CREATE FUNCTION wcp_count_usage() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
DECLARE
    counter CONSTANT text := TG_ARGV[0];
    package_limit CONSTANT text := TG_ARGV[1];
    live CONSTANT text := 'SELECT tenant_id, %s AS n FROM %I WHERE deleted_at IS NULL';
    grown uuid[];
    refused record;
BEGIN
    EXECUTE format(
        'WITH changed AS (SELECT tenant_id, sum(n) AS n FROM (%s) AS rows GROUP BY tenant_id HAVING sum(n) <> 0),'
        ' counted AS (UPDATE tenant_usage AS u SET %2$I = %2$I + changed.n FROM changed'
        '     WHERE u.tenant_id = changed.tenant_id RETURNING u.tenant_id, changed.n)'
        ' SELECT array_agg(tenant_id) FROM counted WHERE n > 0',
        CASE TG_OP
            WHEN 'INSERT' THEN format(live, 1, 'after')
            WHEN 'DELETE' THEN format(live, -1, 'before')
            ELSE format(live, 1, 'after') || ' UNION ALL ' || format(live, -1, 'before')
        END, counter)
        INTO grown;
    IF grown IS NULL OR (TG_OP = 'UPDATE' AND wcp_forced()) THEN
        RETURN NULL;
    END IF;
    -- A new statement, and so a new snapshot: the limits as they are now that the tenants are locked.
    EXECUTE format(
        'SELECT t.name, p.name AS package, u.%1$I AS used, l.%2$I AS most FROM tenant_usage AS u'
        ' JOIN tenants AS t ON t.id = u.tenant_id JOIN packages AS p ON p.id = t.package_id'
        ' JOIN package_limits AS l ON l.package_id = p.id'
        ' WHERE u.tenant_id = ANY ($1) AND u.%1$I > l.%2$I ORDER BY t.name LIMIT 1', counter, package_limit)
        INTO refused USING grown;
    IF refused IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'check_violation', TABLE = TG_TABLE_NAME, COLUMN = 'tenant_id',
            CONSTRAINT = format('%s_tenant_id_is_within_limit', TG_TABLE_NAME),
            MESSAGE = format('%s.tenant_id must have room: %s would have %s %s, and package %s allows %s (%s)',
                             TG_TABLE_NAME, refused.name, refused.used, replace(TG_TABLE_NAME, '_', ' '),
                             refused.package, refused.most, package_limit);
    END IF;
    RETURN NULL;
END $$;

-- Keep `counter` of tenant_usage equal to the live rows of `record_table`, and at most `package_limit`.
CREATE PROCEDURE wcp_track_usage(record_table regclass, counter name, package_limit name)
    LANGUAGE plpgsql SET search_path = pg_catalog, public
AS $$
DECLARE
    event record;
BEGIN
    FOR event IN VALUES
        ('insert', 'NEW TABLE AS after'),
        ('update', 'OLD TABLE AS before NEW TABLE AS after'),
        ('delete', 'OLD TABLE AS before')
    LOOP
        EXECUTE format(
            'CREATE TRIGGER %I AFTER %s ON %s REFERENCING %s FOR EACH STATEMENT'
            ' EXECUTE FUNCTION public.wcp_count_usage(%L, %L)',
            wcp_table_name(record_table) || '_usage_' || event.column1, event.column1, record_table, event.column2,
            counter, package_limit);
    END LOOP;
    EXECUTE format(
        'UPDATE tenant_usage AS u SET %I = (SELECT count(*) FROM %s AS r WHERE r.tenant_id = u.tenant_id'
        ' AND r.deleted_at IS NULL)', counter, record_table);
END $$;

CALL wcp_track_usage('domains', 'used_domains', 'max_domains');
CALL wcp_track_usage('databases', 'used_databases', 'max_databases');
CALL wcp_track_usage('mail_boxes', 'used_mailboxes', 'max_mailboxes');
CALL wcp_track_usage('cron_jobs', 'used_cron_jobs', 'max_cron_jobs');

-- What a tenant has more of than its package allows.
CREATE FUNCTION wcp_excess(u tenant_usage, l package_limits) RETURNS TABLE (package_limit text, problem text)
    LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
    SELECT one.package_limit, format('%s %s of at most %s (%s)', used, noun, most, one.package_limit)
    FROM (VALUES
        (u.used_domains::bigint, 'domains', l.max_domains::bigint, 'max_domains'),
        (u.used_databases, 'databases', l.max_databases, 'max_databases'),
        (u.used_mailboxes, 'mailboxes', l.max_mailboxes, 'max_mailboxes'),
        (u.used_cron_jobs, 'cron jobs', l.max_cron_jobs, 'max_cron_jobs'),
        (u.used_disk_mb, 'MiB of disk', l.max_disk_mb, 'max_disk_mb')
    ) AS one (used, noun, most, package_limit)
    WHERE used > most;
END;

-- Arguments: the column of tenants that finds them ('id', 'package_id'), the column of this table that holds the same,
-- the condition of a row that matters, and the column to name in the error; without it, the limit that is too small.
CREATE FUNCTION wcp_refuse_excess() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
DECLARE
    refused record;
    field text;
BEGIN
    IF wcp_forced() THEN
        RETURN NULL;
    END IF;
    EXECUTE format(
        'SELECT t.name, p.name AS package, string_agg(e.problem, '', '') AS excess, min(e.package_limit) AS least,'
        '     count(*) OVER () - 1 AS others'
        ' FROM before JOIN after USING (id) JOIN tenants AS t ON t.%I = after.%I'
        ' JOIN packages AS p ON p.id = t.package_id JOIN package_limits AS l ON l.package_id = p.id'
        ' JOIN tenant_usage AS u ON u.tenant_id = t.id, LATERAL wcp_excess(u, l) AS e'
        ' WHERE t.deleted_at IS NULL AND (%s) GROUP BY t.name, p.name ORDER BY t.name LIMIT 1',
        TG_ARGV[0], TG_ARGV[1], TG_ARGV[2])
        INTO refused;
    IF refused IS NOT NULL THEN
        field := coalesce(TG_ARGV[3], refused.least);
        RAISE EXCEPTION USING
            ERRCODE = 'check_violation', TABLE = TG_TABLE_NAME, COLUMN = field,
            CONSTRAINT = format('%s_%s_is_enough', TG_TABLE_NAME, field),
            MESSAGE = format('%s.%s must be enough for what is there: tenant %s with package %s has %s%s',
                             TG_TABLE_NAME, field, refused.name, refused.package, refused.excess,
                             CASE WHEN refused.others > 0
                                 THEN format('; so have %s other tenants', refused.others) ELSE '' END),
            HINT = 'Delete what does not fit, or force the change: nothing is removed then, and nothing can be added.';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER tenants_usage_fits AFTER UPDATE ON tenants
    REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT
    EXECUTE FUNCTION wcp_refuse_excess('id', 'id', 'before.package_id <> after.package_id', 'package_id');
CREATE TRIGGER package_limits_usage_fits AFTER UPDATE ON package_limits
    REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT
    EXECUTE FUNCTION wcp_refuse_excess('package_id', 'package_id', 'true');
