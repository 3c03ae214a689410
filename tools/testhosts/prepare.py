"""The programs that the tool runs, and the Debian packages they come from."""

import os
from pathlib import Path

from testhosts.apt import KEYRING
from testhosts.command import find, run, step
from testhosts.errors import ToolError

_PROGRAMS = {
    "mmdebstrap": "mmdebstrap",
    "linux.uml": "user-mode-linux",
    "mke2fs": "e2fsprogs",
    "mkfs.xfs": "xfsprogs",
    "ip": "iproute2",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "nsenter": "util-linux",
    "setpriv": "util-linux",
    "taskset": "util-linux",
    "unshare": "util-linux",
}


def missing_packages() -> list[str]:
    """Packages to install before the tool works here."""
    missing = {package for program, package in _PROGRAMS.items() if find(program) is None}
    if not Path(KEYRING).exists():
        missing.add("debian-archive-keyring")
    return sorted(missing)


def require_root() -> None:
    """Disks with foreign owners, network interfaces and namespaces all need root."""
    if os.geteuid() != 0:
        raise ToolError("Test hosts need root: network interfaces and a disk image with its own users. Use sudo.")


def prepare() -> None:
    """Installs what is missing. Does nothing, and runs no apt, when everything is there."""
    missing = missing_packages()
    if not missing:
        return
    if os.geteuid() != 0:
        raise ToolError(f"These Debian packages are missing: {' '.join(missing)}. Install them, or run this as root.")
    if find("apt-get") is None:
        raise ToolError(f"This is no Debian machine. Install what provides: {' '.join(missing)}.")
    apt = ["apt-get", "-o", "DPkg::Lock::Timeout=600", "--quiet"]
    environment = {"DEBIAN_FRONTEND": "noninteractive"}
    with step(f"Installing {' '.join(missing)}"):
        run([*apt, "update"], environment)
        run([*apt, "install", "--yes", "--no-install-recommends", *missing], environment)
