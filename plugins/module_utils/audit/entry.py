# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One entry of the audit log as the writer gives it: who did what, to whose, from where, when."""

from __future__ import annotations

import dataclasses
import datetime
import ipaddress
import uuid
from collections.abc import Mapping
from typing import Any

from ansible_collections.wcp360.hosting.plugins.module_utils.audit.errors import AuditError
from ansible_collections.wcp360.hosting.plugins.module_utils.records.errors import FieldError
from ansible_collections.wcp360.hosting.plugins.module_utils.records.grammar import GRAMMARS
from ansible_collections.wcp360.hosting.plugins.module_utils.records.json_value import check_json

_TEXTS = {"action": "permission", "actor": "text", "api_key_prefix": "slug"}


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


@dataclasses.dataclass(frozen=True)
class Entry:
    """What is to be logged. Raises AuditError for a field that breaks a rule.

    ``action`` is a key such as ``domain.create``. ``actor`` is text that stays meaningful when the user is gone: an
    e-mail address, or the name of a program; it or ``actor_user_id`` must be given. ``metadata`` is a JSON object of at
    most 64 KiB without floats (give amounts in whole units, or as text), and without secrets: the log is kept for good.
    ``time`` is aware; microseconds are kept.
    """

    action: str
    actor: str | None = None
    actor_user_id: str | None = None
    api_key_prefix: str | None = None
    tenant_id: str | None = None
    metadata: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    ip_address: str | None = None
    time: datetime.datetime = dataclasses.field(default_factory=_now)
    id: str = dataclasses.field(default_factory=lambda: str(uuid.uuid4()))

    def __post_init__(self) -> None:
        """Check every field, and bring identifiers and addresses into the one form that the database returns."""
        if not self.actor and not self.actor_user_id:
            raise AuditError("audit entry: actor or actor_user_id must be given")
        for name, grammar in _TEXTS.items():
            value = getattr(self, name)
            if value is not None and not (isinstance(value, str) and GRAMMARS[grammar].accepts(value)):
                raise AuditError(f"audit entry: {name} must be {GRAMMARS[grammar].rule}")
        for name in ("id", "actor_user_id", "tenant_id"):
            object.__setattr__(self, name, _uuid(name, getattr(self, name)))
        object.__setattr__(self, "ip_address", _address(self.ip_address))
        if self.time.utcoffset() is None:
            raise AuditError("audit entry: time must have a time zone")
        object.__setattr__(self, "metadata", _metadata(self.metadata))

    def fields(self) -> dict[str, Any]:
        """Return the fields as they are signed, all of them, in plain JSON."""
        return {
            "action": self.action,
            "actor": self.actor,
            "actor_user_id": self.actor_user_id,
            "api_key_prefix": self.api_key_prefix,
            "id": self.id,
            "ip_address": self.ip_address,
            "metadata": self.metadata,
            "tenant_id": self.tenant_id,
            "time": utc_text(self.time),
        }


def utc_text(time: datetime.datetime) -> str:
    """Return an aware time as ``2026-11-23T08:00:00.000000Z``."""
    return f"{time.astimezone(datetime.UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def plain_address(text: str) -> str:
    """Return an IP address in the form that is signed: RFC 5952, and IPv4 for an IPv4-mapped IPv6 address.

    Raises ValueError.
    """
    address = ipaddress.ip_address(text)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def _uuid(name: str, value: str | None) -> str | None:
    if value is None:
        return None
    try:
        return str(uuid.UUID(value))
    except (ValueError, AttributeError, TypeError):
        raise AuditError(f"audit entry: {name} must be a UUID") from None


def _address(value: str | None) -> str | None:
    if value is None:
        return None
    if "%" not in value:
        try:
            return plain_address(value)
        except ValueError:
            pass
    raise AuditError("audit entry: ip_address must be an IPv4 or IPv6 address without a zone")


def _metadata(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return a checked copy, so that what is signed is what was checked."""
    if not isinstance(value, Mapping):
        raise AuditError("audit entry: metadata must be a mapping")
    metadata = dict(value)
    if not metadata:
        return metadata
    try:
        check_json(metadata)
    except FieldError as error:
        raise AuditError(f"audit entry: {error.about('metadata')}") from None
    return {key: _without_floats(item) for key, item in metadata.items()}


def _without_floats(value: Any) -> Any:
    if isinstance(value, float):
        raise AuditError("audit entry: metadata must not hold floats: use whole numbers or text")
    if isinstance(value, dict):
        return {key: _without_floats(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_floats(item) for item in value]
    return value
