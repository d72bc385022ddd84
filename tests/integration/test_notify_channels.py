"""Letters leave the house over real SMTP and real HTTP, and every way of failing has its meaning."""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace

import pytest

from services.notify.channels import Gateway, Smtp, channel
from shared.config import Config
from shared.kernel.errors import Invalid, Unavailable
from tests.support.mail import GatewayServer, MailServer, served
from tests.support.notices import AT, NotifyRows, letter
from tests.support.process import free_port

pytestmark = pytest.mark.integration


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with served(MailServer()) as server:
        yield server


@pytest.fixture
def gateway() -> Iterator[GatewayServer]:
    with served(GatewayServer()) as server:
        yield server


def smtp(port: int) -> Smtp:
    return Smtp("127.0.0.1", port, "Wuji 五级 <wuji@example.cn>", "none", None, None, 1.0)


def http(url: str) -> Gateway:
    return Gateway(url, b"secret", 1.0)


def test_a_mail_arrives_in_chinese_with_the_notices_id(mail: MailServer) -> None:
    sent = letter()

    receipt = smtp(mail.port).send(sent, AT)

    (got,) = mail.mails
    assert got["Subject"] == "您的诉求已受理"
    assert got.get_content().strip() == sent.body.strip()
    assert got["Message-ID"] == f"<{sent.notice_id}@example.cn>" == receipt
    assert got["Auto-Submitted"] == "auto-generated"
    assert mail.recipients == ["wang@example.cn"]


def test_a_line_break_in_an_address_cannot_add_a_recipient(mail: MailServer) -> None:
    with pytest.raises((ValueError, Invalid)):
        smtp(mail.port).send(letter(mail="a@b.cn\r\nRCPT TO:<evil@b.cn>"), AT)

    assert mail.mails == []


@pytest.mark.parametrize(("verdict", "error"), [("550 no such user", Invalid), ("451 later", Unavailable)])
def test_the_mail_servers_no_and_not_now_are_different_things(
    mail: MailServer, verdict: str, error: type[Exception]
) -> None:
    mail.verdict = verdict

    with pytest.raises(error, match=verdict[:3]) as raised:
        smtp(mail.port).send(letter(), AT)

    assert "wang@example.cn" not in str(raised.value)


def test_a_mail_server_that_is_away_or_says_nothing_is_tried_later(mail: MailServer) -> None:
    mail.silent.set()

    with pytest.raises(Unavailable):
        smtp(mail.port).send(letter(), AT)
    with pytest.raises(Unavailable):
        smtp(free_port()).send(letter(), AT)


def test_the_gateway_gets_one_signed_request_per_notice(gateway: GatewayServer) -> None:
    sent = letter()

    receipt = http(gateway.url).send(sent, AT)

    ((headers, body),) = gateway.requests
    moment = str(int(AT.timestamp()))
    signed = hmac.digest(b"secret", f"{sent.notice_id}.{moment}.".encode() + body, "sha256")
    assert headers["idempotency-key"] == headers["webhook-id"] == str(sent.notice_id)
    assert headers["webhook-signature"] == f"v1,{b64encode(signed).decode()}"
    assert gateway.bodies[0]["to"] == "13888886666"
    assert gateway.bodies[0]["text"] == sent.body
    assert receipt == "r-1"


@pytest.mark.parametrize(
    ("status", "error"), [(500, Unavailable), (429, Unavailable), (400, Invalid), (404, Invalid), (302, Invalid)]
)
def test_the_gateways_answers_say_whether_to_try_again(
    gateway: GatewayServer, status: int, error: type[Exception]
) -> None:
    gateway.status = status

    with pytest.raises(error, match=str(status)):
        http(gateway.url).send(letter(), AT)


def test_a_gateway_that_hangs_or_is_away_is_tried_later(gateway: GatewayServer) -> None:
    gateway.hangs.set()

    with pytest.raises(Unavailable):
        http(gateway.url).send(letter(), AT)
    with pytest.raises(Unavailable):
        http(f"http://127.0.0.1:{free_port()}/").send(letter(), AT)


def test_a_channel_reaches_whom_it_has_an_address_for() -> None:
    by_phone, by_mail = letter(mail=None), letter(phone=None)

    assert not smtp(1).reaches(by_phone)
    assert smtp(1).reaches(by_mail)
    assert http("http://x").reaches(by_phone)
    assert not http("http://x").reaches(replace(by_phone, phone=None))


def test_a_channel_that_is_not_configured_says_what_is_missing() -> None:
    config = Config.of("notify")

    with pytest.raises(Invalid, match="WUJI_SMTP_HOST"):
        channel("smtp", config, NotifyRows())
    with pytest.raises(Invalid, match="WUJI_GATEWAY_URL"):
        channel("http", config, NotifyRows())
    with pytest.raises(Invalid, match="pigeon"):
        channel("pigeon", config, NotifyRows())
