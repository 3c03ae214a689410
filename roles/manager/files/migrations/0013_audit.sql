-- SPDX-License-Identifier: GPL-3.0-or-later
-- Copyright (c) 2026, WCP360 contributors
--
-- The audit log as a chain that only grows: its head, and who may add to it.
--
-- What the entries say is protected by checksums whose keys are not in the database. The rules here make the log hard
-- to spoil by accident, and make the chain's order the database's own rule: an entry that does not follow the head is
-- refused, whoever inserts it.

ALTER TABLE audit_logs
    ADD COLUMN actor text CONSTRAINT audit_logs_actor_is_text CHECK (wcp_is_text(actor)),
    ADD COLUMN api_key_prefix text
        CONSTRAINT audit_logs_api_key_prefix_is_slug CHECK (wcp_is_slug(api_key_prefix)),
    ADD COLUMN key_id text NOT NULL CONSTRAINT audit_logs_key_id_is_slug CHECK (wcp_is_slug(key_id)),
    ADD CONSTRAINT audit_logs_actor_is_known CHECK (actor IS NOT NULL OR actor_user_id IS NOT NULL),
    ADD CONSTRAINT audit_logs_checksum_is_digest CHECK (octet_length(checksum) = 32);
COMMENT ON COLUMN audit_logs.actor IS 'Who acted, as text that stays when the user is gone: an e-mail address, or a program';
COMMENT ON COLUMN audit_logs.key_id IS 'Which key outside the database made the checksum';
COMMENT ON COLUMN audit_logs.checksum IS 'HMAC-SHA-256 of payload, which holds the checksum of the entry before';

ALTER TABLE audit_anchors
    ADD COLUMN payload bytea NOT NULL,
    ADD CONSTRAINT audit_anchors_head_is_digest CHECK (octet_length(head) = 32),
    ADD CONSTRAINT audit_anchors_signature_is_ed25519 CHECK (octet_length(signature) = 64);
COMMENT ON COLUMN audit_anchors.head IS 'Checksum of the entry that was the last one';
COMMENT ON COLUMN audit_anchors.payload IS 'The exact bytes that were signed';
COMMENT ON COLUMN audit_anchors.signature IS 'Ed25519 signature of payload (RFC 8032)';

-- A page of its own for one row that every audited transaction updates: dead versions are pruned without an index scan.
CREATE TABLE audit_head (
    id boolean PRIMARY KEY DEFAULT true CONSTRAINT audit_head_id_is_single CHECK (id),
    sequence bigint NOT NULL DEFAULT 0,
    checksum bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
    digest bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
) WITH (fillfactor = 10);
COMMENT ON TABLE audit_head IS 'The last entry of the audit log; whoever appends locks this row until the commit';
COMMENT ON COLUMN audit_head.digest IS 'SHA-256 of the last payload';
INSERT INTO audit_head DEFAULT VALUES;

-- Per statement: a hundred thousand entries in one statement are one UPDATE of the head.
CREATE FUNCTION wcp_advance_audit_head() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
BEGIN
    UPDATE audit_head AS head
    SET sequence = last.sequence, checksum = last.checksum, digest = sha256(last.payload), updated_at = now()
    FROM (SELECT min(sequence) AS first, max(sequence) AS last, count(*) AS number FROM after) AS added
    JOIN after AS last ON last.sequence = added.last
    WHERE added.first = head.sequence + 1 AND added.number = added.last - head.sequence;
    IF NOT FOUND AND EXISTS (SELECT FROM after) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'check_violation', TABLE = 'audit_logs', COLUMN = 'sequence',
            CONSTRAINT = 'audit_logs_sequence_is_next',
            MESSAGE = format('audit_logs.sequence must continue the audit log after entry %s',
                             (SELECT sequence FROM audit_head)),
            HINT = 'Lock audit_head first, and number the entries from there without a gap.';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER audit_logs_advance_head AFTER INSERT ON audit_logs REFERENCING NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION wcp_advance_audit_head();

CREATE FUNCTION wcp_only_grow() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, public
AS $$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'insufficient_privilege', TABLE = TG_TABLE_NAME,
        MESSAGE = format('%s only grows: %s is refused for every role', TG_TABLE_NAME, TG_OP);
END $$;

-- Refuse the statements in `events` on a table, to its owner too, and in sessions that replay a replica's changes.
CREATE PROCEDURE wcp_refuse(record_table regclass, events text)
    LANGUAGE plpgsql SET search_path = pg_catalog, public
AS $$
DECLARE
    trigger_name CONSTANT name := wcp_table_name(record_table) || '_only_grows';
BEGIN
    EXECUTE format('CREATE TRIGGER %I BEFORE %s ON %s FOR EACH STATEMENT EXECUTE FUNCTION public.wcp_only_grow()',
                   trigger_name, events, record_table);
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', record_table, trigger_name);
END $$;

DROP TRIGGER audit_logs_updated_at ON audit_logs;
DROP TRIGGER audit_anchors_updated_at ON audit_anchors;
CALL wcp_refuse('audit_logs', 'UPDATE OR DELETE OR TRUNCATE');
CALL wcp_refuse('audit_anchors', 'UPDATE OR DELETE OR TRUNCATE');
CALL wcp_refuse('audit_head', 'INSERT OR DELETE OR TRUNCATE');

-- Let a role append entries about any tenant, read those in its actor's reach, and nothing else. Of the
-- head it may update the one column that can hold one value only, which is what SELECT FOR UPDATE asks for; the trigger
-- above moves the head. Call it again at will.
CREATE PROCEDURE wcp_grant_audit(role_name name)
    LANGUAGE plpgsql SET search_path = pg_catalog, public
AS $$
DECLARE
    policy CONSTANT name := 'append_by_' || role_name;
BEGIN
    EXECUTE format('REVOKE ALL ON audit_logs, audit_head FROM %I', role_name);
    EXECUTE format('GRANT SELECT, INSERT ON audit_logs TO %I', role_name);
    EXECUTE format('GRANT SELECT, UPDATE (id) ON audit_head TO %I', role_name);
    EXECUTE format('DROP POLICY IF EXISTS %I ON audit_logs', policy);
    EXECUTE format('CREATE POLICY %I ON audit_logs FOR INSERT TO %I WITH CHECK ((SELECT wcp_has_actor()))', policy, role_name);
END $$;

CALL wcp_grant_audit('wcp_app');
