"""Addresses and names are a function of two small numbers."""

import pytest

from testhosts.errors import ToolError
from testhosts.network import GROUPS_AT_MOST, Network, free_group_index, free_host_number


def test_first_and_last_subnet_are_inside_the_range() -> None:
    assert str(Network(0).subnet) == "198.18.0.0/24"
    assert str(Network(0).gateway) == "198.18.0.1/24"
    assert str(Network(GROUPS_AT_MOST - 1).subnet) == "198.19.255.0/24"


def test_hardware_addresses_differ_between_groups_and_hosts() -> None:
    macs = {Network(index).mac(number) for index in (0, 1, 256, 511) for number in (11, 12, 250)}
    assert len(macs) == 12


def test_interface_names_fit_the_kernels_15_characters() -> None:
    assert len(Network(GROUPS_AT_MOST - 1).name) <= 15


def test_lowest_free_number_is_taken() -> None:
    assert free_host_number([]) == 11
    assert free_host_number([11, 13]) == 12


def test_index_avoids_other_groups_and_foreign_interfaces() -> None:
    assert free_group_index({0}, {"wcp360-1", "eth0"}) == 2


def test_a_full_group_says_so() -> None:
    with pytest.raises(ToolError, match="another group"):
        free_host_number(range(256))
