"""Handles: numbers that stand for functions and other objects of the end that gave them out."""

import sys
from collections.abc import Callable
from typing import Any

import torch

from autograder.exchange.framing import ProtocolError, Tree
from autograder.exchange.proxies import Remote, kind_of

_SHARED = ("torch", "math", "operator", "numpy", "gensrc", "scipy")  # where both have the same
MAX_NAME = 200  # characters of the name of an object


class Handles:
    """The objects that one end has given out, and the proxies of those of the other end.

    Args:
        trusted: whether this end judges: then only functions can be given out, and nothing that
            comes chooses a function by its name.
        make_proxy: makes what stands for an object of the other end: of handle, kind and name.
    """

    def __init__(self, trusted: bool, make_proxy: Callable[[Any, Any, Any], object]) -> None:
        self.trusted, self.make_proxy = trusted, make_proxy
        self.exported: dict[int, Any] = {}
        self.numbers: dict[int, int] = {}  # by id(); `exported` keeps the objects alive

    def export(self, value: object) -> Tree:
        """Return the tree of an object that has no plain form."""
        if isinstance(value, Remote):
            return {"own": value._handle}
        if not self.trusted and isinstance(value, type(sys)):
            raise ProtocolError(f"the module {value.__name__} cannot be handed over")
        shared = _shared_name(value) if self.trusted else None
        if shared:
            return {"shared": shared}
        if id(value) not in self.numbers:
            if self.trusted and not callable(value):
                raise ProtocolError(f"a value of type {type(value).__name__} cannot be handed over")
            self.numbers[id(value)] = len(self.exported) + 1
            self.exported[self.numbers[id(value)]] = value
        name = str(getattr(value, "__name__", type(value).__name__))[:MAX_NAME]
        return {"handle": [self.numbers[id(value)], kind_of(value), name]}

    def resolve(self, tag: str, body: Any) -> object:
        """Return the object for a tree that the other end's :meth:`export` made."""
        if tag == "own":
            return self.exported[body]
        if tag == "handle":
            return self.make_proxy(*body)
        if tag == "shared" and not self.trusted:
            found: Any = sys.modules[body[0]]
            for name in body[1].split("."):
                found = getattr(found, name)
            return found
        raise ProtocolError("damaged data")


def _shared_name(value: Any) -> list[str] | None:
    """Return module and name of a function or class that both ends have, or None."""
    module = getattr(value, "__module__", None)
    name = getattr(value, "__qualname__", None)
    if not isinstance(name, str) or not callable(value) or isinstance(value, torch.nn.Module):
        return None
    if not isinstance(module, str):  # functions of torch and NumPy written in C
        module = "torch" if getattr(torch, name, None) is value else None
    if not module or module.split(".")[0] not in _SHARED or module not in sys.modules:
        return None
    found: Any = sys.modules[module]
    for part in name.split("."):
        found = getattr(found, part, None)
    return [module, name] if found is value else None
