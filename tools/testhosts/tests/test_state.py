"""What one command records, the next one reads."""

from pathlib import Path

import pytest

from testhosts.errors import ToolError
from testhosts.network import Network
from testhosts.paths import Layout
from testhosts.ssh import known_hosts_text
from testhosts.state import HostState, group_names, load_hosts, load_network, save_host, save_network

STATE = HostState(
    name="node1",
    group="tests",
    roles=("workers",),
    network=3,
    number=11,
    image="k",
    cpu=0,
    memory=1024,
    public_key="ssh-ed25519 AAAA",
    pid=1,
    started=0,
)


def test_round_trip(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    save_network(layout, "tests", Network(3))
    save_host(layout, STATE)
    assert load_hosts(layout, "tests") == {"node1": STATE}
    assert load_network(layout, "tests") == Network(3)
    assert load_network(layout, "other") is None
    assert group_names(layout) == ["tests"]


def test_known_hosts_pairs_address_and_key() -> None:
    assert known_hosts_text([STATE]) == "198.18.3.11 ssh-ed25519 AAAA\n"


def test_a_cache_path_that_would_split_a_disk_argument_is_refused() -> None:
    with pytest.raises(ToolError, match="WCP360_CACHE"):
        Layout(Path("/tmp/a,b"))
