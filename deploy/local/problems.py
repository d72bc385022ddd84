"""What nginx answers itself when it refuses, or when no service answers: a page for people, a document for programs."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent

PROBLEMS = {
    400: ("Bad request", "nginx 读不懂这个请求 · the request cannot be read"),
    404: ("Not found", "没有这个地址 · there is no such address"),
    405: ("Method not allowed", "此地址不接受这种方法 · no address here takes this method"),
    413: ("Body too large", "请求正文不得超过 1 MB,照片不得超过 10 MB · a body may have 1 MB at most, a photo 10"),
    414: ("Address too long", "地址太长 · the address is too long"),
    429: ("Too many requests", "请求太频繁，请稍候 · too many requests from this address, wait a second"),
    503: (
        "Not available right now",
        "服务正在启动或恢复，请稍候重试 · the service is starting or recovering, try again",
    ),
}


def write(folder: Path) -> None:
    """One page and one document for each."""
    folder.mkdir(parents=True, exist_ok=True)
    for code, (title, detail) in PROBLEMS.items():
        text = f'{{"type":"about:blank","title":"{title}","status":{code},"detail":"{detail}"}}\n'
        (folder / f"{code}.json").write_text(text, encoding="utf-8")
        (folder / f"{code}.html").write_text(page(code, title, detail), encoding="utf-8")


def page(code: int, title: str, detail: str) -> str:
    """What a browser shows."""
    text = (HERE / "pages" / "problem.html").read_text(encoding="utf-8")
    chinese, _, english = detail.partition(" · ")
    # Whoever waits for the services to be back, a wall for one, sees them come back.
    refresh = '<meta http-equiv="refresh" content="5">\n' if code == 503 else ""
    for name, value in {
        "REFRESH": refresh,
        "CODE": str(code),
        "TITLE": title,
        "CHINESE": chinese,
        "ENGLISH": english,
    }.items():
        text = text.replace(f"@{name}@", value)
    return text
