# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the inventory plugins of the record store share: reading, caching, and adding hosts natively."""
# The methods that the plugins inherit from ansible-core have no annotations.
# mypy: disallow-untyped-calls=False

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from ansible.errors import AnsibleParserError
from ansible.inventory.data import InventoryData
from ansible.inventory.group import to_safe_group_name
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible.utils.unsafe_proxy import wrap_var

from ansible_collections.wcp360.hosting.plugins.module_utils.records.actor import Credentials, resolve_credentials
from ansible_collections.wcp360.hosting.plugins.module_utils.records.errors import RecordsError
from ansible_collections.wcp360.hosting.plugins.module_utils.records.store import resolve_dsn


class RecordInventory(BaseInventoryPlugin, Constructable, Cacheable):
    """Base of the inventory plugins. A subclass says what to read and what hosts that makes."""

    config_suffix: str
    query_options: tuple[str, ...]

    def read(self, dsn: str, credentials: Credentials) -> dict[str, Any]:
        """Return what the record store has, as plain JSON values. Raises RecordsError."""
        raise NotImplementedError

    def populate(self, data: dict[str, Any]) -> None:
        """Add the hosts that ``data`` describes."""
        raise NotImplementedError

    def verify_file(self, path: str) -> bool:
        """Tell whether ``path`` is named like a configuration of this plugin."""
        endings = tuple(f"{self.config_suffix}.wcp360.{extension}" for extension in ("yml", "yaml"))
        return bool(super().verify_file(path)) and path.endswith(endings)

    def parse(self, inventory: InventoryData, loader: DataLoader, path: str, cache: bool = True) -> None:
        """Fill the inventory from the record store or, when caching is on, from the cache."""
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        self._filled = inventory
        self._groups: dict[str, str] = {}
        self._construct = any(self.get_option(name) for name in ("compose", "groups", "keyed_groups"))
        try:
            self.populate(self._cached(path, cache))
        except RecordsError as error:
            raise AnsibleParserError(f"{path}: {error}") from error

    def _cached(self, path: str, cache: bool) -> dict[str, Any]:
        dsn, user, api_key = (
            self.templar.template(self.get_option(name) or "") for name in ("dsn", "actor", "api_key")
        )
        dsn, credentials = resolve_dsn(dsn), resolve_credentials(user, api_key)
        if not self.get_option("cache"):
            return self.read(dsn, credentials)
        question = json.dumps(
            [dsn, credentials.user, credentials.api_key, *(self.get_option(name) for name in self.query_options)]
        )
        key = f"{self.get_cache_key(path)}_{hashlib.sha256(question.encode()).hexdigest()[:16]}"
        if cache and key in self._cache:
            cached: dict[str, Any] = self._cache[key]
            return cached
        data = self.read(dsn, credentials)
        self._cache[key] = data
        return data

    def add_record_host(self, name: str, groups: Iterable[str], variables: Mapping[str, Any]) -> None:
        """Add a host. No text of ``variables`` is ever a template.

        The variables are set on the host itself: `InventoryData.set_variable` prefers a group of the same name, and
        then a record named ``all`` would speak for every host.
        """
        safe = wrap_var(dict(variables))
        self._filled.add_host(name)
        host = self._filled.hosts[name]
        for variable, value in safe.items():
            host.set_variable(variable, value)
        for group in groups:
            self._filled.add_host(name, self._group(group))
        if self._construct:
            strict = self.get_option("strict")
            self._set_composite_vars(self.get_option("compose"), safe, name, strict=strict)
            self._add_host_to_composed_groups(self.get_option("groups"), safe, name, strict=strict)
            self._add_host_to_keyed_groups(self.get_option("keyed_groups"), safe, name, strict=strict)

    def _group(self, name: str) -> str:
        if name not in self._groups:
            self._groups[name] = self._filled.add_group(to_safe_group_name(name, force=True, silent=True))
        return self._groups[name]


def node_connection(node: Mapping[str, Any]) -> dict[str, Any]:
    """Return the connection variables that reach ``node``, a record."""
    return {"ansible_host": node["address"], "ansible_port": node["ssh_port"], "ansible_user": node["ssh_user"]}
