"""A device that is not there: tensors that say they are on ``cuda`` and compute on the CPU.

Inside :class:`Rehearsal` a tensor made with ``device="cuda"``, or moved there, is a
:class:`DeviceTensor`. An operation that mixes one with a tensor of the CPU raises, as on a real
device, except where PyTorch allows it: numbers (tensors without axes), and integer tensors of the
CPU as indices. Values are real, so that ``.item()`` and ``bool()`` work.
"""

from collections.abc import Iterator
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map

CUDA = torch.device("cuda", 0)


class DeviceTensor(Tensor):
    """A tensor that computes with ``elem``, one of the CPU, and says that it is on ``cuda``."""

    elem: Tensor

    @staticmethod
    def __new__(cls, real: Tensor) -> "DeviceTensor":
        made: DeviceTensor = Tensor._make_wrapper_subclass(  # type: ignore[attr-defined]
            cls, real.shape, strides=real.stride(), dtype=real.dtype, device="meta"
        )
        made.elem = real
        return made

    @property
    def device(self) -> torch.device:  # type: ignore[override]
        return CUDA

    def tolist(self) -> Any:
        return self.elem.tolist()

    def new_tensor(self, data: Any, **kwargs: Any) -> "DeviceTensor":  # type: ignore[override]
        return DeviceTensor(self.elem.new_tensor(data, **kwargs))

    def __repr__(self) -> str:  # type: ignore[override]
        return f"DeviceTensor({self.elem})"

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return dispatch(func, args, kwargs or {})


class DeviceGenerator(torch.Generator):
    """A generator of the CPU that says that it is on ``cuda``; operations see its address only."""

    alive: ClassVar[dict[int, torch.Generator]] = {}

    def __init__(self) -> None:
        self.manual_seed(0)
        self.alive[self._cdata] = self

    @property
    def device(self) -> torch.device:  # type: ignore[override]
        return CUDA


class Rehearsal(TorchDispatchMode):
    """While it is entered, ``device="cuda"`` makes a :class:`DeviceTensor`."""

    def __enter__(self) -> Any:
        self._start, torch.cuda._lazy_init = torch.cuda._lazy_init, lambda: None
        return super().__enter__()

    def __exit__(self, *reason: Any) -> None:
        torch.cuda._lazy_init = self._start
        super().__exit__(*reason)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return dispatch(func, args, kwargs or {})


def dispatch(func: Any, args: Any, kwargs: Any) -> Any:
    """Run one operation of PyTorch on the CPU, and say on which device its result is."""
    given = [x for x in tree_flatten((args, kwargs))[0] if isinstance(x, Tensor)]
    ours = [x for x in given if isinstance(x, DeviceTensor)]
    target = kwargs.get("device")
    moved = func in (torch.ops.aten._to_copy.default, torch.ops.aten.copy_.default)
    if not moved:
        check_devices(func, args, given, ours, kwargs.get("generator"), target)
    there = bool(ours) if target is None else torch.device(target).type != "cpu"
    if func is torch.ops.aten.copy_.default:
        there = isinstance(args[0], DeviceTensor)
    if target is not None:
        kwargs = {**kwargs, "device": torch.device("cpu")}
    made = func(*tree_map(unwrap, args), **tree_map(unwrap, kwargs))
    if func._schema.is_mutable and given and isinstance(made, Tensor) and made is unwrap(given[0]):
        return given[0]
    return tree_map(lambda x: DeviceTensor(x) if isinstance(x, Tensor) and there else x, made)


def check_devices(
    func: Any, args: Any, given: list[Tensor], ours: list[DeviceTensor], draws: Any, target: Any
) -> None:
    """Raise RuntimeError where a real device would refuse the operation."""
    strangers = [x for x in given if not isinstance(x, DeviceTensor) and x.dim() > 0]
    if func in (torch.ops.aten.index.Tensor, torch.ops.aten.index_put_.default):
        strangers = [x for x in strangers if x.is_floating_point() or x is args[0]]
    if ours and strangers:
        raise RuntimeError(f"{func}: tensors on cuda and on the CPU, {tuple(strangers[0].shape)}")
    there = bool(ours) if target is None else torch.device(target).type != "cpu"
    if draws is not None and (draws._cdata in DeviceGenerator.alive) != there:
        raise RuntimeError(f"{func}: a generator of another device than what it draws")


def unwrap(value: Any) -> Any:
    return value.elem if isinstance(value, DeviceTensor) else value


def on_device(value: Any) -> Any:
    """The same structure with its tensors, the parameters of its models included, on ``cuda``."""
    if isinstance(value, nn.Module):
        for module in value.modules():
            for name, parameter in module._parameters.items():
                if parameter is not None:
                    wrapped = DeviceTensor(parameter.detach())
                    module._parameters[name] = nn.Parameter(wrapped, parameter.requires_grad)
            for name, buffer in module._buffers.items():
                if buffer is not None:
                    module._buffers[name] = DeviceTensor(buffer)
        return value
    if type(value) is Tensor:
        return DeviceTensor(value)
    return value if not isinstance(value, dict | list | tuple) else tree_map(on_device, value)


def tensors(value: Any) -> Iterator[Tensor]:
    """All tensors of a structure."""
    return (x for x in tree_flatten(value)[0] if isinstance(x, Tensor))
