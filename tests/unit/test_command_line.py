"""The command `wuji`: its help, its exit codes, its two languages, its JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest

from deploy.local import words
from deploy.local.places import PROJECT
from deploy.wuji import ending
from deploy.wuji.condition import Condition, Process, Queue
from deploy.wuji.main import COMMANDS, GROUPS, cli, load
from deploy.wuji.stored import like
from deploy.wuji.token import ROLES
from deploy.wuji.view import bar, duration, percent
from shared.kernel.errors import Invalid, NotFound, Unavailable
from shared.security import permission


def wuji(*arguments: str, run_dir: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "WUJI_RUN_DIR": str(run_dir), "LC_ALL": "C.UTF-8", **variables}
    for name in ("DATABASE_URL", "AMQP_URL"):
        if name not in variables:
            environment.pop(name, None)
    command = [sys.executable, "-m", "deploy.wuji.main", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, env=environment, cwd=PROJECT, timeout=60, check=False
    )


def every_command() -> list[tuple[str, click.Command]]:
    return [found for name in COMMANDS for found in _commands(name, load(name))]


def _commands(name: str, command: click.Command) -> list[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        return [(name, command)]
    return [found for sub, one in command.commands.items() for found in _commands(f"{name} {sub}", one)]


def test_help_lists_every_command_and_is_quick(tmp_path: Path) -> None:
    started = time.monotonic()
    done = wuji("--help", run_dir=tmp_path)
    seconds = time.monotonic() - started

    assert done.returncode == 0
    assert all(f" {name} " in done.stdout for name in COMMANDS)
    # Half a second on a quiet machine; the margin is for one that runs tests beside it.
    assert seconds < 3


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom deploy.wuji.main import cli\ntry:\n    cli.main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print([m for m in ('nameko', 'psycopg2', 'pika', 'requests', 'joserfc', 'eventlet') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=PROJECT, check=True)

    assert done.stdout.splitlines()[-1] == "[]"


def test_every_command_stands_in_one_group_of_the_help() -> None:
    grouped = [name for group in GROUPS for name in group["commands"]]

    assert sorted(grouped) == sorted(COMMANDS)


@pytest.mark.parametrize(("name", "command"), every_command())
def test_every_command_explains_itself_with_an_example(name: str, command: click.Command) -> None:
    assert command.help
    assert "Examples" in (command.epilog or "")
    assert f"wuji {name.split()[0]}" in (command.epilog or "")


@pytest.mark.parametrize(("name", "command"), every_command())
def test_every_command_that_answers_answers_in_json_too(name: str, command: click.Command) -> None:
    forms = [option for option in command.params if option.name == "output"]
    own_forms = ("run", "relay", "projector", "courier", "timer", "bench", "nginx sample")

    assert len(forms) == (0 if name in own_forms else 1)


@pytest.mark.parametrize(
    "arguments",
    [("nosuch",), ("view",), ("view", "--area", "530103", "--all"), ("token",), ("run", "nosuch"),
     ("status", "-o", "yaml"), ("parked", "redrive", "dispatch.file_report"), ("doctor", "--only", "WUJI-D999")],
)  # fmt: skip
def test_wrong_usage_is_exit_code_2(arguments: tuple[str, ...], tmp_path: Path) -> None:
    done = wuji(*arguments, run_dir=tmp_path)

    assert done.returncode == 2
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [("status",), ("doctor",), ("migrate",), ("events", "tail"), ("case", "5"),
                                       ("token", "--role", "reader"), ("view", "--all")])  # fmt: skip
def test_where_nothing_was_started_it_says_what_to_do(arguments: tuple[str, ...], tmp_path: Path) -> None:
    done = wuji(*arguments, run_dir=tmp_path)

    assert done.returncode == 1
    assert "wuji up" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_error_is_json_when_json_was_asked_for(tmp_path: Path) -> None:
    done = wuji("status", "-o", "json", run_dir=tmp_path)

    assert done.stdout == ""
    assert json.loads(done.stderr)["hint"]


def test_stopping_what_never_ran_is_no_error(tmp_path: Path) -> None:
    done = wuji("down", "-o", "json", run_dir=tmp_path)

    assert done.returncode == 0
    assert json.loads(done.stdout) == {"stopped": []}


@pytest.mark.parametrize(
    ("variables", "where"),
    [
        ({"DATABASE_URL": "postgresql://a:b@127.0.0.1/wuji"}, "AMQP_URL"),
        ({"DATABASE_URL": "mysql://a/b", "AMQP_URL": "amqp://a:b@127.0.0.1/wuji"}, "DATABASE_URL"),
        ({"DATABASE_URL": "postgresql://a:b@127.0.0.1/wuji", "AMQP_URL": "http://x"}, "AMQP_URL"),
    ],
)
def test_a_wrong_server_address_is_named(variables: dict[str, str], where: str, tmp_path: Path) -> None:
    done = wuji("up", run_dir=tmp_path / "run", **variables)

    assert done.returncode == 1
    assert f"[{where}]" in done.stderr


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Invalid("no"), 1),
        (NotFound("no"), 1),
        (Unavailable("later"), 4),
        (click.UsageError("no"), 2),
        (KeyboardInterrupt(), 130),
        (click.Abort(), 130),
        (ZeroDivisionError("oops"), 1),
    ],
)
def test_each_kind_of_ending_has_its_exit_code(
    error: BaseException, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise error

    assert ending.exit_code(fail) == code
    assert "Traceback" not in capsys.readouterr().err


def test_commands_may_end_with_a_code_of_their_own() -> None:
    assert ending.exit_code(lambda: ending.Exit.PARTIAL) == 3
    assert ending.exit_code(lambda: None) == 0


@pytest.mark.parametrize(
    ("lang", "said"), [("zh_CN.UTF-8", "好"), ("en_GB.UTF-8", "good"), ("C.UTF-8", "好 · good"), ("", "好 · good")]
)
def test_the_language_follows_the_environment(lang: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", lang)
    words.language.cache_clear()
    answer = words.say("好", "good")
    words.language.cache_clear()

    assert answer == said


def test_the_roles_of_tokens_are_those_of_the_permissions() -> None:
    assert set(ROLES) == permission.ROLES - {"subscriber"}


def test_the_command_line_is_one_group() -> None:
    assert isinstance(cli, click.Group)


def test_all_is_well_only_when_everything_is_ready_and_could_be_asked() -> None:
    ready, waiting = Process("a", "running", ready=True), Process("b", "running", ready=False)

    assert Condition([ready]).well
    assert not Condition([ready, waiting]).well
    assert not Condition([ready], unknown={"rabbitmq": "does not answer"}).well


def test_parked_messages_are_counted_in_parked_queues_only() -> None:
    queues = [Queue("a.b", 5, 1, 1), Queue("a.b.parked", 2, 1, 0)]

    assert Condition(queues=queues).parked == 3


def test_a_pattern_takes_only_its_star_for_anything() -> None:
    assert like("case.*") == "case.%"
    assert like("task_a%") == r"task\_a\%"


def test_figures_are_shown_for_people() -> None:
    assert bar(0, 10) == ""
    assert bar(1, 1000) == "█ 1"
    assert bar(10, 10) == "██████████ 10"
    assert percent(None) == ""
    assert percent(0.976) == "98%"
    assert [duration(n) for n in (None, 5, 90, 7200, 200_000)] == ["—", "5 s", "1.5 min", "2.0 h", "2.3 d"]
