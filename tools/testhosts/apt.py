"""How this machine reaches the Debian archive, so that the bake reaches it in the same way."""

import re
from collections.abc import Iterable

from testhosts.command import run

_TRANSPORT_OPTION = re.compile(r"Acquire::(https?|Check-|Retries|ForceIPv|AllowInsecure|Proxy)", re.IGNORECASE)
_DUMP_LINE = re.compile(r'(?P<name>\S+) "(?P<value>.+)";')
_FORMAT = "$(TARGET_OF)|$(ORIGIN)|$(CODENAME)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)"

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"

DEFAULT_MIRRORS = (
    ("http://deb.debian.org/debian", ("", "-updates")),
    ("http://deb.debian.org/debian-security", ("-security",)),
)


def transport_options(dump: str) -> list[str]:
    """The proxies and download settings in the output of `apt-config dump`, one apt option each."""
    options = []
    for line in dump.splitlines():
        match = _DUMP_LINE.fullmatch(line)
        if match and _TRANSPORT_OPTION.match(match["name"]):
            options.append(f'{match["name"]} "{match["value"]}"')
    return options


def _source(uri: str, release: str) -> str:
    return f"deb [signed-by={KEYRING}] {uri} {release} main\n"


def default_sources(suite: str) -> str:
    """Debian's own archive, for a machine that runs something else than the suite."""
    return "".join(_source(uri, suite + part) for uri, parts in DEFAULT_MIRRORS for part in parts)


def debian_sources(targets: Iterable[str], suite: str) -> str:
    """The suite's sources out of what apt says it knows; Debian's own archive when it knows none.

    Only archives that call themselves Debian count: a vendor's repository for the same suite would
    put other versions into the image.
    """
    lines = set()
    for target in targets:
        kind, origin, codename, uri, release, component = target.split("|")
        if (kind, origin, component) == ("deb", "Debian", "main") and codename.split("-")[0] == suite:
            lines.add(_source(uri, release))
    return "".join(sorted(lines)) or default_sources(suite)


def read_transport_options() -> list[str]:
    """Asks apt for its proxies and download settings, and for where it keeps its credentials."""
    credentials = [
        'Dir::Etc::netrc "/etc/apt/auth.conf"',
        'Dir::Etc::netrcparts "/etc/apt/auth.conf.d"',
    ]
    return transport_options(run(["apt-config", "dump"])) + credentials


def read_debian_sources(suite: str) -> str:
    """Asks apt for this machine's sources of a suite. Needs package lists: run `apt-get update` first."""
    targets = run(["apt-get", "indextargets", "--format", _FORMAT, "Identifier: Packages"])
    return debian_sources(targets.splitlines(), suite)
