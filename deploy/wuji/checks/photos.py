"""Checks of the photos: a place that can be written, room, and every photo that the log knows of still there."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from deploy.local.environment_file import read
from deploy.local.words import say
from deploy.wuji.checks import Check, Found, Patient, bad, good, warning
from shared.photos import FolderStore
from shared.photos.folder import LEAST_FREE

GIGABYTE = 1_000_000_000
_LOOKED_FOR = 200
"""Of the newest and of the oldest photos each: a lost disk or a restored database is seen at either end."""
_KNOWN = """
(SELECT sha256 FROM intake.photos WHERE erased_at IS NULL ORDER BY stored_at DESC LIMIT %s)
UNION (SELECT sha256 FROM intake.photos WHERE erased_at IS NULL ORDER BY stored_at LIMIT %s)
"""


def place(patient: Patient) -> Found:
    """Written by the same user as intake, or the check says nothing about intake."""
    folder = _folder(patient)
    if folder is None:
        return warning(say("未设 WUJI_PHOTO_DIR,不收照片", "no WUJI_PHOTO_DIR: photos are refused"), "wuji up")
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK):
        return bad(say(f"{existing} 不可写", f"{existing} cannot be written"), f"chown/chmod {existing}")
    free = shutil.disk_usage(existing).free
    said = f"{folder}, " + say(f"剩余 {free / GIGABYTE:.1f} GB", f"{free / GIGABYTE:.1f} GB free")
    if free < 2 * LEAST_FREE:
        return bad(said, say("腾出空间或换盘:WUJI_PHOTO_DIR", "make room, or name another disk: WUJI_PHOTO_DIR"))
    return good(said)


def kept(patient: Patient) -> Found:
    """Database and folder are backed up separately; here it shows when one was brought back without the other."""
    folder = _folder(patient)
    known = [sha256 for (sha256,) in patient.access.rows(_KNOWN, [_LOOKED_FOR, _LOOKED_FOR], role="intake")]
    if folder is None or not known:
        return good(say("没有照片", "no photos"))
    store = FolderStore(folder)
    lost = [sha256 for sha256 in known if not store.exists(sha256)]
    if lost:
        said = say(f"抽查 {len(known)} 张,缺 {len(lost)} 张:", f"of {len(known)} looked for, {len(lost)} are gone: ")
        return bad(said + lost[0][:12] + "…", say(f"从备份恢复 {folder}", f"bring {folder} back from the backup"))
    return good(say(f"抽查 {len(known)} 张都在", f"{len(known)} looked for, all there"))


def _folder(patient: Patient) -> Path | None:
    path = patient.stack.run.env / "operator.env"
    named = read(path).get("WUJI_PHOTO_DIR") if path.exists() else None
    return Path(named) if named else None


CHECKS = (
    Check("WUJI-D041", "照片存放处", "place for photos", place),
    Check("WUJI-D042", "照片完整", "photos", kept),
)
