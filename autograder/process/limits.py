"""Limits on what one process may use, and how much it uses."""

import contextlib
import resource

from autograder.process.options import Options

THREADS = 4 << 30  # bytes of addresses that threads reserve without using them
UNKNOWN = (16 << 30, 1 << 30)


def set_limits(options: Options) -> None:
    """Limit memory, processes, files and time of this process to what ``options`` say."""
    addresses, data = memory_in_use(options.get("in_use", UNKNOWN))
    limits = {
        "RLIMIT_DATA": data + options["memory"],
        "RLIMIT_AS": addresses + 2 * options["memory"] + THREADS,  # shared memory counts here
        "RLIMIT_NPROC": options["processes"],
        "RLIMIT_FSIZE": options["file"],
        "RLIMIT_CPU": options["cpu"],
        "RLIMIT_NOFILE": 256,
        "RLIMIT_CORE": 0,
    }
    if not options["isolate"]:
        del limits["RLIMIT_NPROC"]  # it counts all processes of the user
    for name, most in limits.items():
        with contextlib.suppress(AttributeError, ValueError, OSError):
            resource.setrlimit(getattr(resource, name), (most, most))


def memory_in_use(otherwise: tuple[int, int] = UNKNOWN) -> tuple[int, int]:
    """Return the bytes of this process's addresses and data; ``otherwise`` if /proc is hidden."""
    try:
        with open("/proc/self/statm") as file:
            numbers = [int(word) * resource.getpagesize() for word in file.read().split()]
    except OSError:
        return otherwise
    return numbers[0], numbers[5]
