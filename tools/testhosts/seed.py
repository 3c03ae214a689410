"""The seed disk: what makes one host different from the others that share its image.

It is a plain tar archive on a disk of its own. A unit in the image unpacks it over the root file system
before the network and SSH start.
"""

import io
import tarfile
import time
from pathlib import Path

from testhosts.command import run


def network_file(mac: str, address: str) -> str:
    """A systemd.network(5) file with a fixed address and no route outwards."""
    return f"[Match]\nMACAddress={mac}\n\n[Network]\nAddress={address}\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n"


def hosts_file(name: str, address: str) -> str:
    """The host knows its own name and address; other hosts are found by address."""
    return f"127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n{address} {name}.testhost.internal {name}\n"


def write_seed(path: Path, files: dict[str, tuple[int, bytes]]) -> None:
    """Writes the archive. `files` maps a path without leading slash to its mode and content."""
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
        for name, (mode, content) in files.items():
            entry = tarfile.TarInfo(name)
            entry.mode, entry.size, entry.mtime = mode, len(content), int(time.time())
            archive.addfile(entry, io.BytesIO(content))


def make_key(path: Path, comment: str) -> None:
    """Makes an SSH key pair without passphrase, unless it exists."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path)])
