"""Where webhooks may go, and when they are tried again."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from ipaddress import ip_address

import pytest

from shared.courier.http import Caller, Networks, NotCalled, checked_endpoint
from shared.courier.webhook import Schedule
from shared.kernel.errors import Invalid

REFUSED = (
    *("127.0.0.1", "127.8.8.8", "0.0.0.0", "169.254.169.254", "100.100.100.200", "224.0.0.1", "255.255.255.255"),
    *(
        "::1",
        "::",
        "fe80::1",
        "fd00:ec2::254",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "ff02::1",
    ),
)


@pytest.mark.parametrize("address", REFUSED)
def test_this_machine_its_link_and_metadata_are_refused(address: str) -> None:
    assert not Networks().permit(ip_address(address))


@pytest.mark.parametrize("address", ["10.20.3.4", "192.168.1.9", "8.8.8.8", "2001:4860:4860::8888", "::ffff:10.0.0.1"])
def test_other_machines_are_not(address: str) -> None:
    assert Networks().permit(ip_address(address))


def test_a_list_allows_what_is_on_it_and_nothing_else() -> None:
    listed = Networks.of(["10.20.0.0/16", " 127.0.0.1/32"])

    assert listed.permit(ip_address("10.20.255.1"))
    assert listed.permit(ip_address("::ffff:127.0.0.1"))
    assert not listed.permit(ip_address("10.21.0.1"))
    assert not listed.permit(ip_address("8.8.8.8"))


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a/b",
        "http://",
        "//a",
        "http://u:p@a/",
        "http://a/#x",
        "http://a/ b",
        "http://a:0/",
        "http://a:x/",
        "http://例/",
    ],
)
def test_an_address_that_cannot_be_called_is_refused_at_once(url: str) -> None:
    with pytest.raises(Invalid):
        checked_endpoint(url)


def test_a_name_that_leads_to_this_machine_is_not_called() -> None:
    with pytest.raises(NotCalled, match="may not go"):
        Caller("http://localhost:9/", Networks()).post({}, b"{}")


@contextmanager
def _dripping() -> Iterator[int]:
    """A server that answers a letter now and then, without end."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip() -> None:
            taken, _ = listening.accept()
            with taken:
                taken.recv(65536)
                while not over.wait(0.05):
                    try:
                        taken.send(b"H")
                    except OSError:
                        return

        thread = threading.Thread(target=drip)
        thread.start()
        yield listening.getsockname()[1]
        over.set()
        thread.join()


def test_an_answer_that_drips_is_not_waited_for() -> None:
    with _dripping() as port, pytest.raises(NotCalled, match="no answer within"):
        Caller(f"http://127.0.0.1:{port}/", Networks.of(["127.0.0.0/8"]), patience=0.5).post({}, b"{}")


def test_the_schedule_is_that_of_standard_webhooks_and_repeats_its_end() -> None:
    waits = [Schedule().after(attempts) for attempts in range(1, 12)]

    assert waits[:4] == [timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2)]
    assert waits[8:] == [timedelta(hours=24)] * 3
    assert Schedule.of("1,2", 3) == Schedule((1.0, 2.0), timedelta(hours=3))
    with pytest.raises(Invalid):
        Schedule.of("soon", 1)
