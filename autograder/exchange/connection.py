"""A connection of two processes: requests and replies, and requests while a reply is awaited."""

from collections.abc import Callable

from autograder.exchange.channel import Channel
from autograder.exchange.framing import Head, Message, ProtocolError
from autograder.exchange.proxies import remote_error
from autograder.exchange.server import Server, describe

MAX_NESTED_CALLS = 30


class Connection:
    """One of the two ends.

    Args:
        channel: carries the messages.
        server: handles the other end's requests.
        before_reply: called before each reply.
    """

    def __init__(
        self, channel: Channel, server: Server, before_reply: Callable[[], object]
    ) -> None:
        self.channel, self.server, self.before_reply = channel, server, before_reply
        self.dropped: list[int] = []  # graphs of the other end that nobody needs any more
        self.depth = 0

    def round_trip(self, head: Head, blobs: list[bytes]) -> Message:
        """Send a request; handle the other end's until its reply comes."""
        if self.depth >= MAX_NESTED_CALLS:
            raise RecursionError("calls within calls between a test and an answer: too many")
        if self.dropped:
            head["drop"], self.dropped = self.dropped, []
        self.server.raised = None
        self.channel.send(head, blobs)
        self.depth += 1
        try:
            head, blobs = self.channel.receive()
            while "op" in head:
                self._reply_to(head, blobs)
                head, blobs = self.channel.receive()
        finally:
            self.depth -= 1
        if "error" in head:
            raise self._error(head["error"])
        return head, blobs

    def _error(self, told: object) -> Exception:
        """Return the exception of an error that was told: our own where it passed through."""
        raised, self.server.raised = self.server.raised, None
        said = told if isinstance(told, dict) else {}
        if raised is not None and type(raised).__name__ == said.get("type"):
            return raised
        return remote_error(said)

    def serve(self) -> None:
        """Handle requests until the connection ends."""
        while True:
            self._reply_to(*self.channel.receive())

    def _reply_to(self, head: Head, blobs: list[bytes]) -> None:
        reply = self.server.handle(head, blobs)
        self.before_reply()
        try:
            self.channel.send(*reply)
        except ProtocolError as error:
            self.channel.send({"error": describe(error)}, [])
