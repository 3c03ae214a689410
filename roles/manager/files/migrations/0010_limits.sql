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

-- What the tenants of a reseller, and of those below it, have together is at most its limits. Disk is what their packages
-- promise. Writers of one reseller queue at its limits' row, when it has any limit; the names of the table and the field are
-- for the message.
CREATE FUNCTION wcp_refuse_reseller_excess(tenant_ids uuid[], record_table text, field text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
DECLARE
    limited uuid[];
    refused record;
BEGIN
    WITH RECURSIVE above (id) AS (
        SELECT reseller_id FROM tenants WHERE id = ANY (tenant_ids) AND reseller_id IS NOT NULL
        UNION
        SELECT r.parent_id FROM above JOIN resellers AS r USING (id) WHERE r.parent_id IS NOT NULL
    )
    SELECT array_agg(l.reseller_id) INTO limited FROM above JOIN reseller_limits AS l ON l.reseller_id = above.id
    WHERE num_nonnulls(
        max_tenants, max_domains, max_databases, max_mailboxes, max_cron_jobs, max_disk_mb) > 0;
    IF limited IS NULL THEN
        RETURN;
    END IF;
    PERFORM FROM reseller_limits WHERE reseller_id = ANY (limited) ORDER BY reseller_id FOR UPDATE;
    WITH RECURSIVE below (top, id) AS (
        SELECT id, id FROM unnest(limited) AS id
        UNION ALL
        SELECT below.top, r.id FROM below JOIN resellers AS r ON r.parent_id = below.id
    ), together AS (
        SELECT top, count(*) AS tenants, sum(u.used_domains) AS domains, sum(u.used_databases) AS databases,
            sum(u.used_mailboxes) AS mailboxes, sum(u.used_cron_jobs) AS cron_jobs, sum(p.max_disk_mb) AS disk_mb
        FROM below JOIN tenants AS t ON t.reseller_id = below.id AND t.deleted_at IS NULL
        JOIN tenant_usage AS u ON u.tenant_id = t.id JOIN package_limits AS p ON p.package_id = t.package_id
        GROUP BY top
    )
    SELECT r.name, one.* INTO refused
    FROM together AS s JOIN reseller_limits AS l ON l.reseller_id = s.top JOIN resellers AS r ON r.id = s.top,
    LATERAL (VALUES
        (s.tenants, 'tenants', l.max_tenants::bigint, 'max_tenants'),
        (s.domains, 'domains', l.max_domains, 'max_domains'),
        (s.databases, 'databases', l.max_databases, 'max_databases'),
        (s.mailboxes, 'mailboxes', l.max_mailboxes, 'max_mailboxes'),
        (s.cron_jobs, 'cron jobs', l.max_cron_jobs, 'max_cron_jobs'),
        (s.disk_mb, 'MiB of disk', l.max_disk_mb, 'max_disk_mb')
    ) AS one (used, noun, most, reseller_limit)
    WHERE one.used > one.most ORDER BY r.name, one.reseller_limit LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'check_violation', TABLE = record_table, COLUMN = field,
            CONSTRAINT = format('%s_%s_is_within_reseller_limit', record_table, field),
            MESSAGE = format('%s.%s must leave its reseller room: the tenants of %s would have %s %s together, and may'
                             ' have %s (%s)', record_table, field, refused.name, refused.used, refused.noun,
                             refused.most, refused.reseller_limit);
    END IF;
END $$;

REVOKE ALL ON FUNCTION wcp_refuse_reseller_excess FROM PUBLIC;

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
    PERFORM wcp_refuse_reseller_excess(grown, TG_TABLE_NAME, 'tenant_id');
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

CREATE FUNCTION wcp_count_tenants() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM wcp_refuse_reseller_excess(array_agg(id), 'tenants', 'reseller_id')
        FROM after WHERE reseller_id IS NOT NULL AND deleted_at IS NULL;
    ELSIF NOT wcp_forced() THEN
        PERFORM wcp_refuse_reseller_excess(array_agg(after.id), 'tenants', 'reseller_id')
        FROM before JOIN after USING (id)
        WHERE after.reseller_id IS NOT NULL AND after.deleted_at IS NULL
            AND (after.reseller_id IS DISTINCT FROM before.reseller_id OR after.package_id <> before.package_id
                OR before.deleted_at IS NOT NULL);
    END IF;
    RETURN NULL;
END $$;
-- Named to fire after the trigger that makes a new tenant's row of tenant_usage.
CREATE TRIGGER tenants_usage_reseller_insert AFTER INSERT ON tenants
    REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION wcp_count_tenants();
CREATE TRIGGER tenants_usage_reseller_update AFTER UPDATE ON tenants
    REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION wcp_count_tenants();

-- A package that promises more disk, and a reseller that may have less, must both fit what is there.
CREATE FUNCTION wcp_check_resellers() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
BEGIN
    IF wcp_forced() THEN
        RETURN NULL;
    ELSIF TG_TABLE_NAME = 'package_limits' THEN
        PERFORM wcp_refuse_reseller_excess(array_agg(t.id), 'package_limits', 'max_disk_mb')
        FROM before JOIN after USING (id) JOIN tenants AS t ON t.package_id = after.package_id
        WHERE after.max_disk_mb > before.max_disk_mb AND t.deleted_at IS NULL;
    ELSE
        PERFORM wcp_refuse_reseller_excess(array_agg(t.id), 'reseller_limits', 'reseller_id')
        FROM after JOIN tenants AS t USING (reseller_id) WHERE t.deleted_at IS NULL;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER package_limits_usage_reseller AFTER UPDATE ON package_limits
    REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION wcp_check_resellers();
CREATE TRIGGER reseller_limits_usage AFTER UPDATE ON reseller_limits
    REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION wcp_check_resellers();
