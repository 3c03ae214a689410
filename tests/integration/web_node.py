# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The web side of a node in a temporary directory: the role's own nginx templates, a real nginx, real PHP-FPM.

nginx runs as root with workers of www-data and PHP-FPM under the tenants' uids, as on a node, on ports of the loopback
interface. systemd's part (socket activation, slices, hardening) is tested on test hosts.
"""

from __future__ import annotations

import contextlib
import dataclasses
import http.client
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import jinja2
import yaml

from ansible_collections.wcp360.hosting.plugins.module_utils.converge.runner import Paths, Request, run_kind
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.state import State
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.web.kind import Web
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.web.services import Services
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.web.settings import WebPaths, WebSettings
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.web.tls import make_certificate, utc_now

ROLE = Path(__file__).parents[2] / "roles/web"
WEB_GID = 33
"""Debian's static gid of www-data (base-passwd)."""


@dataclasses.dataclass(frozen=True)
class Page:
    """An answer: status, headers by lower-case name, body."""

    status: int
    headers: Mapping[str, str]
    body: str


class NativeServices(Services):
    """Does with processes of its own what systemd does on a node."""

    def __init__(self, nginx_conf: Path, pools: Path, run: Path) -> None:
        self._nginx_conf = nginx_conf
        self._pools = pools
        self._run = run
        self._nginx: subprocess.Popen[bytes] | None = None
        self._php: dict[int, subprocess.Popen[bytes]] = {}
        self.reloads = 0

    def read_units(self) -> dict[str, str]:
        return {f"wcp360-php@{uid}.{kind}": "active" for uid in self._php for kind in ("socket", "service")}

    def start(self, units: Iterable[str]) -> dict[str, str]:
        for uid in sorted({_uid(unit) for unit in units}):
            if uid not in self._php:
                self._php[uid] = self._start_php(uid)
        return {}

    def stop(self, units: Iterable[str]) -> dict[str, str]:
        units = list(units)
        for uid in {_uid(unit) for unit in units}:
            if uid in self._php:
                _end(self._php.pop(uid), signal.SIGQUIT)
                (self._run / f"php/{uid}.sock").unlink(missing_ok=True)
            if f"wcp360-php@{uid}.socket" not in units:  # on a node the next request starts it again
                self._php[uid] = self._start_php(uid)
        return {}

    def reload_nginx(self) -> None:
        self.reloads += 1
        if self._nginx is None or self._nginx.poll() is not None:
            command = ["nginx", "-c", str(self._nginx_conf), "-g", "daemon off;"]
            self._nginx = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        else:
            self._nginx.send_signal(signal.SIGHUP)

    def end(self) -> None:
        """End everything that was started."""
        for process in self._php.values():
            _end(process, signal.SIGTERM)
        if self._nginx is not None:
            _end(self._nginx, signal.SIGTERM)

    def _start_php(self, uid: int) -> subprocess.Popen[bytes]:
        path = self._run / f"php/{uid}.sock"
        path.unlink(missing_ok=True)
        as_tenant = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"]
        fpm = ["php-fpm8.2", "--nodaemonize", "--fpm-config", str(self._pools / f"{uid}.conf")]
        activate = ["systemd-socket-activate", f"--listen={path}", f"--setenv=FPM_SOCKETS={path}=3"]
        process = subprocess.Popen([*activate, *as_tenant, *fpm], stderr=subprocess.DEVNULL)
        wait_until(path.exists)
        os.chown(path, 0, WEB_GID)
        path.chmod(0o660)
        return process


class WebNode:
    """A node's web side below one directory."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.paths = Paths(
            etc=str(root / "etc/wcp360"),
            systemd=str(root / "etc/systemd"),
            run=str(root / "run"),
            lib=str(root / "lib"),
            extrausers=str(root / "extrausers"),
            data=str(root / "srv"),
        )
        self.web = WebPaths(self.paths, str(root / "etc/nginx"))
        self.http_port, self.https_port = _free_ports(2)
        self.services = NativeServices(root / "etc/nginx/nginx.conf", Path(self.web.pools), root / "run")
        self.settings = WebSettings(php_idle_seconds=2)
        self._lay_out()

    def converge(self, *tenants: Mapping[str, Any], full: bool = False, check: bool = False) -> dict[str, Any]:
        """Run the web kind for these tenants and return the module's result."""
        run = str(uuid.uuid4())
        document = self.root / "desired.json"
        node = {"id": str(uuid.UUID(int=0)), "name": "node1"}
        document.write_text(
            json.dumps({"format": 1, "run": run, "token": 1, "node": node, "full": full, "tenants": tenants})
        )
        with State(self.paths.state) as state:
            state.begin_run(run, 1)
        kind = Web(self.settings, self.services, self.web.nginx_main)
        return run_kind(kind, Request(str(document), check=check, details=True), self.paths)

    def make_home(self, uid: int) -> Path:
        """Make a tenant's directories as the kind accounts makes them."""
        base = Path(self.paths.tenant(uid))
        for path, owner, group, mode in (
            (base, 0, 0, 0o711),
            (base / "home", uid, WEB_GID, 0o710),
            (base / "home/sites", uid, uid, 0o755),
            (base / "home/tmp", uid, uid, 0o700),
        ):
            path.mkdir(exist_ok=True)
            os.chown(path, owner, group)
            path.chmod(mode)
        return base / "home"

    def write(self, uid: int, path: str, content: str) -> Path:
        """Write a file of a tenant below its home, with its directories."""
        home = Path(self.web.home_of(uid))
        target = home / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content)
        for made in (target, *target.parents):
            if made == home:
                break
            os.chown(made, uid, uid)
        return target

    def get(
        self, host: str, path: str = "/", tls: bool = False, method: str = "GET", sni: str | None = None, **headers: str
    ) -> Page:
        """Ask nginx for a page."""
        port = self.https_port if tls else self.http_port
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        with contextlib.closing(connection):
            if tls:
                connection.connect()
                context = ssl.create_default_context()
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                connection.sock = context.wrap_socket(connection.sock, server_hostname=host if sni is None else sni)
            connection.putrequest(method, path, skip_host=True)
            for name, value in {"Host": host, **headers}.items():
                connection.putheader(name.replace("_", "-"), value)
            connection.endheaders()
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Page(answer.status, found, answer.read().decode("utf-8", "replace"))

    def certificate(self, sni: str) -> bytes:
        """Return the certificate (DER) that nginx shows for a name."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with (
            socket.create_connection(("127.0.0.1", self.https_port), timeout=10) as plain,
            context.wrap_socket(plain, server_hostname=sni) as secure,
        ):
            return secure.getpeercert(binary_form=True) or b""

    def _lay_out(self) -> None:
        nginx = Path(self.web.nginx)
        main = self.root / "etc/nginx"
        for folder in (
            self.web.rows,
            self.web.custom,
            self.web.certificates,
            self.web.pools,
            self.paths.data + "/tenants",
        ):
            Path(folder).mkdir(parents=True)
        for below in ("run/php", "run/probe", "log", "lib", "extrausers", "etc/systemd", "etc/nginx/conf.d"):
            (self.root / below).mkdir(parents=True)
        os.chown(self.web.certificates, 0, WEB_GID)
        shutil.copy("/etc/nginx/mime.types", main)
        (main / "modules-enabled").mkdir()
        (main / "wcp360").symlink_to(nginx)
        self._render("nginx/nginx.conf.j2", main / "nginx.conf")
        for template in (ROLE / "templates/nginx").rglob("*.j2"):
            name = template.relative_to(ROLE / "templates/nginx").with_suffix("")
            if str(name) != "nginx.conf":
                self._render(f"nginx/{name}.j2", nginx / name)
        (nginx / "config-id.conf").write_text('map "" $wcp_config_id {\n    default "none";\n}\n')
        default = Path(self.web.certificate_of("default"))
        default.write_bytes(make_certificate("default.invalid", 365, utc_now()))

    def _render(self, template: str, target: Path) -> None:
        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(ROLE / "templates"),
            trim_blocks=True,
            keep_trailing_newline=True,
            undefined=jinja2.StrictUndefined,
        )
        variables = {
            **yaml.safe_load((ROLE / "defaults/main.yml").read_text()),
            **yaml.safe_load((ROLE / "vars/main.yml").read_text()),
            "web_http_port": self.http_port,
            "web_https_port": self.https_port,
            "web_ipv6": False,
            "__web_etc_dir": self.paths.etc,
            "__web_run_dir": self.paths.run,
            "__web_data_dir": self.paths.data,
            "__web_log_dir": str(self.root / "log"),
            "__web_pid_file": str(self.root / "nginx.pid"),
        }
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(environment.get_template(template).render(variables))


def domain(fqdn: str, **changes: Any) -> dict[str, Any]:
    """Return a PHP site as it stands in a desired document."""
    entry = {
        "fqdn": fqdn,
        "status": "active",
        "kind": "php",
        "document_root": f"sites/{fqdn}/public",
        "redirect_to": None,
        "redirect_code": 301,
        "tls": "off",
        "server_block": None,
    }
    return {**entry, **changes}


def tenant(number: int, *domains: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """Return tenant ``number`` (uid 200000 + number) as it stands in a desired document."""
    entry = {
        "id": str(uuid.UUID(int=number)),
        "name": f"Tenant-{number}",
        "account": f"t{200000 + number}",
        "uid": 200000 + number,
        "generation": 1,
        "state": "present",
        "status": "active",
        "time_zone": "UTC",
        "package": "basic",
        "limits": {"max_domains": 5, "max_disk_mb": 100, "max_cpu_pct": 20, "max_mem_mb": 256, "features": {}},
        "domains": domains,
    }
    return {**entry, **changes}


@contextlib.contextmanager
def running_node() -> Iterator[WebNode]:
    """A node in a directory that nginx's workers can enter, which pytest's are not."""
    with tempfile.TemporaryDirectory(prefix="wcp360-web-") as folder:
        os.chmod(folder, 0o755)
        node = WebNode(Path(folder))
        try:
            yield node
        finally:
            node.services.end()


def _uid(unit: str) -> int:
    return int(unit.partition("@")[2].partition(".")[0])


def _end(process: subprocess.Popen[bytes], how: signal.Signals) -> None:
    process.send_signal(how)
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _number in range(count)]
        for opened in sockets:
            opened.bind(("127.0.0.1", 0))
        return [opened.getsockname()[1] for opened in sockets]


def wait_until(condition: Any, seconds: float = 10.0) -> None:
    """Wait until ``condition()`` is true. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds} seconds")
        time.sleep(0.05)
