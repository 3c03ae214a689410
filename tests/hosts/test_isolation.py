# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a tenant can reach, and what it gains by tampering with its own tree: nothing of anybody else's."""

from __future__ import annotations

import pytest

from .hosting import Hosting

READ = "<?php echo @file_get_contents($_GET['path']) === false ? 'refused' : 'READ';"


@pytest.fixture(scope="module")
def pair(hosting: Hosting) -> Hosting:
    """An attacker and a victim with a secret that the victim's own web server may read."""
    for name in ("Attacker", "Victim"):
        hosting.tenant(
            name, {"fqdn": f"{name.lower()}.example"}, {"fqdn": f"static.{name.lower()}.example", "kind": "static"}
        )
    hosting.converge()
    hosting.publish("Attacker", "attacker.example", index_php=READ)
    hosting.publish("Victim", "static.victim.example", secret_txt="the victim's secret")
    return hosting


def _secret(hosting: Hosting) -> str:
    return f"{hosting.home('Victim')}/sites/static.victim.example/public/secret.txt"


def test_the_victim_s_file_is_there_to_be_stolen(pair: Hosting) -> None:
    assert pair.get("static.victim.example", "/secret.txt").first_line == "the victim's secret"
    assert (
        pair.get(
            "attacker.example", f"/?path={pair.home('Attacker')}/sites/attacker.example/public/index.php"
        ).first_line
        == "READ"
    )


def test_php_reads_no_other_tenant_and_no_system_secret(pair: Hosting) -> None:
    for path in (
        _secret(pair),
        "/etc/shadow",
        "/var/lib/wcp360/state.db",
        f"/etc/wcp360/php/{pair.uid('Victim')}.conf",
        "/var/lib/extrausers/shadow",
    ):
        assert pair.get("attacker.example", f"/?path={path}").first_line == "refused", path


def test_a_shell_does_not_enter_another_home(pair: Hosting) -> None:
    output = pair.as_tenant("Attacker", f"cat {_secret(pair)} 2>&1; ls {pair.home('Victim')} 2>&1", check=False)
    assert output.count("Permission denied") == 2


def test_a_link_out_of_the_document_root_is_not_followed(pair: Hosting) -> None:
    pair.as_tenant("Attacker", f"ln -sf {_secret(pair)} sites/static.attacker.example/public/stolen.txt")
    pair.as_tenant("Attacker", "ln -sf /etc/passwd sites/static.attacker.example/public/passwd.txt")
    pair.as_tenant("Attacker", f"ln -sfn {pair.home('Victim')}/sites sites/static.attacker.example/public/all")
    for path in ("/stolen.txt", "/passwd.txt", "/all/static.victim.example/public/secret.txt"):
        page = pair.get("static.attacker.example", path)
        assert page.status in (403, 404), path
        assert "secret" not in page.first_line, path


def test_a_document_root_that_is_a_link_shows_nothing_and_fails_only_its_tenant(pair: Hosting) -> None:
    victim = f"{pair.home('Victim')}/sites/static.victim.example"
    pair.as_tenant(
        "Attacker", f"mv sites/static.attacker.example sites/mine && ln -sfn {victim} sites/static.attacker.example"
    )
    before = pair.on_node(f"stat -c '%u %a %Z' {victim} {victim}/public")
    assert pair.get("static.attacker.example", "/secret.txt").status in (403, 404)
    pair.converge(wcp360_full=True, wcp360_fail_on_tenant_errors=False)
    assert pair.on_node(f"stat -c '%u %a %Z' {victim} {victim}/public") == before
    assert pair.get("static.attacker.example", "/secret.txt").status in (403, 404)
    assert pair.get("static.victim.example", "/secret.txt").status == 200
    pair.as_tenant("Attacker", "rm sites/static.attacker.example && mv sites/mine sites/static.attacker.example")
    assert pair.converge(wcp360_full=True) >= 0


def test_a_missing_part_of_the_path_behind_a_link_is_not_made_elsewhere(pair: Hosting) -> None:
    pair.as_tenant("Attacker", f"ln -sfn {pair.home('Victim')} escape")
    pair.tenant("Attacker", {"fqdn": "escape.example", "document_root": "escape/planted"})
    try:
        output = pair.failing_converge()
    finally:
        pair.write(domains=[{"fqdn": "escape.example", "tenant": "Attacker", "state": "absent"}])
        pair.converge()
    assert "Attacker: web: document root escape/planted: escape is a link" in output
    assert pair.on_node(f"ls {pair.home('Victim')}").split() == ["sites", "tmp"]


def test_another_tenant_s_php_socket_is_closed(pair: Hosting) -> None:
    socket = f"/run/wcp360/php/{pair.uid('Victim')}.sock"
    output = pair.as_tenant(
        "Attacker", f"python3 -c 'import socket; socket.socket(1).connect(\"{socket}\")' 2>&1", check=False
    )
    assert "PermissionError" in output


def test_php_sees_no_process_of_others(pair: Hosting) -> None:
    pair.publish(
        "Attacker", "attacker.example", ps_php="<?php foreach (glob('/proc/[0-9]*') as $p) { echo fileowner($p), ' '; }"
    )
    owners = set(pair.get("attacker.example", "/ps.php").first_line.split())
    assert owners == {str(pair.uid("Attacker"))}
