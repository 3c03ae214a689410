"""What the user types is checked before anything is touched."""

import pytest

from testhosts.errors import ToolError
from testhosts.plan import Request, least_loaded, parse_request, parse_size


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("node1", Request("node1", ())),
        ("node1:workers", Request("node1", ("workers",))),
        ("node1:worker", Request("node1", ("workers",))),
        ("all-in-one:manager,workers", Request("all-in-one", ("manager", "workers"))),
    ],
)
def test_requests(text: str, expected: Request) -> None:
    assert parse_request(text) == expected


@pytest.mark.parametrize("text", ["", "Node", "../x", "a,b", "node:Work ers", "1node", "node-"])
def test_bad_requests_are_refused(text: str) -> None:
    with pytest.raises(ToolError):
        parse_request(text)


def test_sizes() -> None:
    assert parse_size("3072M", 0) == 3 << 30
    assert parse_size("8G", 0) == 8 << 30


@pytest.mark.parametrize("text", ["8", "8T", "1.5G", "-1G", "100M"])
def test_bad_sizes_are_refused(text: str) -> None:
    with pytest.raises(ToolError):
        parse_size(text, 300 << 20)


def test_hosts_spread_over_the_processors() -> None:
    assert least_loaded([0, 1], []) == 0
    assert least_loaded([0, 1], [0]) == 1
    assert least_loaded([0, 1], [0, 1, 1]) == 0
    assert least_loaded([2, 3], [0, 0]) == 2
