"""`wuji doctor`: looks at everything, and says how to mend what it finds."""

from __future__ import annotations

import sys

import click
import psycopg2
import rich_click as rich

from deploy.local.places import RunDir
from deploy.local.stack import Stack
from deploy.local.words import say
from deploy.wuji.access import Access
from deploy.wuji.checks import Check, Found, Level, Patient, bad, broker, database, flow, machine, partners, photos
from deploy.wuji.ending import Exit, first_line
from deploy.wuji.output import examples, output_option, print_json
from shared.kernel.errors import WujiError

CHECKS: tuple[Check, ...] = (
    *machine.CHECKS,
    *database.CHECKS,
    *broker.CHECKS,
    *partners.CHECKS,
    *flow.CHECKS,
    *photos.CHECKS,
)
MARKS = {Level.GOOD: "●", Level.WARNING: "◐", Level.BAD: "▲"}


def examine(check: Check, patient: Patient) -> Found:
    """One check's finding."""
    try:
        return check.look(patient)
    except WujiError as error:
        return bad(first_line(error), error.hint or "wuji status")
    except (psycopg2.Error, OSError, LookupError, ImportError) as error:
        return bad(f"{type(error).__name__}: {first_line(error)}", "wuji status; wuji up")


@click.command(
    cls=rich.RichCommand, epilog=examples("wuji doctor", "wuji doctor -o json", "wuji doctor --only WUJI-D013")
)
@click.option("--only", multiple=True, help=say("只做这些检查(代码)", "only the checks with these codes"))
@output_option()
def doctor(only: tuple[str, ...], output: str) -> None:
    """体检。Look at everything, and say how to mend it. Exit code 4 when something is wrong."""
    unknown = set(only) - {check.code for check in CHECKS}
    if unknown:
        raise click.UsageError(say("没有这些检查:", "there are no such checks: ") + ", ".join(sorted(unknown)))
    run = RunDir.chosen()
    patient = Patient(Stack.existing(run), Access.find(run))
    checks = [check for check in CHECKS if not only or check.code in only]
    # One after another: some import eventlet, which must not be imported while other threads import something.
    findings = [(check, examine(check, patient)) for check in checks]
    if output == "json":
        print_json(
            [
                {"code": check.code, "check": check.en, "level": found.level, "said": found.said, "fix": found.fix}
                for check, found in findings
            ]
        )
    else:
        for check, found in findings:
            click.echo(f"{MARKS[found.level]} {check.code} {check.title}: {found.said}")
            if found.fix:
                click.echo(f"    → {found.fix}")
    if any(found.level is Level.BAD for _, found in findings):
        sys.exit(Exit.NOT_READY)
