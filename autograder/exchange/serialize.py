"""Serialisation: values as plain data, to cross between a student's process and the judge's.

A value becomes a JSON tree and a list of byte strings. Numbers, texts, tuples, lists, sets,
dictionaries, tensors, arrays and a few more have a form of their own; functions and other
objects cross as handles (numbers) that the sender gives out. Nothing is ever unpickled, every
size is checked before memory is taken, and what is read has only the types named here, whatever
class it had where it came from.
"""

import math
import re
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.exchange.framing import DTYPES, ProtocolError, Tree
from autograder.exchange.random_state import numpy_state

MAX_DEPTH = 60  # levels of lists within lists
MAX_DIGITS = 4000  # of an integer

ARRAY = re.compile(r"[<>|=]([biufc]\d{1,2}|U\d{1,6})")


class Serialized:
    """A value on its way: its tree, its tensors, other bytes, and what may change in place."""

    def __init__(self) -> None:
        self.tree: Tree = None
        self.tensors: list[Tensor] = []
        self.blobs: list[bytes] = []
        self.mutable: list[Any] = []


def serialize(
    value: object,
    export: Callable[[object], Tree] | None = None,
    known: dict[int, int] | None = None,
) -> Serialized:
    """Return ``value`` in the form of the wire.

    Args:
        value: what is to cross.
        export: gives the tree of an object that has no plain form; without it there is none.
        known: numbers of objects that the receiver has already, by ``id``.
    """
    made = Serialized()
    made.tree = append(made, value, export, known or {})
    return made


def append(
    made: Serialized,
    value: object,
    export: Callable[[object], Tree] | None,
    known: dict[int, int],
) -> Tree:
    """Add the tensors and bytes of ``value`` to ``made``; return the tree of ``value``."""
    return _tree(value, made, export, known, 0)


def _tree(value: Any, made: Serialized, export: Any, known: dict[int, int], depth: int) -> Tree:
    if depth > MAX_DEPTH:
        raise ProtocolError(
            f"a value nested more than {MAX_DEPTH} levels deep cannot be handed over"
        )
    if id(value) in known:
        return {"m": known[id(value)]}
    if value is None or isinstance(value, (bool, str)):
        return value if value is None or type(value) in (bool, str) else str.__str__(value)
    if isinstance(value, Tensor):
        return _tensor_tree(value, made)
    if isinstance(value, (np.ndarray, np.generic)):
        return _array_tree(value, made)
    if isinstance(value, (int, float, complex, Fraction, Decimal)):
        return _number_tree(value)
    for kind, tag in ((torch.Size, "size"), (tuple, "u"), (list, "l"), (set, "s")):
        if isinstance(value, kind):
            if kind in (list, set):
                made.mutable.append(value)
            items = [_tree(one, made, export, known, depth + 1) for one in kind.__iter__(value)]  # type: ignore[arg-type]
            fields = getattr(type(value), "_fields", None) if kind is tuple else None
            if isinstance(fields, tuple) and all(isinstance(name, str) for name in fields):
                return {"nt": [type(value).__module__, type(value).__name__, list(fields), items]}
            return {tag: items}
    if isinstance(value, frozenset):
        return {"fs": [_tree(one, made, export, known, depth + 1) for one in value]}
    if isinstance(value, dict):
        made.mutable.append(value)
        pairs = dict.items(value)
        return {"d": [[_tree(x, made, export, known, depth + 1) for x in two] for two in pairs]}
    return _rare_tree(value, made, export, known, depth)


def _rare_tree(
    value: Any, made: Serialized, export: Any, known: dict[int, int], depth: int
) -> Tree:
    if isinstance(value, (bytes, bytearray)):
        return {"b": _blob(bytes(value), made)}
    if isinstance(value, torch.Generator) and type(value) is torch.Generator:
        made.mutable.append(value)
        return {"g": _blob(value.get_state().numpy().tobytes(), made)}
    if type(value) is np.random.Generator and type(value.bit_generator) is np.random.PCG64:
        made.mutable.append(value)
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
        items = [_tree(one, made, export, known, depth + 1) for one in ends]
        return {"r" if isinstance(value, range) else "sl": items}
    if export is None:
        raise ProtocolError(f"a value of type {type(value).__name__} cannot be handed over")
    return export(value)


def _number_tree(value: Any) -> Tree:
    if isinstance(value, int):
        if int.bit_length(value) > MAX_DIGITS * 3:
            raise ProtocolError("an integer of so many digits cannot be handed over")
        return int.__int__(value)
    if isinstance(value, float):
        plain = float.__float__(value)
        return plain if math.isfinite(plain) else {"f": repr(plain)}
    if isinstance(value, complex):
        return {"c": [repr(value.real), repr(value.imag)]}
    if isinstance(value, Fraction):
        return {"q": [int(value.numerator), int(value.denominator)]}
    return {"D": str(Decimal(value))}


def _blob(data: bytes, made: Serialized) -> int:
    made.blobs.append(data)
    return len(made.blobs) - 1


def _tensor_tree(value: Tensor, made: Serialized) -> Tree:
    if type(value) not in (Tensor, torch.nn.Parameter):
        value = value.as_subclass(Tensor)
    if value.layout != torch.strided:
        raise ProtocolError("a sparse tensor cannot be handed over: use .to_dense()")
    if str(value.dtype) not in DTYPES or value.is_quantized or value.is_meta:
        raise ProtocolError(f"a tensor of {value.dtype} cannot be handed over")
    made.tensors.append(value)
    made.mutable.append(value)
    return {"t": len(made.tensors) - 1}


def _array_tree(value: Any, made: Serialized) -> Tree:
    if not ARRAY.fullmatch(value.dtype.str):
        raise ProtocolError(f"an array of {value.dtype} cannot be handed over")
    if isinstance(value, np.ndarray):
        made.mutable.append(value)
    plain = np.asarray(value)
    blob = _blob(np.ndarray.tobytes(plain), made)
    return {"a": [plain.dtype.str, list(plain.shape), blob, isinstance(value, np.generic)]}
