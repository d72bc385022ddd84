"""`wuji nginx`: what a city's own nginx is told, made from the same addresses as this machine's."""

from __future__ import annotations

import shutil
from pathlib import Path

import click
import rich_click as rich

from deploy.local.words import say
from deploy.wuji.output import examples
from shared.kernel.errors import Invalid

HOST, CERTIFICATE, KEY = "wuji.example.gov.cn", Path("/etc/ssl/wuji.pem"), Path("/etc/ssl/private/wuji.key")
PAGES = Path("/srv/wuji/pages")
FIRST_PORT = 8001

HEADER = """\
# 五级 Wuji: one origin in front of the five services. Goes into /etc/nginx/conf.d/ (nginx 1.19.4 or newer; from 1.25.1
# on `http2 on;` may replace the word in `listen`). Written by: wuji nginx sample. It reads {pages}/static
# and {pages}/problems, which `wuji nginx sample --pages` fills: fill them after each upgrade, then reload.
# WUJI_PUBLIC_URL of every process is https://{host}; only nginx can reach the services themselves.

"""


@click.group(cls=rich.RichGroup)
def nginx() -> None:
    """nginx 入口的样板。What a city's own nginx is told."""


@nginx.command(
    cls=rich.RichCommand,
    epilog=examples(
        "wuji nginx sample > /etc/nginx/conf.d/wuji.conf",
        "wuji nginx sample --host wuji.panlong.gov.cn --cert /etc/ssl/panlong.pem --key /etc/ssl/private/panlong.key",
        "wuji nginx sample --service grid=10.2.0.7:8003 --behind 10.1.0.0/16",
        "wuji nginx sample --pages /srv/wuji/pages > /etc/nginx/conf.d/wuji.conf",
    ),
)
@click.option("--host", default=HOST, show_default=True, help=say("对外的域名", "the name that people type"))
@click.option("--cert", type=click.Path(path_type=Path), default=CERTIFICATE, show_default=True, help="PEM")
@click.option("--key", type=click.Path(path_type=Path), default=KEY, show_default=True, help="PEM")
@click.option(
    "--service",
    "services",
    multiple=True,
    help=say("服务=主机:端口，可多次", "service=host:port, may be repeated") + f"; 127.0.0.1:{FIRST_PORT}…",
)
@click.option(
    "--behind",
    multiple=True,
    help=say("前面的代理所在网段，可多次", "the network of a proxy before it, may be repeated"),
)
@click.option(
    "--pages",
    type=click.Path(path_type=Path, file_okay=False),
    help=say("静态文件目录，并写入文件", f"folder of static files, which is filled now; default {PAGES}, not filled"),
)
@click.option(
    "--tiles",
    type=click.Path(path_type=Path, file_okay=False),
    help=say("地图瓦片目录，同 WUJI_TILES", "folder of map tiles, as in WUJI_TILES"),
)
def sample(
    host: str,
    cert: Path,
    key: Path,
    services: tuple[str, ...],
    behind: tuple[str, ...],
    pages: Path | None,
    tiles: Path | None,
) -> None:
    """打印样板配置：TLS、HTTP/2、限流、限体积。Print settings: TLS, HTTP/2, limits of rates and bodies."""
    if pages is not None:
        fill(pages)
    click.echo(rendered(host, cert, key, addresses(services), behind, pages or PAGES, tiles), nl=False)


def rendered(
    host: str = HOST,
    cert: Path = CERTIFICATE,
    key: Path = KEY,
    services: dict[str, str] | None = None,
    behind: tuple[str, ...] = (),
    pages: Path = PAGES,
    tiles: Path | None = None,
) -> str:
    """The file."""
    from deploy.local.site import CITY, Site, text
    from deploy.local.tls import Tls

    for word in (host, str(cert), str(key), str(pages), str(tiles or ""), *behind):
        if any(letter in word for letter in " ;{}'\"\n"):
            raise Invalid(say(f"nginx 读不懂 {word!r}", f"nginx would not understand {word!r}"), where=word)
    site = Site(
        plain="80",
        secure="443",
        name=host,
        tls=Tls(cert, key),
        is_for_good=True,
        pages=pages,
        services=services or addresses(()),
        limits=CITY,
        behind=behind,
        tiles=tiles,
    )
    return HEADER.format(pages=pages, host=host) + text(site)


def addresses(given: tuple[str, ...]) -> dict[str, str]:
    """Service → host:port; those that are not given listen beside each other on this machine. Raises Invalid."""
    from deploy.local.routes import ROUTES

    found = {service: f"127.0.0.1:{FIRST_PORT + number}" for number, service in enumerate(ROUTES)}
    for one in given:
        service, _, address = one.partition("=")
        host, _, port = address.rpartition(":")
        if service not in found or not host or not port.isdigit() or any(letter in address for letter in " ;{}"):
            raise Invalid(
                say(f"{one!r} 不是 服务=主机:端口", f"{one!r} is no service=host:port"),
                where="--service",
                hint="grid=10.2.0.7:8003",
            )
        found[service] = address
    return found


def fill(pages: Path) -> None:
    """Style sheets, scripts and the answers of nginx itself. Files of older builds stay for pages that are open."""
    from deploy.local import problems
    from deploy.web import own

    problems.write(pages / "problems")
    shutil.copytree(own.build(), pages / "static", dirs_exist_ok=True)
