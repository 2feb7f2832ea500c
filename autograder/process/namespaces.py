"""Namespaces, mounts and rights of a submission's process, by the system calls themselves."""

import contextlib
import ctypes
import os
import sys
from typing import Any

NAMESPACES = 0x00020000 | 0x10000000 | 0x20000000 | 0x40000000 | 0x08000000 | 0x04000000
RECURSIVE, BIND, READ_ONLY, REMOUNT = 16384, 4096, 1, 32
PRIVATE = RECURSIVE | (1 << 18)
NO_SUID_NO_DEV, NO_EXECUTION = 6, 8
NOBODY = 65534
DIE_WITH_PARENT, DUMPABLE, NO_NEW_PRIVILEGES, DROP_BOUND = 1, 4, 38, 24


def system(number: int, value: int) -> None:
    """Set something about this process (prctl), where the system is Linux."""
    if sys.platform == "linux":
        _libc().prctl(number, value, 0, 0, 0)


def is_root() -> bool:
    """Whether this process may become another user; root of a namespace of one user may not."""
    if os.getuid() != 0:
        return False
    with open("/proc/self/uid_map") as file:
        return sum(int(line.split()[2]) for line in file) > NOBODY


def _libc() -> Any:
    return ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def unshare_namespaces() -> None:
    """Leave the namespaces of the fork server for new ones."""
    user, group = os.getuid(), os.getgid()
    system(DUMPABLE, 1)  # or the maps below cannot be written
    _check(_libc().unshare(NAMESPACES), "unshare")
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{user} {user} 1"),
        ("gid_map", f"{group} {group} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def _mount(source: str | None, target: str, kind: str | None, flags: int, data: str = "") -> None:
    words = [one.encode() if one else None for one in (source, target, kind, data)]
    result = _libc().mount(*words[:3], ctypes.c_ulong(flags), words[3])
    _check(result, f"mount {target}")


def forbid_namespaces() -> None:
    """Let no process make namespaces of its own, in which it would have rights again."""
    with contextlib.suppress(OSError), open("/proc/sys/user/max_user_namespaces", "w") as file:
        file.write("0")


def mount_scratch(home: str, size: int, kept: list[str]) -> None:
    """Mount a scratch folder of bounded size, and hide the processes of others.

    Args:
        home: where it is mounted; parts of it are mounted over /tmp and /dev/shm too.
        size: its bytes.
        kept: folders below /tmp that stay where they are.
    """
    _mount(None, "/", None, PRIVATE)
    _mount("tmpfs", home, "tmpfs", NO_SUID_NO_DEV, f"size={size},nr_inodes=20000,mode=700")
    for place in ("/tmp", "/dev/shm"):
        folder = f"{home}/.{place.rsplit('/', 1)[1]}"
        os.mkdir(folder)
        for one in kept:
            if one.startswith(f"{place}/"):
                os.makedirs(folder + one.removeprefix(place))
                _mount(one, folder + one.removeprefix(place), None, BIND | RECURSIVE)
        _mount(folder, place, None, BIND | RECURSIVE)
    _hide_processes()


def _hide_processes() -> None:
    """Mount a /proc that shows the processes of this namespace only."""
    try:
        _mount("proc", "/proc", "proc", NO_SUID_NO_DEV)
    except OSError:  # the system's own is covered in part: show two harmless files of it
        kept = {}
        for name in ("cpuinfo", "meminfo"):
            with open(f"/proc/{name}") as file:
                kept[name] = file.read()
        _mount("tmpfs", "/proc", "tmpfs", NO_SUID_NO_DEV, "size=1m")
        for name, text in kept.items():
            with open(f"/proc/{name}", "w") as file:
                file.write(text)
        _mount(None, "/proc", None, REMOUNT | READ_ONLY | NO_SUID_NO_DEV)


def read_only(place: str) -> None:
    """Let nothing more be written to what is mounted here."""
    kept = os.statvfs(place).f_flag & (NO_SUID_NO_DEV | NO_EXECUTION)
    _mount(None, place, None, BIND | REMOUNT | READ_ONLY | kept)


def drop_capabilities() -> None:
    """Give up all rights, for good."""
    system(NO_NEW_PRIVILEGES, 1)
    for number in range(64):
        system(DROP_BOUND, number)
    head = (ctypes.c_uint32 * 2)(0x20080522, 0)
    _check(_libc().capset(head, (ctypes.c_uint32 * 6)()), "capset")
    system(DUMPABLE, 0)
