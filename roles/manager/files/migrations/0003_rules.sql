-- SPDX-License-Identifier: GPL-3.0-or-later
-- Copyright (c) 2026, WCP360 contributors
--
-- Rules that many tables share, as trigger functions, and one procedure per rule that puts it on a table. A new record
-- kind calls the procedures; it does not repeat the triggers.
--
-- Functions that write another table than the one that fired them run with the rights of their owner, so that a role
-- that sees one tenant only still raises that tenant's generation.

CREATE FUNCTION wcp_table_name(record_table regclass) RETURNS name
    LANGUAGE sql STABLE
    RETURN (SELECT relname FROM pg_class WHERE oid = record_table);

CREATE FUNCTION wcp_set_updated_at() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, public
AS $$
BEGIN
    NEW.updated_at := now();
    RETURN NEW;
END $$;

-- Set updated_at with every UPDATE of a row.
CREATE PROCEDURE wcp_track_updates(record_table regclass)
    LANGUAGE plpgsql SET search_path = pg_catalog, public
AS $$
BEGIN
    EXECUTE format(
        'CREATE TRIGGER %I BEFORE UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION public.wcp_set_updated_at()',
        wcp_table_name(record_table) || '_updated_at', record_table);
END $$;

-- Arguments: the column of tenants that finds them ('id', 'package_id'), the column of this table that holds the same.
-- Statement level: ten thousand rows in one statement cost one UPDATE. Rows that did not change, or that were deleted
-- before, raise nothing; a description is for people and means nothing to a node.
CREATE FUNCTION wcp_raise_generation() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
DECLARE
    tenant_column CONSTANT text := TG_ARGV[0];
    own_column CONSTANT text := TG_ARGV[1];
    changed uuid[];
BEGIN
    IF TG_OP = 'UPDATE' THEN
        EXECUTE format(
            'SELECT array_agg(DISTINCT key) FROM before JOIN after USING (id)'
            ' CROSS JOIN LATERAL unnest(ARRAY[before.%1$I, after.%1$I]) AS key'
            ' WHERE to_jsonb(before) - $1 <> to_jsonb(after) - $1', own_column)
            INTO changed USING ARRAY['updated_at', 'description'];
    ELSE
        EXECUTE format(
            'SELECT array_agg(DISTINCT %I) FROM %I WHERE deleted_at IS NULL',
            own_column, CASE TG_OP WHEN 'INSERT' THEN 'after' ELSE 'before' END)
            INTO changed;
    END IF;
    IF changed IS NOT NULL THEN
        EXECUTE format('UPDATE tenants SET generation = generation + 1 WHERE %I = ANY ($1)', tenant_column)
            USING changed;
    END IF;
    RETURN NULL;
END $$;

-- Raise the generation of the tenants whose `tenant_column` equals `own_column` of a row that changed.
CREATE PROCEDURE wcp_track_generation(record_table regclass, tenant_column name, own_column name)
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
            ' EXECUTE FUNCTION public.wcp_raise_generation(%L, %L)',
            wcp_table_name(record_table) || '_generation_' || event.column1, event.column1, record_table, event.column2,
            tenant_column, own_column);
    END LOOP;
END $$;

-- Arguments: pairs of a child table and its column that holds the id of this table. A child that was deleted together
-- with its parent comes back with it; one that was deleted on its own keeps its own time.
CREATE FUNCTION wcp_cascade_deletion() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
DECLARE
    changed uuid[];
BEGIN
    -- EXCEPT and not a join: the planner takes transition tables for tiny in a cached plan, and would loop.
    SELECT array_agg(id) INTO changed
    FROM (SELECT id, deleted_at FROM after EXCEPT SELECT id, deleted_at FROM before) AS row;
    IF changed IS NULL THEN
        RETURN NULL;
    END IF;
    FOR pair IN 0 .. TG_NARGS - 1 BY 2 LOOP
        EXECUTE format(
            'UPDATE %1$I AS child SET deleted_at = after.deleted_at FROM before JOIN after USING (id)'
            ' WHERE child.%2$I = after.id AND child.%2$I = ANY ($1)'
            ' AND child.deleted_at IS NOT DISTINCT FROM before.deleted_at', TG_ARGV[pair], TG_ARGV[pair + 1])
            USING changed;
    END LOOP;
    RETURN NULL;
END $$;

-- Arguments: a table, its column that holds the id of this table, and the condition of a row that counts.
CREATE FUNCTION wcp_refuse_deletion_in_use() RETURNS trigger
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
                             coalesce(to_jsonb(OLD) ->> 'name', OLD.id::text)),
            HINT = 'Change or delete those records first, and converge their node.';
    END IF;
    RETURN NEW;
END $$;

-- Refuse to delete a row of `record_table` while a row of `user_table` refers to it for which `in_use` is true.
CREATE PROCEDURE wcp_protect_from_deletion(
    record_table regclass, user_table name, user_column name, in_use text DEFAULT 'deleted_at IS NULL')
    LANGUAGE plpgsql SET search_path = pg_catalog, public
AS $$
BEGIN
    EXECUTE format(
        'CREATE TRIGGER %I BEFORE UPDATE OF deleted_at ON %s FOR EACH ROW'
        ' WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL)'
        ' EXECUTE FUNCTION public.wcp_refuse_deletion_in_use(%L, %L, %L)',
        wcp_table_name(record_table) || '_in_use_by_' || user_table, record_table, user_table, user_column,
        in_use);
END $$;

-- Arguments: the parent table and the column of this table that holds its id.
CREATE FUNCTION wcp_refuse_deleted_parent() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
DECLARE
    parent uuid;
BEGIN
    EXECUTE format(
        'SELECT parent.id FROM after JOIN %I AS parent ON parent.id = after.%I'
        ' WHERE after.deleted_at IS NULL AND parent.deleted_at IS NOT NULL LIMIT 1', TG_ARGV[0], TG_ARGV[1])
        INTO parent;
    IF parent IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'foreign_key_violation', TABLE = TG_TABLE_NAME, COLUMN = TG_ARGV[1],
            CONSTRAINT = format('%s_%s_is_live', TG_TABLE_NAME, TG_ARGV[1]),
            MESSAGE = format('%s.%s must refer to a row of %s that is not deleted: %s is',
                             TG_TABLE_NAME, TG_ARGV[1], TG_ARGV[0], parent);
    END IF;
    RETURN NULL;
END $$;

-- Refuse live rows of `record_table` that refer to a deleted row of `parent_table`. Named to fire after the generation
-- triggers: their UPDATE has locked the tenant by then, so a deletion at the same time is seen.
CREATE PROCEDURE wcp_require_live_parent(record_table regclass, parent_table name, own_column name)
    LANGUAGE plpgsql SET search_path = pg_catalog, public
AS $$
DECLARE
    event text;
BEGIN
    FOREACH event IN ARRAY ARRAY['insert', 'update'] LOOP
        EXECUTE format(
            'CREATE TRIGGER %I AFTER %s ON %s REFERENCING NEW TABLE AS after FOR EACH STATEMENT'
            ' EXECUTE FUNCTION public.wcp_refuse_deleted_parent(%L, %L)',
            format('%s_live_%s_%s', wcp_table_name(record_table), own_column, event), event, record_table,
            parent_table, own_column);
    END LOOP;
END $$;

-- Row-level security: the owner of the schema sees every row, every other role only the tenant that the session names
-- in the setting wcp360.tenant_id. After a COMMIT that setting is '' and not NULL.
CREATE PROCEDURE wcp_isolate_tenants(record_table regclass, tenant_column name)
    LANGUAGE plpgsql SET search_path = pg_catalog, public
AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', record_table);
    EXECUTE format('CREATE POLICY every_row_for_owner ON %s TO CURRENT_USER USING (true)', record_table);
    EXECUTE format(
        'CREATE POLICY own_tenant ON %s USING (%I = nullif(current_setting(''wcp360.tenant_id'', true), '''')::uuid)',
        record_table, tenant_column);
END $$;
