"""Proxies: they stand for objects of the other process (functions, modules, iterators, others).

None of them carries any behaviour of the student's over: there are calls and plain attributes,
and no comparison, no arithmetic and no conversion that a student could have written.
"""

import builtins
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import nn

from autograder.exchange.framing import Head

_NUMERIC = frozenset(
    name
    for kind in (torch.Tensor, np.ndarray, float, int, complex, str, bytes, list, dict, set)
    for name in dir(kind)
)
KINDS = ("function", "object", "module", "iterator")


def kind_of(value: object) -> str:
    """Return how ``value`` is to be stood for at the other end."""
    if isinstance(value, nn.Module):
        return "module"
    if callable(value):
        return "function"
    return "iterator" if hasattr(type(value), "__next__") else "object"


def make_proxy(client: Any, handle: Any, kind: Any, name: Any) -> "Remote":
    """Return what stands for the object of the other end with this handle."""
    if type(handle) is not int or kind not in KINDS or not isinstance(name, str):
        raise ValueError("damaged data")
    made: Remote = _CLASSES[kind](client, handle, name)
    return made


class Remote:
    """An object of the other process: its attributes can be read."""

    _handle: int
    _client: Any

    def __init__(self, client: Any, handle: int, name: str) -> None:
        self.__dict__.update(_client=client, _handle=handle, __name__=name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        found = self._client.request("attribute", name, handle=self._handle)
        if isinstance(found, Remote) and name in _NUMERIC and name not in self._client.methods:
            return _Plain(found, self.__dict__["__name__"], name)
        return found

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{name}: an object of the other process cannot be changed from here")

    def __repr__(self) -> str:
        return f"<{self.__dict__['__name__']} of the submission>"


class _Plain:
    """A method that numbers, tensors and lists have too, of an object that is none of them.

    It can be asked for, but not be told anything: a test that compares an answer by
    ``answer.allclose(expected)`` must not leave it to the answer to say yes.
    """

    def __init__(self, method: Remote, owner: str, name: str) -> None:
        self._method, self._owner, self._name = method, owner, name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if args or kwargs:
            raise TypeError(
                f"an object of class {self._owner} came where .{self._name} is asked for: return "
                "a tensor, an array or plain numbers"
            )
        return self._method()  # type: ignore[operator]


class RemoteFunction(Remote):
    """A function or a class of the other process."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._client.call(self._handle, *args, **kwargs)


class RemoteIterator(Remote):
    """An iterator of the other process."""

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        item = self._client.request("next", None, handle=self._handle)
        if not item:
            raise StopIteration
        return item[0]


class RemoteModule(Remote, nn.Module):
    """A network of the other process; its parameters are copies that take no part in gradients."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._client.call(self._handle, *args, **kwargs)

    def parameters(self, recurse: bool = True) -> Iterator[Any]:
        """Return copies of the parameters."""
        return iter([value for _, value in self.named_parameters(recurse=recurse)])

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Any]]:
        """Return copies of the parameters with their names."""
        return iter(self._ask("named_parameters", prefix, recurse))

    def state_dict(self, *args: Any, **kwargs: Any) -> Any:
        """Return a copy of the state."""
        return self._ask("state_dict")

    def load_state_dict(self, state_dict: Any, *args: Any, **kwargs: Any) -> Any:
        """Have the network take this state."""
        return self._ask("load_state_dict", dict(state_dict))

    def train(self, mode: bool = True) -> "RemoteModule":
        """Switch the network between training and evaluation."""
        self._ask("train", mode)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget gradients, of which there are none here."""

    def _ask(self, method: str, *args: Any) -> Any:
        return self._client.request("module", [method, *args], handle=self._handle)


_CLASSES: dict[str, Any] = {
    "function": RemoteFunction,
    "object": Remote,
    "module": RemoteModule,
    "iterator": RemoteIterator,
}


class StudentError(Exception):
    """What a call of the student's function raised there.

    For each built-in exception there is a subclass that is also one of that kind, so that a
    test can catch a ``ValueError`` of the student's.
    """

    said: Head = {}  # noqa: RUF012


_UNCAUGHT = (SystemExit, KeyboardInterrupt, GeneratorExit, StopIteration, StopAsyncIteration)


def remote_error(said: Head) -> StudentError:
    """Return the exception for what the other end said of its own."""
    text = said.get("text")
    text = text if isinstance(text, str) else ""
    kinds = said.get("kinds")
    for name in kinds if isinstance(kinds, list) else ():
        kind = getattr(builtins, name, None) if isinstance(name, str) else None
        if isinstance(kind, type) and issubclass(kind, Exception) and kind is not Exception:
            if issubclass(kind, _UNCAUGHT):
                break
            try:
                error: StudentError = type(f"Student{name}", (StudentError, kind), {})(text)
            except TypeError:
                break
            error.said = said
            return error
    error = StudentError(text)
    error.said = said
    return error
