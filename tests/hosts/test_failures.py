# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong stays where it went wrong, is named, and is mended by the next run."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time

import pytest
from lab.lab import CACHE, PlaybookFailedError

from testhosts.errors import ToolError

from .hosting import NODE, Hosting


@pytest.fixture(scope="module")
def trio(hosting: Hosting) -> Hosting:
    """Three tenants that are served."""
    for name in ("One", "Two", "Three"):
        hosting.tenant(name, {"fqdn": f"{name.lower()}.example", "kind": "static"})
    hosting.converge()
    for name in ("One", "Two", "Three"):
        hosting.publish(name, f"{name.lower()}.example", index_html=name)
    return hosting


def _served(hosting: Hosting) -> list[str]:
    return [hosting.get(f"{name}.example").first_line for name in ("one", "two", "three")]


def test_a_server_block_that_nginx_refuses_stays_out(trio: Hosting) -> None:
    trio.tenant(
        "One", {"fqdn": "one.example", "server_block": [{"directive": "add_header", "args": ["X-One", "good"]}]}
    )
    trio.converge()
    bad = [{"directive": "expires", "args": ["12y", "12y", "12y"]}]
    trio.tenant("One", {"fqdn": "one.example", "server_block": bad}, {"fqdn": "more.one.example"})
    trio.tenant("Two", {"fqdn": "more.two.example", "kind": "static"})
    output = trio.failing_converge()
    assert "One: web: one.example" in output
    assert "expires" in output
    generation, observed, error = trio.state("One")
    assert observed < generation
    assert error is not None
    assert "one.example" in error
    assert trio.state("Two")[2] is None
    assert trio.get("more.two.example").status == 200, "all others converge"
    assert trio.get("more.one.example").status == 404, "the tenant keeps its last good state as a whole"
    headers = trio.on_node("curl -s -o /dev/null -D - -H 'Host: one.example' http://localhost/")
    assert "X-One: good" in headers

    trio.tenant("One", {"fqdn": "one.example", "server_block": None})
    trio.converge()
    assert trio.state("One")[2] is None
    assert _served(trio) == ["One", "Two", "Three"]


def test_an_account_name_that_the_node_has_already_fails_its_tenant(trio: Hosting) -> None:
    trio.on_node("getent passwd localadmin > /dev/null || useradd --system localadmin")
    trio.tenant("Clash", account="localadmin")
    output = trio.failing_converge()
    assert "Clash: accounts: account localadmin is taken on this node" in output
    assert _served(trio) == ["One", "Two", "Three"]
    trio.write(tenants=[{"name": "Clash", "state": "absent"}])
    trio.converge(wcp360_fail_on_tenant_errors=False)


def test_a_node_that_cannot_be_reached_loses_nothing(trio: Hosting) -> None:
    trio.tenant("Three", {"fqdn": "later.three.example", "kind": "static"})
    with pytest.raises(PlaybookFailedError, match=r"UNREACHABLE|unreachable=1"):
        trio.lab.converge("--extra-vars", "ansible_port=9")
    generation, observed, _error = trio.state("Three")
    assert observed < generation
    trio.converge()
    assert trio.get("later.three.example").status == 200


def test_a_record_store_that_is_away_is_named(trio: Hosting) -> None:
    with pytest.raises(PlaybookFailedError, match="cannot connect to the record store"):
        trio.lab.converge(wcp360_dsn="host=/nonexistent dbname=wcp360_prod")


def test_a_node_wide_failure_is_written_to_its_tenants_and_mended(trio: Hosting) -> None:
    trio.on_node("mv /etc/nginx/nginx.conf /etc/nginx/nginx.conf.away")
    try:
        trio.tenant("Two", {"fqdn": "two.example", "status": "disabled"})
        output = trio.failing_converge()
        assert "nginx" in output
        assert "nginx" in str(trio.state("Two")[2])
    finally:
        trio.on_node("mv /etc/nginx/nginx.conf.away /etc/nginx/nginx.conf")
    assert trio.get("two.example").status == 200, "nothing was half done"
    trio.tenant("Two", {"fqdn": "two.example", "status": "active"})
    trio.converge()
    assert trio.state("Two")[2] is None


def test_a_change_during_a_converge_is_applied_by_the_next(trio: Hosting) -> None:
    process = _start_converge(trio, wcp360_full=True)
    while not trio.on_node("ls /run/wcp360/desired", check=False):
        assert process.poll() is None, "the converge ended before it delivered anything"
    trio.tenant("Three", {"fqdn": "during.three.example", "kind": "static"})
    assert process.wait() == 0
    generation, observed, _error = trio.state("Three")
    assert observed < generation
    trio.converge()
    assert trio.get("during.three.example").status == 200


def test_a_second_converge_waits_for_the_first(trio: Hosting) -> None:
    trio.tenant("One", {"fqdn": "both.one.example", "kind": "static"})
    first, second = _start_converge(trio, wcp360_full=True), _start_converge(trio, wcp360_full=True)
    assert (first.wait(), second.wait()) == (0, 0)
    assert trio.state("One")[0] == trio.state("One")[1]


def _start_converge(hosting: Hosting, **variables: bool) -> subprocess.Popen[bytes]:
    extra = " ".join(f"{key}={str(value).lower()}" for key, value in variables.items())
    command = [
        "ansible-playbook",
        "--inventory",
        str(hosting.lab.inventory),
        "--extra-vars",
        extra,
        "wcp360.hosting.converge",
    ]
    log = CACHE / "lab" / "started.log"
    with log.open("ab") as stream:
        return subprocess.Popen(
            command,
            env=hosting.lab.environment,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


KILLS = 8


def test_killing_the_controller_at_any_point_is_mended_by_the_next_run(trio: Hosting) -> None:
    names = [f"kill{n}.one.example" for n in range(5)]
    began = time.monotonic()
    trio.tenant("One", *[{"fqdn": name, "kind": "static"} for name in names])
    trio.converge()
    whole = time.monotonic() - began
    # Seeded, so that a failure can be had again; spread over the whole run, so that every task is hit.
    moments = [whole * (n + random.Random(n).random()) / KILLS for n in range(KILLS)]
    for number, moment in enumerate(moments):
        status = "disabled" if number % 2 == 0 else "active"
        trio.tenant("One", *[{"fqdn": name, "status": status} for name in names])
        process = _start_converge(trio)
        try:
            process.wait(timeout=moment)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        assert _served(trio) == ["One", "Two", "Three"]
        trio.on_node("nginx -t -q")
        trio.converge()
        assert {trio.get(name).status for name in names} == {404 if status == "disabled" else 200}
        assert trio.state("One")[0] == trio.state("One")[1]
    assert trio.on_node("find /etc /var/lib/extrausers /var/lib/wcp360 -path '*staging*' -o -name '*.part'") == ""
    assert trio.on_node("ls /run/wcp360/desired") == ""


# Waits for a bulk module to hold the node's lock, lets it work for $1 seconds, and kills it.
KILL_MODULE = r"""
inode=$(stat -c %i /run/wcp360/converge.lock)
for n in $(seq 300); do
    pid=$(awk -v inode=":$inode" '$2 == "FLOCK" && $6 ~ inode "$" {print $5; exit}' /proc/locks)
    [ -n "$pid" ] && sleep "$1" && kill -9 "$pid" && echo killed && exit
    sleep 0.02
done
"""


def test_killing_the_module_at_any_point_is_mended_by_the_next_run(trio: Hosting) -> None:
    names = [f"module{n}.two.example" for n in range(5)]
    killed = 0
    for number in range(6):
        status = "disabled" if number % 2 else "active"
        trio.tenant("Two", *[{"fqdn": name, "kind": "static", "status": status, "tls": "on"} for name in names])
        process = _start_converge(trio)
        command = ["sh", "-c", KILL_MODULE, "sh", f"{number * 0.04:.2f}"]
        killed += trio.lab.host(NODE).run(command, check=False).stdout.count("killed")
        process.wait()
        assert _served(trio) == ["One", "Two", "Three"]
        trio.on_node("nginx -t -q")
        trio.converge()
        assert {trio.get(name).status for name in names} == {404 if status == "disabled" else 200}
    assert killed, "no module was hit"


def test_a_deleted_state_costs_one_full_converge(trio: Hosting) -> None:
    trio.on_node("rm -f /var/lib/wcp360/state.db*")
    trio.tenant("One", {"fqdn": "after.one.example", "kind": "static"})
    trio.converge()
    assert trio.get("after.one.example").status == 200
    assert trio.converge(wcp360_full=True) == 0
    assert _served(trio) == ["One", "Two", "Three"]


def test_what_no_record_knows_is_gone_after_a_full_converge(trio: Hosting) -> None:
    trio.tenant("Stray", {"fqdn": "stray.example"})
    trio.converge()
    trio.publish("Stray", "stray.example", index_php="<?php echo 'stray';")
    assert trio.get("stray.example").first_line == "stray"
    uid = trio.uid("Stray")
    trio.sql("DELETE FROM tenants WHERE name = 'Stray'")
    assert trio.converge() == 0, "only a full converge looks for what no record knows"
    trio.converge(wcp360_full=True)
    assert trio.get("stray.example").status == 404
    assert trio.on_node(f"pgrep -u {uid}; systemctl list-units --all --no-legend '*{uid}*'", check=False) == ""
    traces = "/etc/systemd/system /etc/wcp360 /run/wcp360 /run/systemd/system.control"
    assert trio.on_node(f"find {traces} -name '*{uid}*' 2> /dev/null", check=False) == ""
    assert trio.on_node(f"ls /srv/wcp360/tenants/{uid}/home/sites") == "stray.example", "data is nobody's to delete"
    assert _served(trio) == ["One", "Two", "Three"]


def test_the_node_after_a_reboot_serves_as_before(trio: Hosting) -> None:
    boot = trio.on_node("cat /proc/sys/kernel/random/boot_id")
    trio.on_node("systemctl reboot", check=False)
    deadline = time.monotonic() + 120
    while True:
        try:
            if (
                trio.on_node("cat /proc/sys/kernel/random/boot_id; systemctl is-active nginx", check=True).split()[0]
                != boot
            ):
                break
        except ToolError:
            assert time.monotonic() < deadline, "the node did not come back"
        time.sleep(1)
    assert _served(trio) == ["One", "Two", "Three"]
    assert trio.converge(wcp360_full=True) == 0, "the boot brings back all that the records ask for"
    assert trio.on_node("hostname") == NODE
