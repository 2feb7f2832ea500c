"""The form of messages as bytes: lengths, a JSON object, and the numbers of tensors.

Every length is checked before memory is taken.
"""

import json
import math
import struct
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

MAX_MESSAGE_BYTES = 256 << 20  # bytes of one message
MAX_TREE_BYTES = 8 << 20  # bytes of its JSON
MAX_BLOBS = 20_000

DTYPES = {
    str(dtype): dtype
    for dtype in (
        *(torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.bool),
        *(torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8),
        *(torch.complex64, torch.complex128),
    )
}
_HEAD = struct.Struct(">II")

Head = dict[str, Any]  # what a message says besides the numbers of tensors: a JSON object
Message = tuple[Head, list[bytes]]
Tree = Any  # a value in JSON


class ProtocolError(Exception):
    """A message that breaks the protocol, or a value that cannot cross; the text says which."""


def tensor_bytes(value: Tensor) -> bytes:
    """Return the numbers of a tensor, in order."""
    plain = value.detach().cpu().resolve_conj().resolve_neg()
    if plain.dtype == torch.bfloat16:  # which NumPy does not know
        plain = plain.view(torch.int16)
    return plain.numpy().tobytes()


def count(shape: Any) -> int:
    """Return the number of elements of a tensor of this shape.

    Raises:
        ProtocolError: it is not a list of sizes.
    """
    if len(shape) > 32 or any(type(n) is not int or not 0 <= n < 1 << 40 for n in shape):
        raise ProtocolError("a shape that cannot be read")
    return math.prod(shape)


def tensor_head(value: Tensor) -> list[Any]:
    """Return what is said of a tensor before its numbers."""
    return [str(value.dtype), list(value.shape)]


def read_tensor(head: Any, data: bytes) -> Tensor:
    """Return the tensor that ``head`` and ``data`` describe.

    Raises:
        ProtocolError: they do not fit together.
    """
    try:
        name, shape = head
        dtype = DTYPES[name]
        if count(shape) * dtype.itemsize != len(data):
            raise ProtocolError("a tensor whose size is not what it says")
        if not data:
            return torch.empty(shape, dtype=dtype)
        made = torch.frombuffer(bytearray(data), dtype=torch.uint8)
        made = made != 0 if dtype == torch.bool else made.view(dtype)
        return made.reshape(shape)
    except ProtocolError:
        raise
    except Exception as error:
        raise ProtocolError(f"a damaged tensor ({type(error).__name__})") from None


def frame(head: Head, blobs: list[bytes]) -> bytes:
    """Return a message as bytes: lengths, JSON, and the byte strings.

    Raises:
        ProtocolError: it is too large.
    """
    text = json.dumps(head, separators=(",", ":")).encode("utf-8", "surrogatepass")
    sizes = [len(blob) for blob in blobs]
    if len(text) > MAX_TREE_BYTES or len(sizes) > MAX_BLOBS or sum(sizes) > MAX_MESSAGE_BYTES:
        raise ProtocolError(f"more than {MAX_MESSAGE_BYTES >> 20} MB cannot be handed over at once")
    lengths = struct.pack(f">{len(sizes)}Q", *sizes)
    return b"".join([_HEAD.pack(len(text), len(sizes)), lengths, text, *blobs])


def read_frame(receive: Callable[[int], bytes]) -> Message:
    """Return the next message; ``receive(n)`` gives the next n bytes.

    Raises:
        ProtocolError: what comes cannot be read, or is too large.
    """
    size, number = _HEAD.unpack(receive(_HEAD.size))
    if size > MAX_TREE_BYTES or number > MAX_BLOBS:
        raise ProtocolError("a message that is too large")
    lengths = struct.unpack(f">{number}Q", receive(8 * number))
    if sum(lengths) > MAX_MESSAGE_BYTES:
        raise ProtocolError("a message that is too large")
    try:
        head = json.loads(receive(size).decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError):
        raise ProtocolError("a message that cannot be read") from None
    if not isinstance(head, dict):
        raise ProtocolError("a message that cannot be read")
    return head, [receive(length) for length in lengths]
