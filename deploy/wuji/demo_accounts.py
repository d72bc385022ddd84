"""The demonstration's log-ins: one person for each part of the loop, all with the same password."""

from __future__ import annotations

from dataclasses import dataclass

from deploy.wuji.access import Access


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """Somebody whom a visitor may be."""

    account: str
    called: str
    role: str
    area: str
    department: str | None = None


ACCOUNTS = (
    DemoAccount("demo.acceptor", "受理员 小陈", "acceptor", "530103"),
    DemoAccount("demo.dispatcher", "派遣员 小李", "dispatcher", "530103"),
    DemoAccount("demo.chief", "值班长 老周", "duty_chief", "530103"),
    DemoAccount("demo.urban", "城管经办 小赵", "department", "530103", "urban"),
    DemoAccount("demo.street", "拓东街道监督员", "supervisor", "530103.001"),
    DemoAccount("demo.grid", "网格员 小杨", "grid_worker", "530103.001.001"),
    DemoAccount("demo.community", "社区经办 小段", "department", "530103.001.001", "residents-committee"),
    DemoAccount("demo.leader", "分管领导 普区长", "leader", "530103"),
    DemoAccount("demo.volunteer", "志愿者 和阿姨", "volunteer", "530103.001"),
    DemoAccount("demo.hotline", "热线座席 小马", "hotline", "530103"),
    DemoAccount("demo.window", "服务窗口 小罗", "window", "530103"),
    DemoAccount("demo.reader", "查阅人员 小尹", "reader", "530103"),
    DemoAccount("demo.operator", "运维 小吴", "operator", "530103"),
)


def ensure(access: Access, password: str) -> tuple[DemoAccount, ...]:
    """Each of them may sign in with the password. Safe to repeat; a password that somebody has changed is set back."""
    from services.grid.accounts import handlers, passwords
    from services.grid.accounts.domain import Post
    from shared.contracts.account import SetBy
    from shared.contracts.envelope import Actor
    from shared.handling import Cause
    from shared.kernel.clock import utc_now
    from shared.postgres import PostgresLog

    log = PostgresLog(access.database_url("grid"))
    cause = Cause(actor=Actor("operator", "operator"), at=utc_now())
    kept = dict(access.rows("SELECT account, hash FROM grid.account_keys", role="grid"))
    try:
        for one in ACCOUNTS:
            if one.account not in kept:
                handlers.create(log, one.account, Post(one.role, one.area, one.department), cause, called=one.called)
            if not passwords.is_right(password, kept.get(one.account)):
                handlers.set_password(log, one.account, password, SetBy.HOLDER, cause)
    finally:
        log.close()
    return ACCOUNTS
