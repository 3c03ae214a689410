"""Starting one host, waiting until it works, and stopping it."""

import os
import shutil
import socket
import subprocess
import time
import uuid
from pathlib import Path

from testhosts import ssh
from testhosts.command import run, tail
from testhosts.errors import ToolError
from testhosts.network import Network, add_tap, remove_tap
from testhosts.paths import Layout
from testhosts.process import kill_session, read_stat, wait_until_dead
from testhosts.seed import hosts_file, make_key, network_file, write_seed
from testhosts.state import HostState, save_host
from testhosts.uml import Machine, console_log, start

_READY_WITHIN = 120.0
_POWEROFF_WITHIN = 20.0


def boot(layout: Layout, planned: HostState, base: Path, data_size: int) -> HostState:
    """Makes a host's disks and starts its kernel. `planned` says all but the process and the host's key."""
    directory = layout.host(planned.group, planned.name)
    shutil.rmtree(directory, ignore_errors=True)
    (directory / "hostfs").mkdir(parents=True)
    network = Network(planned.network)
    machine = Machine(
        name=planned.name,
        memory=planned.memory,
        cpu=planned.cpu,
        base=base,
        directory=directory,
        network=network,
        number=planned.number,
        machine_id=uuid.uuid4().hex,
    )
    _make_data_disk(machine.data_disk, data_size)
    public_key = _make_seed(layout, machine)
    add_tap(network, planned.number)
    pid = start(machine)
    stat = read_stat(pid)
    if stat is None:
        raise ToolError(f"{planned.name} did not start:\n{console_tail(directory)}")
    state = HostState(**{**vars(planned), "pid": pid, "started": stat.started, "public_key": public_key})
    save_host(layout, state)
    return state


def _make_data_disk(disk: Path, size: int) -> None:
    with disk.open("wb") as handle:
        os.truncate(handle.fileno(), size)
    run(["mkfs.xfs", "-q", "-L", "wcp360-data", str(disk)])


def _make_seed(layout: Layout, machine: Machine) -> str:
    address = machine.network.host(machine.number)
    host_key = machine.directory / "ssh_host_ed25519_key"
    make_key(host_key, machine.name)
    public_key = host_key.with_suffix(".pub").read_text()
    network_text = network_file(machine.network.mac(machine.number), str(address))
    write_seed(
        machine.seed_disk,
        {
            "etc/hostname": (0o644, f"{machine.name}\n".encode()),
            "etc/hosts": (0o644, hosts_file(machine.name, str(address.ip)).encode()),
            "etc/systemd/network/10-testhost.network": (0o644, network_text.encode()),
            "etc/ssh/ssh_host_ed25519_key": (0o600, host_key.read_bytes()),
            "etc/ssh/ssh_host_ed25519_key.pub": (0o644, public_key.encode()),
            "root/.ssh/authorized_keys": (0o600, layout.ssh_key.with_suffix(".pub").read_bytes()),
        },
    )
    return " ".join(public_key.split()[:2])


def console_tail(directory: Path) -> str:
    """The last lines of a host's console."""
    log = console_log(directory)
    return tail(log.read_text(errors="replace")) if log.exists() else "(no console log)"


def wait_until_ready(layout: Layout, host: HostState) -> str:
    """Waits for SSH and for the end of the boot. Returns systemd's word: `running` or `degraded`."""
    deadline = time.monotonic() + _READY_WITHIN
    while not _answers(host.address):
        _check_progress(layout, host, deadline)
        time.sleep(0.1)
    while True:
        word = _system_state(layout, host, deadline)
        if word in ("running", "degraded"):
            return word
        _check_progress(layout, host, deadline)
        time.sleep(0.2)


def _answers(address: str) -> bool:
    try:
        with socket.create_connection((address, 22), timeout=2) as connection:
            connection.settimeout(5)
            return connection.recv(8).startswith(b"SSH-2.0")
    except OSError:
        return False


def _system_state(layout: Layout, host: HostState, deadline: float) -> str:
    argv = [*ssh.command(layout, host), "systemctl is-system-running --wait"]
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=max(1.0, deadline - time.monotonic()),
            check=False,
        )
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout.strip()


def _check_progress(layout: Layout, host: HostState, deadline: float) -> None:
    directory = layout.host(host.group, host.name)
    if not host.alive:
        raise ToolError(
            f"{host.name} ended while it booted. End of {console_log(directory)}:\n{console_tail(directory)}"
        )
    if time.monotonic() > deadline:
        raise ToolError(
            f"{host.name} is not ready after {_READY_WITHIN:.0f} s. "
            f"End of {console_log(directory)}:\n{console_tail(directory)}"
        )


def stop(layout: Layout, host: HostState) -> None:
    """Ends a host and removes all it has: processes, network device, disks."""
    if host.alive:
        _power_off(layout, host)
    kill_session(host.pid, host.started)
    remove_tap(Network(host.network), host.number)
    shutil.rmtree(layout.host(host.group, host.name), ignore_errors=True)


def _power_off(layout: Layout, host: HostState) -> None:
    # Twice forced leaves out stopping the services, since the disks are thrown away in a moment. In the
    # background, because it would leave the SSH connection hanging.
    line = "(sleep 0.1; systemctl poweroff --force --force) < /dev/null > /dev/null 2>&1 &"
    argv = [*ssh.command(layout, host), line]
    try:
        done = subprocess.run(
            argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=_POWEROFF_WITHIN, check=False
        )
    except subprocess.TimeoutExpired:
        return
    if done.returncode == 0:
        wait_until_dead(host.pid, host.started, _POWEROFF_WITHIN)
