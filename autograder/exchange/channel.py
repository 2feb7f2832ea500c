"""Messages over a socket, with a limit of time and a bounded copy of what was printed."""

import os
import selectors
import socket
import time

from autograder.exchange.framing import Head, Message, ProtocolError, frame, read_frame

PIECE = 1 << 18
MAX_PRINTED = 20_000  # bytes kept of what one cell prints, for each stream


class Gone(Exception):
    """The process at the other end has ended."""


class TimeOver(Exception):
    """The other end did not answer in time."""


class Channel:
    """One end of a connection that carries messages."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection

    def send(self, head: Head, blobs: list[bytes]) -> None:
        """Send one message."""
        data = frame(head, blobs)
        try:
            self._write(memoryview(data))
        except OSError:
            raise Gone from None

    def receive(self) -> Message:
        """Return the next message."""
        try:
            return read_frame(self._read)
        except OSError:
            raise Gone from None

    def _write(self, data: memoryview) -> None:
        self.connection.sendall(data)

    def _read(self, size: int) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            piece = self.connection.recv(min(PIECE, size - len(parts)))
            if not piece:
                raise Gone
            parts += piece
        return bytes(parts)


class Printed:
    """What a process prints, read while it comes; only the beginning is kept."""

    def __init__(self, reader: int) -> None:
        os.set_blocking(reader, False)
        self.reader = reader
        self.kept = bytearray()
        self.dropped = 0

    def drain(self, most: int = 64) -> bool:
        """Read what is there (at most ``most`` pieces); return whether the stream is open."""
        for _ in range(most):
            try:
                piece = os.read(self.reader, PIECE)
            except BlockingIOError:
                return True
            except OSError:
                return False
            if not piece:
                return False
            room = MAX_PRINTED - len(self.kept)
            self.kept += piece[:room]
            self.dropped += max(0, len(piece) - room)
        return True

    def take(self) -> str:
        """Return what was printed since the last call."""
        text = self.kept.decode("utf-8", "replace")
        if self.dropped:
            text += f"\n[{self.dropped} more bytes were printed and are left out]\n"
        self.kept, self.dropped = bytearray(), 0
        return text


class WatchedChannel(Channel):
    """A channel to a process that is not trusted: it may be slow, silent, or talk too much."""

    def __init__(self, connection: socket.socket, printed: list[Printed]) -> None:
        super().__init__(connection)
        connection.setblocking(False)
        self.printed = printed
        self.deadline = float("inf")
        self.broken: Exception | None = None
        self._selector = selectors.DefaultSelector()
        self._selector.register(connection, selectors.EVENT_READ)
        for one in printed:
            self._selector.register(one.reader, selectors.EVENT_READ, one)

    def close(self) -> None:
        """Close everything; what has been printed stays."""
        for one in self.printed:
            one.drain()
            os.close(one.reader)
        self._selector.close()
        self.connection.close()

    def send(self, head: Head, blobs: list[bytes]) -> None:
        """Send one message; after a failure the channel is of no use any more."""
        if self.broken:
            raise self.broken
        try:
            super().send(head, blobs)
        except (Gone, TimeOver) as error:
            self.broken = error
            raise

    def receive(self) -> Message:
        """Return the next message; after a failure the channel is of no use any more."""
        if self.broken:
            raise self.broken
        try:
            return super().receive()
        except (Gone, TimeOver, ProtocolError) as error:
            self.broken = error
            raise

    def _write(self, data: memoryview) -> None:
        while data:
            self._wait(selectors.EVENT_WRITE)
            try:
                data = data[self.connection.send(data[:PIECE]) :]
            except BlockingIOError:
                continue

    def _read(self, size: int) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            try:
                piece = self.connection.recv(min(PIECE, size - len(parts)))
            except BlockingIOError:
                self._wait(selectors.EVENT_READ)
                continue
            if not piece:
                raise Gone
            parts += piece
            if time.monotonic() > self.deadline:
                raise TimeOver
        return bytes(parts)

    def _wait(self, event: int) -> None:
        """Wait until the socket is ready, and read what is printed meanwhile."""
        self._selector.modify(self.connection, event)
        while True:
            left = self.deadline - time.monotonic()
            if left <= 0:
                raise TimeOver
            ready = self._selector.select(min(left, 3600))
            for key, _ in ready:
                if isinstance(key.data, Printed) and not key.data.drain():
                    self._selector.unregister(key.fd)
            if any(key.data is None for key, _ in ready):
                return
