-- SPDX-License-Identifier: GPL-3.0-or-later
-- Copyright (c) 2026, WCP360 contributors
--
-- Purging: what was deleted is gone for good after its term. A tenant goes in two steps: first its node removes its data
-- (purge_started_at makes the tenant out of date), then its rows go.

ALTER TABLE tenants ADD COLUMN purge_started_at timestamptz
    CONSTRAINT tenants_deleted_at_is_final CHECK (purge_started_at IS NULL OR deleted_at IS NOT NULL);
COMMENT ON COLUMN tenants.purge_started_at IS 'Since when the node is to remove the data; there is no way back from here';
CREATE INDEX tenants_deleted_at ON tenants (deleted_at) WHERE deleted_at IS NOT NULL;

-- When a deleted row may be purged. A tenant and what it owns wait for the days of the tenant's package.
CREATE FUNCTION wcp_purge_at(deleted_at timestamptz, package uuid) RETURNS timestamptz
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
    RETURN deleted_at + make_interval(days => coalesce((SELECT retention_days FROM packages WHERE id = package), 30));

-- The guard of tenants (0005) lets a name go only with its row: nothing of a tenant that is being purged changes any more.
CREATE FUNCTION wcp_guard_purge() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, public
AS $$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'check_violation', TABLE = 'tenants', COLUMN = 'deleted_at', CONSTRAINT = 'tenants_deleted_at_is_final',
        MESSAGE = format('tenants.deleted_at of %s is final: its purge has begun', OLD.name);
END $$;
CREATE TRIGGER tenants_purge_is_final BEFORE UPDATE OF deleted_at, purge_started_at ON tenants FOR EACH ROW
    WHEN (OLD.purge_started_at IS NOT NULL
        AND (NEW.deleted_at IS DISTINCT FROM OLD.deleted_at OR NEW.purge_started_at IS DISTINCT FROM OLD.purge_started_at))
    EXECUTE FUNCTION wcp_guard_purge();

-- Delete the rows of a table that were deleted 30 days ago and that nothing refers to; return how many.
CREATE FUNCTION wcp_purge_unused(record_table regclass) RETURNS bigint
    LANGUAGE plpgsql
AS $$
DECLARE
    gone bigint := 0;
    row_id uuid;
BEGIN
    FOR row_id IN EXECUTE format(
        'SELECT id FROM %s WHERE deleted_at + make_interval(days => 30) <= now() ORDER BY deleted_at, id', record_table)
    LOOP
        BEGIN
            EXECUTE format('DELETE FROM %s WHERE id = $1', record_table) USING row_id;
            SET CONSTRAINTS ALL IMMEDIATE;
            gone := gone + 1;
        EXCEPTION WHEN foreign_key_violation THEN
            NULL;  -- something still refers to it
        END;
        SET CONSTRAINTS ALL DEFERRED;
    END LOOP;
    RETURN gone;
END $$;
