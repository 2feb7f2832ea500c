"""`gensrc.verify`: what holds, what does not, and what is no claim at all."""

import math
from typing import Any

import numpy as np
import pytest
import torch

from gensrc.verify import ClaimError, verify


def holds(*args: Any, **kwargs: Any) -> bool:
    try:
        verify("eq", *args, **kwargs)
    except ClaimError:
        return False
    return True


def test_equal_within_a_tolerance() -> None:
    assert holds(0.5, 0.5, atol=0)
    assert holds(torch.tensor([1.0, 2]), [1.1, 1.9], atol=0.11)
    assert not holds(torch.tensor([1.0, 2]), [1.1, 1.9], atol=0.09)
    assert holds([[1, 2]], 1.5, atol=0.5)
    assert holds([1.0, math.inf, -math.inf], [1.0, math.inf, -math.inf], atol=0)
    for bad in (math.nan, math.inf):
        assert not holds(bad, 1.0, atol=1e9)
        assert not holds(1.0, bad, atol=1e9)
    assert not holds(math.nan, math.nan, atol=1)
    assert not holds(math.inf, -math.inf, atol=1)


def test_between_bounds() -> None:
    assert holds([1, 2, 3], at_least=1, at_most=3)
    assert not holds([1, 2, 3], at_least=1.001)
    assert not holds([1, 2, 3], at_most=2.999)
    assert holds(math.inf, at_least=math.inf)
    assert not holds([0, math.nan], at_least=-1)
    assert not holds(math.nan, at_most=1)


def test_the_worst_element_is_shown() -> None:
    with pytest.raises(
        ClaimError, match=r"eq: expected 0 within 1, got 7 \(element 1 of 3\) \(so\)"
    ):
        verify("eq", [0, 7, -2], 0, atol=1, note="so")
    with pytest.raises(ClaimError, match=r"eq: expected at least 0, got nan \(element 1 of 2\)"):
        verify("eq", [-5, math.nan], at_least=0)


def test_one_line_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    verify("eq", 1 / 3, 0.333, atol=1e-2, note="a third")
    assert capsys.readouterr().out == "verified eq: equal within 0.01 (a third)\n"
    verify("eq", [1, 2], at_least=0, at_most=2.5)
    assert capsys.readouterr().out == "verified eq: at least 0 and at most 2.5\n"


@pytest.mark.parametrize("tolerance", [math.inf, math.nan, -1e-9])
def test_a_tolerance_that_says_nothing(tolerance: float) -> None:
    with pytest.raises(ValueError, match=f"atol: expected a finite number >= 0, got {tolerance}"):
        verify("eq", 1.0, 2.0, atol=tolerance)


@pytest.mark.parametrize(
    "bounds",
    [
        {"at_most": math.nan},
        {"at_least": math.nan},
        {"at_most": math.inf},
        {"at_least": -math.inf},
        {"at_least": 0.0, "at_most": math.inf},
        {"at_least": 2.0, "at_most": 1.0},
        {"at_least": math.nan, "at_most": 1.0},
    ],
)
def test_bounds_that_say_nothing(bounds: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="at_least, at_most: expected bounds that some number can"):
        verify("eq", 1.0, **bounds)


@pytest.mark.parametrize(
    "value", [1j, [1j, 2.0], torch.tensor([1 + 0j]), np.array([1j]), np.complex64(1)]
)
def test_complex_numbers_are_not_cut_to_their_real_part(value: Any) -> None:
    with pytest.raises(ValueError, match=r"(measured|expected): expected .*(real|one)"):
        verify("eq", value, 1.0, atol=1.0)
    with pytest.raises(ValueError, match=r"expected: expected .*(real|one)"):
        verify("eq", 1.0, value, atol=1.0)


@pytest.mark.parametrize("value", [2**53 + 1, [1, -(2**60)], torch.tensor(2**62), np.int64(2**55)])
def test_whole_numbers_are_not_rounded(value: Any) -> None:
    with pytest.raises(ValueError, match=r"measured: expected whole numbers below 2\*\*53"):
        verify("eq", value, 2.0**53, atol=0)


def test_small_whole_numbers_and_truths_are_numbers() -> None:
    assert holds(2**53 - 1, 2**53 - 1, atol=0)
    assert holds([True, True], True, atol=0)
    assert not holds([True, False], at_least=1)
    assert holds(torch.tensor(3, dtype=torch.uint8), 3, atol=0)


def test_digits_of_a_python_float_are_kept() -> None:
    assert not holds(0.1, torch.tensor(0.1), atol=1e-10)
    assert holds(torch.tensor(0.5, requires_grad=True), 0.5, atol=0)
    assert holds(0.1 + 0.2, 0.3, atol=1e-16) is (abs(0.1 + 0.2 - 0.3) <= 1e-16)


@pytest.mark.parametrize(
    ("measured", "expected", "message"),
    [
        ([1, 2], [[1, 2]], r"expected: expected shape \(2,\) or one number, got \(1, 2\)"),
        (torch.zeros(3), torch.zeros(3, 1), r"expected shape \(3,\) or one number, got \(3, 1\)"),
        ([], 1, "measured: expected at least one number, got none"),
        (torch.empty(0), 1, "measured: expected at least one number, got none"),
        (1, [], "expected: expected at least one number, got none"),
        ([1, [2, 3]], 1, r"measured: expected parts of one shape, got \[\(\), \(2,\)\]"),
    ],
)
def test_shapes_that_do_not_match(measured: Any, expected: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        verify("eq", measured, expected, atol=1.0)


def test_one_number_in_any_shape_is_one_number() -> None:
    assert holds(torch.ones(3), torch.ones(1, 1, 1), atol=0)
    assert holds(2.0, [[2.0]], atol=0)


@pytest.mark.parametrize(
    ("arguments", "got"),
    [
        ({}, "neither"),
        ({"expected": 1.0}, "expected"),
        ({"atol": 1.0}, "atol"),
        ({"expected": 1.0, "atol": 1.0, "at_most": 2.0}, "expected, atol, at_most"),
        ({"expected": 1.0, "at_least": 2.0}, "expected, at_least"),
    ],
)
def test_one_relation_is_claimed(arguments: dict[str, float], got: str) -> None:
    with pytest.raises(ValueError, match=f"verify: expected either .* got {got}$"):
        verify("eq", 1.0, **arguments)
