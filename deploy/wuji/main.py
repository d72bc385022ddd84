"""`wuji`: the list of commands. Each lives in a module of its own, imported only when it is called."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

import click
import rich_click as rich
from rich_click.utils import CommandGroupDict

from deploy.local.words import say
from deploy.wuji.ending import exit_code

COMMANDS: dict[str, tuple[str, str, str]] = {
    # name: (module:object, Chinese, English)
    "demo": ("demo:demo", "一条命令跑起整套演示", "everything at once: start, load Panlong, run cases"),
    "up": ("start:up", "启动本机的整套服务", "start the private stack of this machine"),
    "down": ("start:down", "停止本机的整套服务", "stop what was started here, and nothing else"),
    "reset": ("start:reset", "停止并删除全部数据", "stop, and delete all its data"),
    "status": ("status:status", "每个进程、队列、滞后的实情", "the truth about processes, queues, lags; all URLs"),
    "doctor": ("doctor:doctor", "体检:端口、版本、权限、密钥……", "check everything, and say how to mend it"),
    "view": ("view:view", "五级视图:一个区域及其下级", "an area and its children, step by step"),
    "areas": ("areas:areas", "区域与边界", "the tree of areas, and their boundaries"),
    "figures": ("figures:figures", "考核指标,及其背后的案件", "indicators, and the cases behind them"),
    "staffing": ("staffing:staffing", "网格人员配备与空缺", "whether each grid has its people; who was responsible"),
    "case": ("case:case", "一件事的全部经过", "the whole life of one case"),
    "events": ("events:events", "查看事件流", "look at the stream of events"),
    "import": ("imports:imports", "导入历史数据", "bring in history from files"),
    "account": ("account:account", "登录账号:开通、停用、重置密码", "accounts that sign in at the pages"),
    "token": ("token:token", "签发工作人员令牌", "make a bearer token for a member of staff"),
    "apikey": ("apikey:apikey", "Open311 程序的密钥", "keys of Open311 programs"),
    "inbound": ("inbound:inbound", "外部系统来件", "other systems that send reports"),
    "sub": ("sub:sub", "部门订阅", "subscriptions of departments"),
    "admission": ("admission:admission", "社区工作准入", "what departments may ask of communities"),
    "rules": ("rules:rules", "规则版本:颁布、查看", "editions of the rules: adopt one, and what each changed"),
    "remedy": ("remedy:remedy", "整治台账", "hidden dangers and root causes, until they are put right"),
    "campaign": ("campaign:campaign", "专项行动", "campaigns, and what lasted of them"),
    "calendar": ("calendar:calendar", "工作日历:更正、发布", "the working calendar: correct it, publish it"),
    "subject": ("subject:subject", "个人信息:擦除", "personal data: erase"),
    "photos": ("photos:photos", "照片:清扫", "photos: sweep those that have to go"),
    "parked": ("parked:parked", "搁置的消息", "messages that wait for a person"),
    "projection": ("projection:projection", "投影:清单、重建、校验", "read tables: list, rebuild, verify"),
    "nginx": ("nginx:nginx", "一个入口:nginx 样板配置", "settings for a city's own nginx"),
    "log": ("log:log", "校验事件日志", "verify the log's hash chains"),
    "migrate": ("prepare:migrate", "升级数据库结构", "bring the database to the current shape"),
    "topology": ("prepare:topology", "建立消息拓扑", "queues, rights and policies on the broker"),
    "run": ("run:run", "在前台运行一个服务", "run one service in the foreground"),
    "relay": ("run:relay", "在前台运行转发进程", "run the relay in the foreground"),
    "projector": ("run:projector", "在前台运行投影进程", "run the projector in the foreground"),
    "courier": ("run:courier", "在前台运行投递进程", "run the courier in the foreground"),
    "timer": ("run:timer", "在前台运行计时进程", "run the timer in the foreground"),
    "bench": ("bench:bench", "性能测量", "measure"),
}

GROUPS: list[CommandGroupDict] = [
    {"name": say("本机", "This machine"), "commands": ["demo", "up", "down", "reset", "status", "doctor"]},
    {
        "name": say("业务", "The city's work"),
        "commands": [
            "view",
            "areas",
            "staffing",
            "figures",
            "case",
            "events",
            "import",
            "account",
            "token",
            "sub",
            "apikey",
            "inbound",
            "admission",
            "rules",
            "remedy",
            "campaign",
            "calendar",
            "subject",
        ],
    },
    {
        "name": say("运维", "Operation"),
        "commands": ["parked", "photos", "projection", "log", "migrate", "topology", "nginx", "bench"],
    },
    {"name": say("进程", "Processes"), "commands": ["run", "relay", "projector", "courier", "timer"]},
]


class Lazy(rich.RichGroup):
    """A group whose commands are imported when they are called, not when they are listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 # click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        if ctx.resilient_parsing:
            return load(cmd_name)
        _, zh, en = COMMANDS[cmd_name]
        return click.Command(cmd_name, help=say(zh, en))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        return name, load(name) if name and command else command, rest


def load(name: str) -> click.Command:
    """The real command."""
    module, _, attribute = COMMANDS[name][0].partition(":")
    found = getattr(import_module(f"deploy.wuji.{module}"), attribute)
    assert isinstance(found, click.Command)
    return found


rich.rich_click.COMMAND_GROUPS = {"wuji": GROUPS}
rich.rich_click.MAX_WIDTH = 110
rich.rich_click.ERRORS_EPILOGUE = ""


@click.group(
    cls=Lazy,
    name="wuji",
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "WUJI_CLI"},
    epilog=say("退出码", "Exit codes")
    + ": 0 "
    + say("正常", "ok")
    + ", 1 "
    + say("失败", "failure")
    + ", 2 "
    + say("用法", "usage")
    + ", 3 "
    + say("部分完成", "partial")
    + ", 4 "
    + say("未就绪", "not ready")
    + ", 130 "
    + say("中断", "interrupted"),
)
@click.version_option(package_name="wuji")
def cli() -> None:
    """五级 Wuji: a report travels the loop 采集上报 → 指挥派遣 → 处理反馈 → 任务核查 → 结案归档 → 考核评价."""


def main(arguments: Sequence[str] | None = None) -> None:
    """The entry point of the command `wuji`."""
    sys.exit(
        exit_code(
            lambda: cli.main(
                args=list(sys.argv[1:] if arguments is None else arguments), prog_name="wuji", standalone_mode=False
            )
        )
    )


if __name__ == "__main__":
    main()
