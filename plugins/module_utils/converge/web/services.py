# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The services that the web kind drives, through systemd."""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.wcp360.hosting.plugins.module_utils.converge.systemd import (
    list_units,
    systemctl,
    systemctl_units,
)

_UNITS = "wcp360-php@*"
_NGINX = "nginx.service"


class Services:
    """nginx, and the sockets and services of the tenants' PHP. Any number of units is one call."""

    def read_units(self) -> dict[str, str]:
        """Return the loaded sockets and services of all tenants: name to active state."""
        return list_units(_UNITS)

    def start(self, units: Iterable[str]) -> dict[str, str]:
        """Start units; return those that failed with systemd's line."""
        return systemctl_units("start", units)

    def stop(self, units: Iterable[str]) -> dict[str, str]:
        """Stop units; return those that failed with systemd's line."""
        return systemctl_units("stop", units, "--quiet")

    def reload_nginx(self) -> None:
        """Have nginx read its configuration, starting it when it does not run. Raises ConvergeError."""
        systemctl("reload-or-restart", _NGINX)
