"""The way back from plain data to values.

What is read has only the types named here, whatever class it had where it came from.
"""

import keyword
import math
import sys
from collections import namedtuple
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.exchange.framing import DTYPES, ProtocolError, Tree, count
from autograder.exchange.random_state import set_numpy_state
from autograder.exchange.serialize import ARRAY, MAX_DEPTH, MAX_DIGITS


class Deserializer:
    """Turns trees back into values; :attr:`mutable` numbers them as :func:`serialize` did.

    Args:
        tensors: the tensors of the message.
        blobs: its other bytes.
        resolve: gives the object for a tree that the sender's ``export`` made.
        known: the objects that ``{"m": number}`` stands for.
    """

    def __init__(
        self,
        tensors: list[Tensor],
        blobs: list[bytes],
        resolve: Callable[[str, Any], object] | None = None,
        known: list[Any] | None = None,
    ) -> None:
        self.tensors, self.blobs, self.resolve = tensors, blobs, resolve
        self.known = known or []
        self.mutable: list[Any] = []

    def read(self, tree: Tree) -> Any:
        """Return the value of ``tree``.

        Raises:
            ProtocolError: it is not the tree of a value.
        """
        try:
            return self._read(tree, 0)
        except ProtocolError:
            raise
        except Exception as error:
            raise ProtocolError(f"damaged data ({type(error).__name__})") from None

    def _read(self, tree: Tree, depth: int) -> Any:
        if tree is None or type(tree) in (bool, int, float, str):
            return tree
        if depth > MAX_DEPTH + 2 or type(tree) is not dict or len(tree) != 1:
            raise ProtocolError("damaged data")
        ((tag, body),) = tree.items()
        if tag in _PLAIN:
            return _PLAIN[tag](self, body, depth + 1)
        if self.resolve is None:
            raise ProtocolError("damaged data")
        return self.resolve(tag, body)

    def _items(self, body: Any, depth: int) -> list[Any]:
        return [self._read(one, depth) for one in body]

    def _list(self, body: Any, depth: int) -> list[Any]:
        made: list[Any] = []
        self.mutable.append(made)
        made.extend(self._items(body, depth))
        return made

    def _set(self, body: Any, depth: int) -> set[Any]:
        made: set[Any] = set()
        self.mutable.append(made)
        made.update(self._items(body, depth))
        return made

    def _dict(self, body: Any, depth: int) -> dict[Any, Any]:
        made: dict[Any, Any] = {}
        self.mutable.append(made)
        for key, value in body:
            made[self._read(key, depth)] = self._read(value, depth)
        return made

    def _tensor(self, number: Any, depth: int) -> Tensor:
        if type(number) is not int or number < 0:
            raise ProtocolError("damaged data")
        self.mutable.append(self.tensors[number])
        return self.tensors[number]

    def _array(self, body: Any, depth: int) -> Any:
        kind, shape, blob, scalar = body
        if not ARRAY.fullmatch(kind):
            raise ProtocolError("damaged data")
        dtype, data = np.dtype(kind), self.blobs[blob]
        if count(shape) * dtype.itemsize != len(data):
            raise ProtocolError("an array whose size is not what it says")
        if dtype.kind == "b":
            data = bytes(map(bool, data))
        made = np.frombuffer(bytearray(data), dtype=dtype).reshape(shape)
        if scalar:
            return made[()]
        self.mutable.append(made)
        return made

    def _named(self, body: Any, depth: int) -> Any:
        module, name, fields, items = body
        values = self._items(items, depth)
        return _named_tuple(str(module), str(name), tuple(fields), len(values))(*values)

    def _generator(self, number: Any, depth: int) -> torch.Generator:
        made = torch.Generator()
        made.set_state(torch.frombuffer(bytearray(self.blobs[number]), dtype=torch.uint8))
        self.mutable.append(made)
        return made

    def _numpy_generator(self, state: Any, depth: int) -> np.random.Generator:
        if not all(type(one) is int and one >= 0 for one in state):
            raise ProtocolError("damaged data")
        made = np.random.Generator(np.random.PCG64())
        set_numpy_state(made, state)
        self.mutable.append(made)
        return made

    def _known(self, number: Any, depth: int) -> Any:
        if type(number) is not int or number < 0:
            raise ProtocolError("damaged data")
        return self.known[number]


def _decimal(text: Any) -> Decimal:
    if not isinstance(text, str) or len(text) > MAX_DIGITS:
        raise ProtocolError("damaged data")
    made = Decimal(text)
    if made.is_finite() and made and abs(made.adjusted()) > MAX_DIGITS:  # huge as a whole number
        raise ProtocolError("a decimal number of so many digits cannot be handed over")
    return made


def _fraction(body: Any) -> Fraction:
    over, under = body
    if type(over) is not int or type(under) is not int:
        raise ProtocolError("damaged data")
    return Fraction(over, under)


_PLAIN: dict[str, Callable[[Deserializer, Any, int], Any]] = {
    "t": Deserializer._tensor,
    "a": Deserializer._array,
    "l": Deserializer._list,
    "s": Deserializer._set,
    "d": Deserializer._dict,
    "u": lambda self, body, depth: tuple(self._items(body, depth)),
    "fs": lambda self, body, depth: frozenset(self._items(body, depth)),
    "size": lambda self, body, depth: torch.Size(self._items(body, depth)),
    "nt": Deserializer._named,
    "f": lambda self, body, depth: {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}[body],
    "c": lambda self, body, depth: complex(float(body[0]), float(body[1])),
    "q": lambda self, body, depth: _fraction(body),
    "D": lambda self, body, depth: _decimal(body),
    "b": lambda self, body, depth: bytes(self.blobs[body]),
    "g": Deserializer._generator,
    "ng": Deserializer._numpy_generator,
    "dt": lambda self, body, depth: DTYPES[body],
    "dev": lambda self, body, depth: torch.device(body),
    "nd": lambda self, body, depth: np.dtype(ARRAY.fullmatch(body)[0]),  # type: ignore[index]
    "e": lambda self, body, depth: Ellipsis,
    "sl": lambda self, body, depth: slice(*self._items(body, depth)),
    "r": lambda self, body, depth: range(*self._items(body, depth)),
    "m": Deserializer._known,
}


@cache
def _generic_tuple(name: str, fields: tuple[str, ...]) -> Any:
    if len(fields) > 200 or not all(map(_is_name, (name, *fields))):
        raise ProtocolError("damaged data")
    return namedtuple(name, fields)


def _is_name(text: Any) -> bool:
    return isinstance(text, str) and text.isidentifier() and not keyword.iskeyword(text)


def _named_tuple(module: str, name: str, fields: tuple[str, ...], length: int) -> Any:
    """Return the class of this name: the course's own where there is one, or a plain copy."""
    if length != len(fields):
        raise ProtocolError("damaged data")
    if module.startswith("gensrc.") and module in sys.modules:
        found = getattr(sys.modules[module], name, None)
        if isinstance(found, type) and getattr(found, "_fields", None) == fields:
            return found
    return _generic_tuple(name, fields)
