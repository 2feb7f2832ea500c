"""Serialisation: what goes in comes out, and what is hostile is refused."""

import contextlib
import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from autograder.exchange.deserialize import Deserializer
from autograder.exchange.framing import (
    DTYPES,
    MAX_TREE_BYTES,
    ProtocolError,
    frame,
    read_frame,
    read_tensor,
    tensor_bytes,
    tensor_head,
)
from autograder.exchange.serialize import MAX_DEPTH, Serialized, serialize

plain = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.complex_numbers(allow_nan=False),
    st.text(),
    st.binary(),
    st.fractions(),
    st.decimals(allow_nan=False),
)
values = st.recursive(
    plain,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=4),
        st.sets(st.integers(), max_size=4),
        st.frozensets(st.text(max_size=3), max_size=4),
    ),
    max_leaves=12,
)


def across(value: Any) -> Any:
    """The value after a way between two processes."""
    made = serialize(value)
    heads = [tensor_head(one) for one in made.tensors]
    blobs = [*map(tensor_bytes, made.tensors), *made.blobs]
    data = frame({"tree": made.tree, "tensors": heads}, blobs)
    place = 0

    def receive(size: int) -> bytes:
        nonlocal place
        place += size
        if place > len(data):
            raise ProtocolError("too short")
        return data[place - size : place]

    head, parts = read_frame(receive)
    tensors = [read_tensor(one, part) for one, part in zip(head["tensors"], parts)]
    return Deserializer(tensors, parts[len(tensors) :]).read(head["tree"])


@given(values)
def test_values_come_out_as_they_went_in(value: Any) -> None:
    assert repr(across(value)) == repr(value) or across(value) == value


@pytest.mark.parametrize("dtype", DTYPES.values(), ids=str)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3), (2, 0, 4)], ids=str)
def test_tensors(dtype: torch.dtype, shape: tuple[int, ...]) -> None:
    value = torch.arange(math.prod(shape)).reshape(shape).to(dtype)
    found = across([value, value.T if value.ndim == 2 else value])
    assert found[0].dtype == dtype
    assert torch.equal(found[0], value)
    assert found[1].shape == (shape[::-1] if len(shape) == 2 else shape)


@pytest.mark.parametrize("kind", ["f8", "f4", "i8", "u1", "b1", "c16", "U3"])
def test_arrays(kind: str) -> None:
    value = np.arange(6).reshape(2, 3).astype(kind)
    found = across((value, value[0, 1]))
    assert found[0].dtype == value.dtype
    assert np.array_equal(found[0], value)
    assert found[1] == value[0, 1]


def test_rare_values() -> None:
    for value in (
        torch.float32,
        torch.device("cpu"),
        slice(1, None, 2),
        range(3, 9, 2),
        ...,
        torch.Size([2, 3]),
        Fraction(1, 3),
        Decimal("0.1"),
        float("-inf"),
        "\ud800",
        2**3000,
    ):
        assert across(value) == value
        assert type(across(value)) is type(value)


def test_subclasses_lose_their_behaviour() -> None:
    class Text(str):
        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = str.__hash__

    class Odd(dict):  # type: ignore[type-arg]
        def __getitem__(self, key: Any) -> Any:
            return 5

    assert type(across(Text("a"))) is str
    assert across(Odd(a=1)) == {"a": 1}
    assert type(across(torch.nn.Parameter(torch.ones(1)))) is Tensor


@pytest.mark.parametrize(
    "value", [object(), torch.eye(2).to_sparse(), 10**20_000, np.array([object()])], ids=type
)
def test_what_has_no_plain_form_is_refused(value: Any) -> None:
    with pytest.raises(ProtocolError):
        serialize(value)


def test_nesting_is_bounded() -> None:
    value: list[Any] = []
    for _ in range(MAX_DEPTH + 5):
        value = [value]
    with pytest.raises(ProtocolError, match="nested"):
        serialize(value)
    value.append(value)
    with pytest.raises(ProtocolError, match="nested"):
        serialize(value)


trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "t",
                    "a",
                    "l",
                    "s",
                    "d",
                    "u",
                    "fs",
                    "size",
                    "nt",
                    "f",
                    "c",
                    "q",
                    "D",
                    "b",
                    "g",
                    "dt",
                    "dev",
                    "nd",
                    "e",
                    "sl",
                    "r",
                    "m",
                    "own",
                    "handle",
                    "shared",
                ]
            ),
            inner,
            min_size=1,
            max_size=1,
        )
    ),
    max_leaves=10,
)


@given(trees, st.lists(st.binary(max_size=9), max_size=2))
def test_hostile_trees_are_values_or_refused(tree: Any, blobs: list[bytes]) -> None:
    with contextlib.suppress(ProtocolError):
        Deserializer([torch.ones(2)], blobs).read(tree)


@given(st.binary(max_size=200))
def test_hostile_bytes_are_refused(data: bytes) -> None:
    place = 0

    def receive(size: int) -> bytes:
        nonlocal place
        assert size <= MAX_TREE_BYTES
        place += size
        if place > len(data):
            raise ProtocolError("too short")
        return data[place - size : place]

    with pytest.raises(ProtocolError):
        read_frame(receive)


@pytest.mark.parametrize(
    "head",
    [
        ["torch.float64", [2]],
        ["torch.float64", [-1, -1]],
        ["torch.float64", [2**60, 2**60]],
        ["torch.float64", [True]],
        ["torch.float65", [1]],
        ["os.system", [1]],
        ["torch.float64", "11"],
        None,
        [[], []],
    ],
    ids=str,
)
def test_tensors_that_lie_are_refused(head: Any) -> None:
    with pytest.raises(ProtocolError):
        read_tensor(head, bytes(8))


def test_truth_values_are_zero_or_one() -> None:
    assert read_tensor(["torch.bool", [3]], b"\x00\x01\xff").view(torch.uint8).tolist() == [0, 1, 1]


def test_too_large_a_message_is_refused() -> None:
    with pytest.raises(ProtocolError, match="cannot be handed over"):
        frame({"tree": "x" * (MAX_TREE_BYTES + 1)}, [])
    assert Serialized().tree is None
