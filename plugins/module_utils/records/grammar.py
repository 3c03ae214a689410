# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One grammar per kind of text field.

Tenant text is never code: each text field has exactly one grammar, and the same grammar is enforced by a
PostgreSQL CHECK (``<table>_<field>_is_<grammar>``), by the Python records, and by quoting where the text is used.
Patterns use only what Python's ``re`` and PostgreSQL's advanced regular expressions read alike, and always
match the whole value; a test compares the two, pattern by pattern.
"""

from __future__ import annotations

import dataclasses
import re

_LABEL = r"(?:xn--[a-z0-9](?:[a-z0-9-]{0,57}[a-z0-9])?|(?![a-z0-9]{2}--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)"
_TOP = r"(?:xn--[a-z0-9](?:[a-z0-9-]{0,57}[a-z0-9])?|(?![a-z0-9]{2}--)[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?)"
_HOST = rf"{_LABEL}(?:\.{_LABEL})*"
_FQDN = rf"(?:{_LABEL}\.)+{_TOP}"
_LOCAL = r"[a-z0-9_](?:[a-z0-9_+-]*)(?:\.[a-z0-9_+-]+)*"
_SEGMENT = r"\.?[A-Za-z0-9_][A-Za-z0-9._@+-]*"
_URL_TAIL = r"[A-Za-z0-9._~%!&()*+,=:@/-]*"
_CRON_FIELD = r"[0-9A-Za-z*,/-]+"

# Control characters, and the Unicode line and paragraph separators that some readers take for a line end.
_PRINTABLE = r"[^\u0000-\u001f\u007f-\u009f\u2028\u2029]"

# Accounts that Debian's base system or the packages of a node own.
RESERVED_ACCOUNTS = (
    "root|daemon|bin|sys|sync|games|man|lp|mail|news|uucp|proxy|www-data|backup|list|irc|gnats|nobody|admin|"
    "messagebus|sshd|mysql|mariadb|postgres|postfix|postdrop|dovecot|dovenull|vmail|opendkim|nginx|redis|"
    "systemd-network|systemd-resolve|systemd-timesync|systemd-journal|adm|tty|disk|kmem|dialout|fax|voice|cdrom|"
    "floppy|tape|sudo|audio|dip|operator|src|shadow|utmp|video|sasl|plugdev|staff|users|nogroup|input|sgx|kvm|"
    "render|crontab|netdev|ssl-cert|wcp360"
)


@dataclasses.dataclass(frozen=True)
class Grammar:
    """What a text field may hold.

    ``pattern`` matches the whole value, ``max_length`` counts characters, ``rule`` completes the sentence
    "``<field>`` must be ...".
    """

    name: str
    pattern: str
    max_length: int
    rule: str

    def accepts(self, value: str) -> bool:
        """Tell whether ``value`` is in the grammar."""
        return len(value) <= self.max_length and re.fullmatch(self.pattern, value) is not None and is_unicode(value)


def is_unicode(value: str) -> bool:
    """Tell a text from a Python string with lone surrogates, which no file and no database takes."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _grammars(*grammars: Grammar) -> dict[str, Grammar]:
    return {grammar.name: grammar for grammar in grammars}


GRAMMARS = _grammars(
    Grammar(
        "name",
        r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?",
        255,
        "letters, digits, dots, underscores and hyphens, beginning and ending with a letter or digit, at most 255 long",
    ),
    Grammar(
        "account",
        rf"(?!(?:{RESERVED_ACCOUNTS})$)[a-z](?:[a-z0-9_-]*[a-z0-9])?",
        32,
        "a Linux account name: a lower-case letter, then lower-case letters, digits, hyphens and underscores, at most"
        " 32 long, and not one of the system's own accounts",
    ),
    Grammar(
        "login",
        r"[a-z_][a-z0-9_.-]*",
        32,
        "a login name: a lower-case letter or underscore, then lower-case letters, digits, underscores, dots and"
        " hyphens, at most 32 long",
    ),
    Grammar(
        "slug",
        r"[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?",
        63,
        "lower-case letters, digits, hyphens and underscores, beginning and ending with a letter or digit, at most 63"
        " long",
    ),
    Grammar(
        "hostname",
        _HOST,
        253,
        "a host name: dot-separated labels of lower-case letters, digits and hyphens (RFC 1123)",
    ),
    Grammar(
        "address",
        rf"(?:{_HOST}|[0-9a-f:.]*:[0-9a-f:.]+)",
        253,
        "a host name, an IPv4 address or an IPv6 address",
    ),
    Grammar(
        "fqdn",
        _FQDN,
        245,
        "a fully qualified domain name of at least two labels; at most 245 long, so that it can be"
        " part of a file's name; internationalised names in their A-label (xn--) form (RFC 5891)",
    ),
    Grammar(
        "email",
        rf"(?=[^@]{{1,64}}@){_LOCAL}@{_FQDN}",
        254,
        "a lower-case e-mail address: at most 64 letters, digits and . _ + - before the @, a domain name after it",
    ),
    Grammar(
        "database_name",
        r"[a-z][a-z0-9_]*",
        63,
        "a lower-case letter, then lower-case letters, digits and underscores, at most 63 long",
    ),
    Grammar(
        "permission",
        r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*",
        100,
        "a permission key of two parts, for example domain.create",
    ),
    Grammar(
        "cron",
        rf"(?:@(?:yearly|annually|monthly|weekly|daily|midnight|hourly)|{_CRON_FIELD}(?: {_CRON_FIELD}){{4}})",
        255,
        "five cron fields separated by single spaces, or one of @yearly @annually @monthly @weekly @daily @midnight"
        " @hourly",
    ),
    Grammar(
        "command",
        rf"{_PRINTABLE}+",
        4096,
        "one line of at most 4096 characters without control characters",
    ),
    Grammar(
        "text",
        rf"{_PRINTABLE}*",
        1024,
        "one line of at most 1024 characters without control characters",
    ),
    Grammar(
        "relative_path",
        rf"{_SEGMENT}(?:/{_SEGMENT})*",
        512,
        "a relative path of letters, digits and . _ @ + - whose parts do not begin with two dots or a hyphen",
    ),
    Grammar(
        "url",
        rf"https?://{_HOST}(?::[0-9]{{1,5}})?(?:/{_URL_TAIL})?(?:\?{_URL_TAIL})?(?:#{_URL_TAIL})?",
        1024,
        "an http or https URL with a host name, without spaces, quotes, semicolons, dollar signs, braces or"
        " backslashes",
    ),
    Grammar(
        "password_hash",
        r"\$argon2(?:id|i|d)\$v=[0-9]{1,3}\$m=[1-9][0-9]{0,5},t=[1-9][0-9]?,p=[1-9][0-9]?"
        r"(?:\$[A-Za-z0-9+/]{11,86}){2}|\$2[aby]\$(?:0[4-9]|1[0-9])\$[A-Za-z0-9./]{53}",
        255,
        "an argon2 or bcrypt hash in modular crypt format ($argon2id$... or $2b$...), with at most 1 GB of memory and"
        " 99 passes, or a cost of at most 19",
    ),
    Grammar(
        "sha256",
        r"[0-9a-f]{64}",
        64,
        "a SHA-256 digest: 64 lower-case hexadecimal digits",
    ),
    Grammar(
        "time_zone",
        r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+)*",
        63,
        "an IANA time zone name, for example Europe/Paris",
    ),
)
