"""Behind which address a request counts, whatever headers it brings."""

import pytest

from watchbill.domain.access.sign_in_rules import network_of
from watchbill.doors.forwarded import client_address, trusted_networks
from watchbill.ground.network_guard import NetworksError

PROXIES = trusted_networks("10.0.0.0/8, 2001:db8:1::/48")


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("198.51.100.7", "", "198.51.100.7"),
        ("198.51.100.7", "203.0.113.5", "198.51.100.7"),
        ("10.0.0.1", "203.0.113.5", "203.0.113.5"),
        ("10.0.0.1", "1.1.1.1, 203.0.113.5", "203.0.113.5"),
        ("10.0.0.1", "1.1.1.1, 203.0.113.5, 10.2.0.9", "203.0.113.5"),
        ("10.0.0.1", "203.0.113.5:4711", "203.0.113.5"),
        ("10.0.0.1", "[2001:db8:ffff::9]:4711", "2001:db8:ffff::9"),
        ("10.0.0.1", "garbage", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.5, garbage", "10.0.0.1"),
        ("10.0.0.1", "10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("2001:db8:1::1", "203.0.113.5", "203.0.113.5"),
        ("::ffff:10.0.0.1", "203.0.113.5", "203.0.113.5"),
        ("", "203.0.113.5", ""),
    ],
)
def test_the_nearest_hop_that_is_no_trusted_proxy_is_the_client(peer: str, forwarded: str, client: str) -> None:
    assert client_address(peer, forwarded, trusted=PROXIES) == client


def test_a_mistake_in_the_setting_is_named() -> None:
    with pytest.raises(NetworksError, match="WATCHBILL_TRUSTED_PROXIES"):
        trusted_networks("10.0.0.0/8, proxy.example.org")


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("", "unknown"),
    ],
)
def test_an_attacker_is_counted_by_what_one_attacker_controls(address: str, network: str) -> None:
    assert network_of(address) == network
