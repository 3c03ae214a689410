-- SPDX-License-Identifier: GPL-3.0-or-later
-- Copyright (c) 2026, WCP360 contributors
--
-- The rules of plugins/module_utils/records/server_block.py: a domain's own nginx directives are data, a list of
-- {"directive": text, "args": [text, ...], "block": [...]} with a closed list of directives.

-- The pattern that every argument of a directive matches, or NULL for a directive that is not taken.
CREATE FUNCTION wcp_directive_pattern(directive text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE
        WHEN directive IN ('add_header', 'proxy_set_header', 'return', 'sub_filter')
            THEN '^(?:[^\u0000-\u001f\u007f-\u009f\u2028\u2029]{1,255})$'
        WHEN directive IN ('allow', 'deny')
            THEN '^(?:[0-9a-f.:/]{2,50}|all)$'
        WHEN directive IN ('etag', 'gzip', 'proxy_buffering', 'server_tokens', 'sub_filter_once')
            THEN '^(?:on|off)$'
        WHEN directive IN ('charset')
            THEN '^(?:[A-Za-z0-9-]{1,40})$'
        WHEN directive IN ('client_max_body_size')
            THEN '^(?:[0-9]{1,3}m|[0-9]{1,6}k)$'
        WHEN directive IN ('default_type')
            THEN '^(?:[a-z0-9.+/-]{1,80})$'
        WHEN directive IN ('error_page')
            THEN '^(?:[0-9]{3}|=[0-9]{0,3}|/(?:\.?[A-Za-z0-9_][A-Za-z0-9._@+-]*'
                 '(?:/\.?[A-Za-z0-9_][A-Za-z0-9._@+-]*)*)?/?)$'
        WHEN directive IN ('expires')
            THEN '^(?:-?[0-9]{1,6}[smhdwMy]?|epoch|max|off|modified)$'
        WHEN directive IN ('gzip_comp_level')
            THEN '^(?:[1-9])$'
        WHEN directive IN ('gzip_min_length')
            THEN '^(?:[0-9]{1,8})$'
        WHEN directive IN ('gzip_types', 'sub_filter_types')
            THEN '^(?:[a-z0-9.+*/-]{1,80})$'
        WHEN directive IN ('index')
            THEN '^(?:\.?[A-Za-z0-9_][A-Za-z0-9._@+-]*)$'
        WHEN directive IN ('internal')
            THEN '^(?:)$'
        WHEN directive IN ('location')
            THEN '^(?:=|\^~|/(?:\.?[A-Za-z0-9_][A-Za-z0-9._@+-]*(?:/\.?[A-Za-z0-9_][A-Za-z0-9._@+-]*)*)?/?'
                 '|@[a-z][a-z0-9_]{0,30})$'
        WHEN directive IN ('limit_except')
            THEN '^(?:[A-Z]{2,10})$'
        WHEN directive IN ('limit_rate', 'limit_rate_after')
            THEN '^(?:[0-9]{1,8}[kmKM]?)$'
        WHEN directive IN ('proxy_connect_timeout', 'proxy_read_timeout', 'proxy_send_timeout')
            THEN '^(?:[0-9]{1,4}s?)$'
        WHEN directive IN ('proxy_http_version')
            THEN '^(?:1\.[01])$'
        WHEN directive IN ('proxy_pass')
            THEN '^(?:https?://(?:localhost|(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])'
                 '(?:\.(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])){3}|\[[0-9a-f:]{2,39}\])(?::[0-9]{1,5})?(?:/'
                 '(?:\.?[A-Za-z0-9_][A-Za-z0-9._@+-]*(?:/\.?[A-Za-z0-9_][A-Za-z0-9._@+-]*)*)?/?)?)$'
        WHEN directive IN ('satisfy')
            THEN '^(?:all|any)$'
        WHEN directive IN ('try_files')
            THEN '^(?:\$uri/?|=[0-9]{3}|/(?:\.?[A-Za-z0-9_][A-Za-z0-9._@+-]*'
                 '(?:/\.?[A-Za-z0-9_][A-Za-z0-9._@+-]*)*)?/?(?:\?\$args|\$is_args\$args)?)$'
    END;

CREATE FUNCTION wcp_is_directive_args(directive text, args jsonb) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, public
AS $$
BEGIN
    IF wcp_directive_pattern(directive) IS NULL OR jsonb_typeof(args) <> 'array' THEN
        RETURN false;
    END IF;
    RETURN jsonb_array_length(args) <= 20 AND NOT EXISTS (
        SELECT FROM jsonb_array_elements(args) AS arg (value)
        WHERE jsonb_typeof(arg.value) <> 'string'
            OR (arg.value #>> '{}') !~ wcp_directive_pattern(directive)
    );
END $$;

CREATE FUNCTION wcp_is_server_block(value jsonb, depth integer DEFAULT 1) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, public
AS $$
DECLARE
    item jsonb;
BEGIN
    IF value IS NULL AND depth = 1 THEN
        RETURN NULL;
    END IF;
    IF jsonb_typeof(value) IS DISTINCT FROM 'array' OR depth > 4 THEN
        RETURN false;
    ELSIF depth = 1 AND char_length(value::text) > 65536 THEN
        RETURN false;
    ELSIF jsonb_array_length(value) > 200 THEN
        RETURN false;
    END IF;
    FOR item IN SELECT jsonb_array_elements(value) LOOP
        IF jsonb_typeof(item) <> 'object' THEN
            RETURN false;
        ELSIF item - ARRAY['directive', 'args', 'block'] <> '{}'
            OR jsonb_typeof(item -> 'directive') IS DISTINCT FROM 'string'
            OR NOT wcp_is_directive_args(item ->> 'directive', coalesce(item -> 'args', '[]'))
        THEN
            RETURN false;
        ELSIF (item ->> 'directive') IN ('limit_except', 'location') THEN
            IF NOT wcp_is_server_block(item -> 'block', depth + 1) THEN
                RETURN false;
            END IF;
        ELSIF item ? 'block' THEN
            RETURN false;
        END IF;
    END LOOP;
    RETURN true;
END $$;
