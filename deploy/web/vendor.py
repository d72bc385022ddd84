"""Brings the pages' static files together: `python -m deploy.web.vendor`.

Packages come from npm by the lock file's hashes and run no scripts; of each only the files that `vendor.toml` names
are copied, with a list of what they are, under which licence, and their sha384. Browsers get names that change with
the content, so that they may keep a file for ever.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from deploy.local import packages
from deploy.local.places import PROJECT
from deploy.local.processes import tail
from deploy.local.progress import Progress
from deploy.local.words import say
from deploy.web import own
from shared.kernel.errors import Unavailable
from shared.pages.assets import BUILT, digest_of

PAGES = PROJECT / "shared" / "pages"
WORK = PROJECT / ".venv" / "web"
"""Where npm puts whole packages: far more than is ever served."""


def vendor(progress: Progress) -> None:
    """Install, copy, describe. Safe to repeat. Raises Unavailable when npm is missing or fails."""
    packages.ensure(progress, packages.WEB)
    with progress.step(say("页面所需的文件", "Files for the pages")) as step:
        step.detail = "npm ci"
        _install()
        wanted = tomllib.loads((PAGES / "vendor.toml").read_text(encoding="utf-8"))
        shutil.rmtree(BUILT, ignore_errors=True)
        (BUILT / "vendor").mkdir(parents=True)
        described = _copy(wanted["files"], BUILT / "vendor")
        described |= _copy(wanted["tests"], BUILT / "tests", served=False)
        _icons(wanted["icons"])
        (BUILT / "vendor.json").write_text(json.dumps(described, indent=1, ensure_ascii=False), encoding="utf-8")
        own.build()
        step.detail = say(f"{len(described)} 个文件", f"{len(described)} files")


def _install() -> None:
    WORK.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(PAGES / name, WORK)
    npm = shutil.which("npm")
    if npm is None:
        raise Unavailable(packages.please_install(list(packages.WEB)))
    log = WORK / "npm.log"
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--omit-lockfile-registry-resolved"]
    with log.open("w") as out:
        done = subprocess.run([npm, "ci", *options], cwd=WORK, stdout=out, stderr=out, check=False)
    if done.returncode:
        raise Unavailable(say("npm ci 失败", "npm ci failed") + f":\n{tail(log)}\n{log}")


def _copy(files: dict[str, str], target: Path, *, served: bool = True) -> dict[str, dict[str, Any]]:
    """The files, and what each of them is: package, version, licence, sha384."""
    target.mkdir(parents=True, exist_ok=True)
    described = {}
    for name, source in files.items():
        package = _package(source)
        shutil.copy(WORK / "node_modules" / source, target / name)
        _licence(package)
        described[name] = {**_about(package), "file": source, "served": served, "sha384": digest_of(target / name)}
    return described


def _icons(wanted: dict[str, Any]) -> None:
    """The drawings of each icon by name; a filled one is called `name-filled`."""
    folder = WORK / "node_modules" / wanted["package"] / "icons"
    drawn = {name: _drawing(folder / "outline" / f"{name}.svg") for name in wanted["outline"]}
    drawn |= {f"{name}-filled": _drawing(folder / "filled" / f"{name}.svg") for name in wanted["filled"]}
    (BUILT / "icons.json").write_text(json.dumps(drawn, indent=0), encoding="utf-8")
    _licence(wanted["package"])


def _drawing(path: Path) -> str:
    """What is between <svg> and </svg>."""
    if not path.exists():
        raise Unavailable(say(f"没有图标 {path.stem}", f"there is no icon {path.stem}"), where="vendor.toml")
    _, _, inside = path.read_text(encoding="utf-8").partition("<svg")
    return " ".join(inside.partition(">")[2].rpartition("</svg>")[0].split())


def _package(source: str) -> str:
    parts = source.split("/")
    return "/".join(parts[:2]) if source.startswith("@") else parts[0]


def _about(package: str) -> dict[str, str]:
    found = json.loads((WORK / "node_modules" / package / "package.json").read_text(encoding="utf-8"))
    return {"package": package, "version": str(found["version"]), "licence": str(found["license"])}


def _licence(package: str) -> None:
    """The licence's own words go where the files go."""
    (BUILT / "licences").mkdir(exist_ok=True)
    for path in sorted((WORK / "node_modules" / package).glob("[Ll][Ii][Cc][Ee][Nn][CcSs][Ee]*")):
        shutil.copy(path, BUILT / "licences" / f"{package.replace('/', '-')}.txt")
        return


def main() -> None:
    """The command."""
    with Progress() as progress:
        vendor(progress)


if __name__ == "__main__":
    from deploy.wuji.ending import exit_code

    sys.exit(exit_code(main))
