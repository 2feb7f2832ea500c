"""Plain data on a wire: what may cross between a student's process and the one that judges.

A value becomes a JSON tree and a list of byte strings. Numbers, texts, tuples, lists, sets,
dictionaries, tensors, arrays and a few more have a form of their own; functions and other
objects cross as handles (numbers) that the sender gives out. Nothing is ever unpickled, every
size is checked before memory is taken, and what is read has only the types named here, whatever
class it had where it came from.
"""

import keyword
import math
import re
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

from autograder.exchange.framing import DTYPES, WireError, count

DEEPEST = 60  # levels of lists within lists
DIGITS = 4000  # of an integer

_ARRAY = re.compile(r"[<>|=]([biufc]\d{1,2}|U\d{1,6})")

Tree = Any


class Packed:
    """A value on its way: its tree, its tensors, other bytes, and what may change in place."""

    def __init__(self) -> None:
        self.tree: Tree = None
        self.tensors: list[Tensor] = []
        self.blobs: list[bytes] = []
        self.mutable: list[Any] = []


def pack(
    value: object,
    export: Callable[[object], Tree] | None = None,
    known: dict[int, int] | None = None,
) -> Packed:
    """Return ``value`` in the form of the wire.

    Args:
        value: what is to cross.
        export: gives the tree of an object that has no plain form; without it there is none.
        known: numbers of objects that the receiver has already, by ``id``.
    """
    packed = Packed()
    packed.tree = _pack(value, packed, export, known or {}, 0)
    return packed


def _pack(value: Any, packed: Packed, export: Any, known: dict[int, int], depth: int) -> Tree:
    if depth > DEEPEST:
        raise WireError(f"a value nested more than {DEEPEST} levels deep cannot be handed over")
    if id(value) in known:
        return {"m": known[id(value)]}
    if value is None or isinstance(value, (bool, str)):
        return value if value is None or type(value) in (bool, str) else str.__str__(value)
    if isinstance(value, Tensor):
        return _pack_tensor(value, packed)
    if isinstance(value, (np.ndarray, np.generic)):
        return _pack_array(value, packed)
    if isinstance(value, (int, float, complex, Fraction, Decimal)):
        return _pack_number(value)
    for kind, tag in ((torch.Size, "size"), (tuple, "u"), (list, "l"), (set, "s")):
        if isinstance(value, kind):
            if kind in (list, set):
                packed.mutable.append(value)
            items = [_pack(one, packed, export, known, depth + 1) for one in kind.__iter__(value)]  # type: ignore[arg-type]
            fields = getattr(type(value), "_fields", None) if kind is tuple else None
            if isinstance(fields, tuple) and all(isinstance(name, str) for name in fields):
                return {"nt": [type(value).__module__, type(value).__name__, list(fields), items]}
            return {tag: items}
    if isinstance(value, frozenset):
        return {"fs": [_pack(one, packed, export, known, depth + 1) for one in value]}
    if isinstance(value, dict):
        packed.mutable.append(value)
        pairs = dict.items(value)
        return {"d": [[_pack(x, packed, export, known, depth + 1) for x in two] for two in pairs]}
    return _pack_rare(value, packed, export, known, depth)


def _pack_rare(value: Any, packed: Packed, export: Any, known: dict[int, int], depth: int) -> Tree:
    if isinstance(value, (bytes, bytearray)):
        return {"b": _blob(bytes(value), packed)}
    if isinstance(value, torch.Generator) and type(value) is torch.Generator:
        packed.mutable.append(value)
        return {"g": _blob(value.get_state().numpy().tobytes(), packed)}
    if type(value) is np.random.Generator and type(value.bit_generator) is np.random.PCG64:
        packed.mutable.append(value)
        return {"ng": list(numpy_state(value))}
    if isinstance(value, torch.dtype):
        return {"dt": str(value)}
    if isinstance(value, torch.device):
        return {"dev": str(value)}
    if isinstance(value, np.dtype):
        return {"nd": value.str}
    if value is Ellipsis:
        return {"e": 0}
    if isinstance(value, (slice, range)):
        ends = [value.start, value.stop, value.step]
        items = [_pack(one, packed, export, known, depth + 1) for one in ends]
        return {"r" if isinstance(value, range) else "sl": items}
    if export is None:
        raise WireError(f"a value of type {type(value).__name__} cannot be handed over")
    return export(value)


def numpy_state(generator: np.random.Generator) -> tuple[int, ...]:
    """Return the state of NumPy's own generator: where it is, its stream, and a half number."""
    found: Any = generator.bit_generator.state
    inner = found["state"]
    return inner["state"], inner["inc"], found["has_uint32"], found["uinteger"]


def set_numpy_state(generator: np.random.Generator, state: Any) -> None:
    """Bring a generator to a state that :func:`numpy_state` gave."""
    place, stream, half, number = state
    generator.bit_generator.state = {
        "bit_generator": "PCG64",
        "state": {"state": place, "inc": stream},
        "has_uint32": half,
        "uinteger": number,
    }


def _pack_number(value: Any) -> Tree:
    if isinstance(value, int):
        if int.bit_length(value) > DIGITS * 3:
            raise WireError("an integer of so many digits cannot be handed over")
        return int.__int__(value)
    if isinstance(value, float):
        plain = float.__float__(value)
        return plain if math.isfinite(plain) else {"f": repr(plain)}
    if isinstance(value, complex):
        return {"c": [repr(value.real), repr(value.imag)]}
    if isinstance(value, Fraction):
        return {"q": [int(value.numerator), int(value.denominator)]}
    return {"D": str(Decimal(value))}


def _blob(data: bytes, packed: Packed) -> int:
    packed.blobs.append(data)
    return len(packed.blobs) - 1


def _pack_tensor(value: Tensor, packed: Packed) -> Tree:
    if type(value) not in (Tensor, torch.nn.Parameter):
        value = value.as_subclass(Tensor)
    if value.layout != torch.strided:
        raise WireError("a sparse tensor cannot be handed over: use .to_dense()")
    if str(value.dtype) not in DTYPES or value.is_quantized or value.is_meta:
        raise WireError(f"a tensor of {value.dtype} cannot be handed over")
    packed.tensors.append(value)
    packed.mutable.append(value)
    return {"t": len(packed.tensors) - 1}


def _pack_array(value: Any, packed: Packed) -> Tree:
    if not _ARRAY.fullmatch(value.dtype.str):
        raise WireError(f"an array of {value.dtype} cannot be handed over")
    if isinstance(value, np.ndarray):
        packed.mutable.append(value)
    plain = np.asarray(value)
    blob = _blob(np.ndarray.tobytes(plain), packed)
    return {"a": [plain.dtype.str, list(plain.shape), blob, isinstance(value, np.generic)]}


class Reader:
    """Turns trees back into values; :attr:`mutable` numbers them as :func:`pack` did.

    Args:
        tensors: the tensors of the message.
        blobs: its other bytes.
        adopt: gives the object for a tree that the sender's ``export`` made.
        known: the objects that ``{"m": number}`` stands for.
    """

    def __init__(
        self,
        tensors: list[Tensor],
        blobs: list[bytes],
        adopt: Callable[[str, Any], object] | None = None,
        known: list[Any] | None = None,
    ) -> None:
        self.tensors, self.blobs, self.adopt = tensors, blobs, adopt
        self.known = known or []
        self.mutable: list[Any] = []

    def read(self, tree: Tree) -> Any:
        """Return the value of ``tree``.

        Raises:
            WireError: it is none.
        """
        try:
            return self._read(tree, 0)
        except WireError:
            raise
        except Exception as error:
            raise WireError(f"damaged data ({type(error).__name__})") from None

    def _read(self, tree: Tree, depth: int) -> Any:
        if tree is None or type(tree) in (bool, int, float, str):
            return tree
        if depth > DEEPEST + 2 or type(tree) is not dict or len(tree) != 1:
            raise WireError("damaged data")
        ((tag, body),) = tree.items()
        if tag in _PLAIN:
            return _PLAIN[tag](self, body, depth + 1)
        if self.adopt is None:
            raise WireError("damaged data")
        return self.adopt(tag, body)

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
            raise WireError("damaged data")
        self.mutable.append(self.tensors[number])
        return self.tensors[number]

    def _array(self, body: Any, depth: int) -> Any:
        kind, shape, blob, scalar = body
        if not _ARRAY.fullmatch(kind):
            raise WireError("damaged data")
        dtype, data = np.dtype(kind), self.blobs[blob]
        if count(shape) * dtype.itemsize != len(data):
            raise WireError("an array whose size is not what it says")
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
            raise WireError("damaged data")
        made = np.random.Generator(np.random.PCG64())
        set_numpy_state(made, state)
        self.mutable.append(made)
        return made

    def _known(self, number: Any, depth: int) -> Any:
        if type(number) is not int or number < 0:
            raise WireError("damaged data")
        return self.known[number]


def _decimal(text: Any) -> Decimal:
    if not isinstance(text, str) or len(text) > DIGITS:
        raise WireError("damaged data")
    made = Decimal(text)
    if made.is_finite() and made and abs(made.adjusted()) > DIGITS:  # huge as a whole number
        raise WireError("a decimal number of so many digits cannot be handed over")
    return made


def _fraction(body: Any) -> Fraction:
    over, under = body
    if type(over) is not int or type(under) is not int:
        raise WireError("damaged data")
    return Fraction(over, under)


_PLAIN: dict[str, Callable[[Reader, Any, int], Any]] = {
    "t": Reader._tensor,
    "a": Reader._array,
    "l": Reader._list,
    "s": Reader._set,
    "d": Reader._dict,
    "u": lambda self, body, depth: tuple(self._items(body, depth)),
    "fs": lambda self, body, depth: frozenset(self._items(body, depth)),
    "size": lambda self, body, depth: torch.Size(self._items(body, depth)),
    "nt": Reader._named,
    "f": lambda self, body, depth: {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}[body],
    "c": lambda self, body, depth: complex(float(body[0]), float(body[1])),
    "q": lambda self, body, depth: _fraction(body),
    "D": lambda self, body, depth: _decimal(body),
    "b": lambda self, body, depth: bytes(self.blobs[body]),
    "g": Reader._generator,
    "ng": Reader._numpy_generator,
    "dt": lambda self, body, depth: DTYPES[body],
    "dev": lambda self, body, depth: torch.device(body),
    "nd": lambda self, body, depth: np.dtype(_ARRAY.fullmatch(body)[0]),  # type: ignore[index]
    "e": lambda self, body, depth: Ellipsis,
    "sl": lambda self, body, depth: slice(*self._items(body, depth)),
    "r": lambda self, body, depth: range(*self._items(body, depth)),
    "m": Reader._known,
}


@cache
def _generic_tuple(name: str, fields: tuple[str, ...]) -> Any:
    if len(fields) > 200 or not all(map(_is_name, (name, *fields))):
        raise WireError("damaged data")
    return namedtuple(name, fields)


def _is_name(text: Any) -> bool:
    return isinstance(text, str) and text.isidentifier() and not keyword.iskeyword(text)


def _named_tuple(module: str, name: str, fields: tuple[str, ...], length: int) -> Any:
    """Return the class of this name: the course's own where there is one, or a plain copy."""
    if length != len(fields):
        raise WireError("damaged data")
    if module.startswith("gensrc.") and module in sys.modules:
        found = getattr(sys.modules[module], name, None)
        if isinstance(found, type) and getattr(found, "_fields", None) == fields:
            return found
    return _generic_tuple(name, fields)
