-- SPDX-License-Identifier: GPL-3.0-or-later
-- Copyright (c) 2026, WCP360 contributors
--
-- One function per grammar of plugins/module_utils/records/grammar.py, with the same pattern and length. Every text
-- column has a CHECK named <table>_<field>_is_<grammar> that calls one of them, so that plain SQL is refused like a
-- module's input, with a message that names the field and the rule.

CREATE FUNCTION wcp_is_name(value text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN char_length(value) <= 255
        AND value ~ '^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)$';

CREATE FUNCTION wcp_is_account(value text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN char_length(value) <= 32
        AND value ~ '^(?:(?!(?:root|daemon|bin|sys|sync|games|man|lp|mail|news|uucp|proxy|www-data|backup|list|irc'
            '|gnats|nobody|admin|messagebus|sshd|mysql|mariadb|postgres|postfix|postdrop|dovecot|dovenull'
            '|vmail|opendkim|nginx|redis|systemd-network|systemd-resolve|systemd-timesync|systemd-journal'
            '|adm|tty|disk|kmem|dialout|fax|voice|cdrom|floppy|tape|sudo|audio|dip|operator|src|shadow|utmp'
            '|video|sasl|plugdev|staff|users|nogroup|input|sgx|kvm|render|crontab|netdev|ssl-cert'
            '|wcp360)$)[a-z](?:[a-z0-9_-]*[a-z0-9])?)$';

CREATE FUNCTION wcp_is_login(value text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN char_length(value) <= 32
        AND value ~ '^(?:[a-z_][a-z0-9_.-]*)$';

CREATE FUNCTION wcp_is_slug(value text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN char_length(value) <= 63
        AND value ~ '^(?:[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?)$';

CREATE FUNCTION wcp_is_hostname(value text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN char_length(value) <= 253
        AND value ~ '^(?:(?:xn--[a-z0-9](?:[a-z0-9-]{0,57}[a-z0-9])?|(?![a-z0-9]{2}--)[a-z0-9]'
            '(?:[a-z0-9-]{0,61}[a-z0-9])?)(?:\.(?:xn--[a-z0-9](?:[a-z0-9-]{0,57}[a-z0-9])?'
            '|(?![a-z0-9]{2}--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?))*)$';

CREATE FUNCTION wcp_is_address(value text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN char_length(value) <= 253
        AND value ~ '^(?:(?:(?:xn--[a-z0-9](?:[a-z0-9-]{0,57}[a-z0-9])?|(?![a-z0-9]{2}--)[a-z0-9]'
            '(?:[a-z0-9-]{0,61}[a-z0-9])?)(?:\.(?:xn--[a-z0-9](?:[a-z0-9-]{0,57}[a-z0-9])?'
            '|(?![a-z0-9]{2}--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?))*|[0-9a-f:.]*:[0-9a-f:.]+))$';

CREATE FUNCTION wcp_is_fqdn(value text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN char_length(value) <= 245
        AND value ~ '^(?:(?:(?:xn--[a-z0-9](?:[a-z0-9-]{0,57}[a-z0-9])?|(?![a-z0-9]{2}--)[a-z0-9]'
            '(?:[a-z0-9-]{0,61}[a-z0-9])?)\.)+(?:xn--[a-z0-9](?:[a-z0-9-]{0,57}[a-z0-9])?'
            '|(?![a-z0-9]{2}--)[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?))$';

CREATE FUNCTION wcp_is_email(value text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN char_length(value) <= 254
        AND value ~ '^(?:(?=[^@]{1,64}@)[a-z0-9_](?:[a-z0-9_+-]*)(?:\.[a-z0-9_+-]+)*@(?:(?:xn--[a-z0-9]'
            '(?:[a-z0-9-]{0,57}[a-z0-9])?|(?![a-z0-9]{2}--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)\.)+'
            '(?:xn--[a-z0-9](?:[a-z0-9-]{0,57}[a-z0-9])?|(?![a-z0-9]{2}--)[a-z]'
            '(?:[a-z0-9-]{0,61}[a-z0-9])?))$';

CREATE FUNCTION wcp_is_database_name(value text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN char_length(value) <= 63
        AND value ~ '^(?:[a-z][a-z0-9_]*)$';

CREATE FUNCTION wcp_is_permission(value text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN char_length(value) <= 100
        AND value ~ '^(?:[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*)$';

CREATE FUNCTION wcp_is_cron(value text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN char_length(value) <= 255
        AND value ~ '^(?:(?:@(?:yearly|annually|monthly|weekly|daily|midnight|hourly)|[0-9A-Za-z*,/-]+'
            '(?: [0-9A-Za-z*,/-]+){4}))$';

CREATE FUNCTION wcp_is_command(value text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN char_length(value) <= 4096
        AND value ~ '^(?:[^\u0000-\u001f\u007f-\u009f\u2028\u2029]+)$';

CREATE FUNCTION wcp_is_text(value text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN char_length(value) <= 1024
        AND value ~ '^(?:[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*)$';

CREATE FUNCTION wcp_is_relative_path(value text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN char_length(value) <= 512
        AND value ~ '^(?:\.?[A-Za-z0-9_][A-Za-z0-9._@+-]*(?:/\.?[A-Za-z0-9_][A-Za-z0-9._@+-]*)*)$';

CREATE FUNCTION wcp_is_url(value text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN char_length(value) <= 1024
        AND value ~ '^(?:https?://(?:xn--[a-z0-9](?:[a-z0-9-]{0,57}[a-z0-9])?|(?![a-z0-9]{2}--)[a-z0-9]'
            '(?:[a-z0-9-]{0,61}[a-z0-9])?)(?:\.(?:xn--[a-z0-9](?:[a-z0-9-]{0,57}[a-z0-9])?'
            '|(?![a-z0-9]{2}--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?))*(?::[0-9]{1,5})?'
            '(?:/[A-Za-z0-9._~%!&()*+,=:@/-]*)?(?:\?[A-Za-z0-9._~%!&()*+,=:@/-]*)?'
            '(?:#[A-Za-z0-9._~%!&()*+,=:@/-]*)?)$';

CREATE FUNCTION wcp_is_time_zone(value text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN char_length(value) <= 63
        AND value ~ '^(?:[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+)*)$';

-- The free part of a record: a JSON object of at most 64 kB.
CREATE FUNCTION wcp_is_metadata(value jsonb) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN jsonb_typeof(value) = 'object' AND octet_length(value::text) <= 65536;

-- Flags of a package: {"ssh": true, "git": false}.
CREATE FUNCTION wcp_is_features(value jsonb) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN jsonb_typeof(value) = 'object' THEN NOT EXISTS (
        SELECT FROM jsonb_each(value) AS feature (name, enabled)
        WHERE NOT wcp_is_slug(feature.name) OR jsonb_typeof(feature.enabled) <> 'boolean'
    ) ELSE value IS NULL END;

-- What an API key may do: ["domain.create", "tenant.read"].
CREATE FUNCTION wcp_is_scopes(value jsonb) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN jsonb_typeof(value) = 'array' THEN NOT EXISTS (
        SELECT FROM jsonb_array_elements(value) AS scope (key)
        WHERE jsonb_typeof(scope.key) <> 'string' OR NOT wcp_is_permission(scope.key #>> '{}')
    ) ELSE value IS NULL END;
