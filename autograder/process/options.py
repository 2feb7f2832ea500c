"""The options of fork servers and of the processes that they fork."""

from typing import TypedDict

CONNECTION = "/connection"  # the folder of a Jupyter kernel's sockets, in the sandbox


class Options(TypedDict, total=False):
    """What a fork server is told when it starts."""

    isolate: bool  # whether children get namespaces of their own
    modules: list[str]  # imported before any fork
    withheld: list[str]  # names of other packages than gensrc that cannot be used
    home: str  # the folder of a submission
    files: str  # its files at the start are copied from here
    kept: list[str]  # folders below /tmp that stay where they are
    scratch: int  # bytes of its home
    memory: int  # bytes that a process may take beyond what the fork server has
    together: int  # bytes that all processes of a submission may use together
    file: int  # bytes of one file
    processes: int
    cpu: int  # seconds of a processor's time
    in_use: tuple[int, int]  # bytes of addresses and data that the fork server has
