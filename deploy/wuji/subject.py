"""`wuji subject erase`: destroys the key of a person's contact and words."""

from __future__ import annotations

import click
import rich_click as rich

from deploy.local.words import say
from deploy.wuji.access import Access
from deploy.wuji.output import examples, output_option, print_json


@click.group(cls=rich.RichGroup)
def subject() -> None:
    """个人信息。Personal data."""


@subject.command(cls=rich.RichCommand, epilog=examples("wuji subject erase 0193… --reason '本人要求 at their request'"))
@click.argument("subject_id", type=click.UUID)
@click.option("--reason", required=True, help=say("依据,记入事件", "why; it is recorded"))
@click.option("--yes", is_flag=True, help=say("不再询问", "do not ask"))
@output_option()
def erase(subject_id: str, reason: str, yes: bool, output: str) -> None:
    """永久擦除一个人的联系方式、原话与照片。Destroy a person's key and photos for good; counts and hash chains stay.

    Photos that another case holds as evidence stay; the others are gone within seconds.
    """
    if not yes:
        click.confirm(say("擦除后无法恢复,继续?", "This cannot be undone. Go on?"), abort=True, err=True)
    answer = Access.find().post(f"/api/v1/subjects/{subject_id}/erase", {"reason": reason}, role="operator")
    if output == "json":
        print_json(answer)
    else:
        click.echo(say(f"已擦除 {subject_id}", f"erased {subject_id}"))
