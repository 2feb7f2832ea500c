"""What the tests of an exercise say of an answer of the wrong form, and what they let through."""

import ast
import sys
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

from autograder.judge.outcomes import is_own
from gensrc import answers
from gensrc.answers import close, dict_answer, tensor_answer, tuple_answer
from tests.support.paths import ROOT


def said(error: BaseException) -> str:
    """The sentence, without what pytest writes below it."""
    return str(error).splitlines()[0]


NAN, INF = float("nan"), float("inf")
PAIR = torch.tensor([1.0, 2.0])


@pytest.fixture
def _double() -> Iterator[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (None, "f returned None: did you forget to return the result?"),
        ([1.0, 2.0], "f must return a tensor, got list: use torch.as_tensor."),
        (1.0, "f must return a tensor, got float: use torch.as_tensor."),
        (PAIR.numpy(), "f must return a tensor, got ndarray: use torch.as_tensor."),
        (PAIR[:, None], "f must return shape (2,) here, got (2, 1)."),
        (PAIR.sum(), "f must return shape (2,) here, got ()."),
        (
            PAIR.half(),
            "f must return torch.float32, got torch.float16: keep the type of the arguments.",
        ),
        (torch.tensor([1.0, NAN]), "f returned NaN: look for 0/0, 0·∞ or ∞ − ∞."),
    ],
)
def test_a_tensor_of_another_form_is_named(answer: Any, sentence: str) -> None:
    with pytest.raises(AssertionError) as caught:
        tensor_answer("f", answer, (2,))
    assert said(caught.value) == sentence


@pytest.mark.usefixtures("_double")
def test_an_answer_less_precise_than_the_default_type_is_named() -> None:
    sentence = "f must return torch.float64, got torch.float32 for a: keep the type"
    with pytest.raises(AssertionError) as caught:
        dict_answer("f", {"a": PAIR.float()}, a=(2,))
    assert str(caught.value).startswith(sentence)
    assert tensor_answer("f", torch.tensor([1, 2]), (2,)).dtype == torch.float64


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (None, "f must return a dictionary, got None (was return forgotten?)."),
        ((PAIR, PAIR), "f must return a dictionary, got tuple."),
        ({"a": PAIR}, "f must return the entries a, b and no others."),
        ({"a": PAIR, "b": PAIR, 3: PAIR}, "f must return the entries a, b and no others."),
        ({"a": PAIR, "b": None}, "f returned None for b: did you forget to return the result?"),
        ({"a": PAIR, "b": [1]}, "f must return a tensor, got list for b: use torch.as_tensor."),
        ({"a": PAIR, "b": PAIR}, "f must return shape () here, got (2,) for b."),
        (
            {"a": PAIR * NAN, "b": PAIR[0]},
            "f returned NaN for a: look for 0/0, 0·∞ or ∞ − ∞.",
        ),
    ],
)
def test_a_dictionary_of_another_form_is_named(answer: Any, sentence: str) -> None:
    with pytest.raises(AssertionError) as caught:
        dict_answer("f", answer, a=(2,), b=())
    assert said(caught.value) == sentence


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (None, "f must return 2 parts (a, b), got None (was return forgotten?)."),
        (PAIR, "f must return 2 parts (a, b), got Tensor."),
        ((PAIR,), "f must return 2 parts (a, b), got 1 parts."),
        ((PAIR, None), "f returned None for b: did you forget to return the result?"),
        ((PAIR, "two"), "f must return a tensor, got str for b: use torch.as_tensor."),
        ((PAIR, [[1], [2, 3]]), "f must return a tensor, got list for b: use torch.as_tensor."),
        ((PAIR, [2.0]), "f must return shape () here, got (1,) for b."),
        ((PAIR, NAN), "f returned NaN for b: look for 0/0, 0·∞ or ∞ − ∞."),
    ],
)
def test_parts_of_another_form_are_named(answer: Any, sentence: str) -> None:
    with pytest.raises(AssertionError) as caught:
        tuple_answer("f", answer, a=(2,), b=())
    assert said(caught.value) == sentence


def test_numbers_come_back_exact_in_double_without_their_gradients() -> None:
    leaf = PAIR.clone().requires_grad_()
    for found in (
        tensor_answer("f", 2 * leaf, (2,)),
        dict_answer("f", {"a": 2 * leaf}, a=(2,))["a"],
        tuple_answer("f", [2 * leaf], a=(2,))[0],
    ):
        assert found.dtype == torch.float64
        assert not found.requires_grad
        assert found.tolist() == [2, 4]
    assert tensor_answer("f", torch.tensor([INF, -INF]), (2,)).tolist() == [INF, -INF]
    assert tensor_answer("f", torch.tensor([True, False]), (2,)).tolist() == [1, 0]
    assert tensor_answer("f", torch.zeros(0), (0,)).shape == (0,)


def test_the_names_come_in_the_order_of_the_question() -> None:
    assert list(dict_answer("f", {"b": PAIR, "a": PAIR}, a=(2,), b=(2,))) == ["a", "b"]
    parts = tuple_answer("f", (1, PAIR.numpy(), PAIR), a=(), b=(2,), name=(2,))
    assert [part.tolist() for part in parts] == [1, [1, 2], [1, 2]]


def test_close_is_relative_with_a_small_absolute_part() -> None:
    one = torch.ones(2, dtype=torch.float64)
    assert close(1e6 * one * (1 + 5e-10), 1e6 * one)
    assert not close(1e6 * one * (1 + 2e-9), 1e6 * one)
    assert close(1e-13 * one, 0 * one)
    assert not close(1e-11 * one, 0 * one)
    assert close(one + 1e-3, one, 1e-2)


@pytest.mark.parametrize(
    "call",
    [
        lambda: tensor_answer("f", None, ()),
        lambda: dict_answer("f", None, a=()),
        lambda: dict_answer("f", {"a": None}, a=()),
        lambda: tuple_answer("f", None, a=()),
        lambda: tuple_answer("f", (None,), a=()),
    ],
)
def test_a_sentence_counts_as_the_test_s_own(call: Callable[[], Any]) -> None:
    """Feedback shows it without the kind of the error; frames on the way may be left out."""
    with pytest.raises(AssertionError) as caught:
        eval(compile("call()", "<test>", "eval"), {"call": _as_test(call)})
    assert is_own(caught.value)
    for frame, _ in traceback.walk_tb(caught.value.__traceback__):
        if frame.f_code.co_filename == answers.__file__:
            assert frame.f_locals["__tracebackhide__"] is True


def _as_test(call: Callable[[], Any]) -> Callable[[], Any]:
    """The same function, as if it stood in a test cell."""
    call.__code__ = call.__code__.replace(co_filename="<test>")
    return call


def test_an_error_of_a_library_is_not_the_test_s_own() -> None:
    def fails() -> None:
        torch.testing.assert_close(PAIR, 2 * PAIR)

    with pytest.raises(AssertionError) as caught:
        _as_test(fails)()
    assert not is_own(caught.value)


def test_the_helpers_need_nothing_but_torch() -> None:
    tree = ast.parse((ROOT / "gensrc" / "answers.py").read_text("utf-8"))
    names = [alias.name for n in ast.walk(tree) if isinstance(n, ast.Import) for alias in n.names]
    names += [n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
    assert {name.split(".")[0] for name in names} <= {"torch"} | set(sys.stdlib_module_names)
