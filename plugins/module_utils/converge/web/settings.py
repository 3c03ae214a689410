# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role decides for all tenants of a node, and where the web files of a tenant are."""

from __future__ import annotations

import dataclasses
import os

from ansible_collections.wcp360.hosting.plugins.module_utils.converge.runner import Paths


@dataclasses.dataclass(frozen=True)
class WebSettings:
    """What the role decides for all tenants of a node.

    ``php_children_max``: PHP workers of one tenant, at most. ``php_memory_limit_mb``: memory_limit of one PHP
    request, at most, in MiB. ``php_idle_seconds``: how long a PHP worker waits for its next request.
    ``php_request_seconds``: when a PHP request is ended. ``php_open_basedir``: whether PHP itself keeps to the tenant's
    home, besides the kernel. ``body_max_mb``: size of a request's body, in MiB. ``self_signed_days``: how long a
    self-signed certificate is valid. ``web_group``: the group of nginx's workers. ``reload_seconds``: how long nginx
    may take to have a new configuration in force.
    """

    php_children_max: int = 64
    php_memory_limit_mb: int = 256
    php_idle_seconds: int = 30
    php_request_seconds: int = 300
    php_open_basedir: bool = False
    body_max_mb: int = 64
    self_signed_days: int = 825
    web_group: str = "www-data"
    reload_seconds: int = 60


@dataclasses.dataclass(frozen=True)
class WebPaths:
    """Where the web kind keeps what it writes; ``nginx_main`` is the directory of nginx.conf."""

    base: Paths = dataclasses.field(default_factory=Paths)
    nginx_main: str = "/etc/nginx"

    @property
    def nginx(self) -> str:
        """The directory of the collection's nginx configuration."""
        return os.path.join(self.base.etc, "nginx")

    @property
    def rows(self) -> str:
        """The directory of the tenants' rows."""
        return os.path.join(self.nginx, "vhosts.d")

    @property
    def custom(self) -> str:
        """The directory of the server blocks of single domains, one directory per tenant."""
        return os.path.join(self.nginx, "custom.d")

    @property
    def config_id(self) -> str:
        """The file that names the configuration nginx is to have in force."""
        return os.path.join(self.nginx, "config-id.conf")

    @property
    def certificates(self) -> str:
        """The directory of certificates with their keys."""
        return os.path.join(self.base.etc, "tls")

    @property
    def pools(self) -> str:
        """The directory of the PHP-FPM configurations."""
        return os.path.join(self.base.etc, "php")

    @property
    def enabled_sockets(self) -> str:
        """The directory of the links to sockets that are opened at boot."""
        return os.path.join(self.base.systemd, "sockets.target.wants")

    @property
    def probe(self) -> str:
        """The Unix socket on which nginx tells what it has in force."""
        return os.path.join(self.base.run, "probe", "nginx.sock")

    def rows_of(self, uid: int) -> str:
        """Return the file with a tenant's rows."""
        return os.path.join(self.rows, f"{uid}.map")

    def custom_of(self, uid: int, fqdn: str) -> str:
        """Return the file with a domain's own server block."""
        return os.path.join(self.custom, str(uid), f"{fqdn}.conf")

    def certificate_of(self, fqdn: str) -> str:
        """Return the file with a domain's certificate and key."""
        return os.path.join(self.certificates, f"{fqdn}.pem")

    def pool_of(self, uid: int) -> str:
        """Return the PHP-FPM configuration of a tenant."""
        return os.path.join(self.pools, f"{uid}.conf")

    def php_socket_of(self, uid: int) -> str:
        """Return the Unix socket of a tenant's PHP."""
        return os.path.join(self.base.run, "php", f"{uid}.sock")

    def home_of(self, uid: int) -> str:
        """Return a tenant's home directory."""
        return os.path.join(self.base.tenant(uid), "home")
