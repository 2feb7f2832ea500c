"""Memory of EM beside its data: how far the process's peak rises while ``em`` runs.

N = 10⁶ examples of d = 16 numbers in float64 are 128 MB. A pass works on blocks, so that neither
the responsibilities (another 128 MB for K = 16) nor a copy of the data is ever whole in memory;
a start keeps one distance for each example. The system's own count is read (VmHWM, which writing 5
to /proc/self/clear_refs sets back to what is in use now), so that this runs on Linux only. A short
fit of few examples comes first: what libraries set aside at their first call is not counted.

The extra peak must not exceed the input.
"""

import re
from pathlib import Path

import torch

from gensrc.mixtures import em, initial_mixture

N, D, K = 1_000_000, 16, 16
STEPS = 3
MB = 1e6
CLEAR = Path("/proc/self/clear_refs")


def status(field: str) -> float:
    """A line of /proc/self/status, in MB."""
    found = re.search(rf"{field}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    if found is None:
        raise SystemExit(f"this system does not report {field}")
    return int(found[1]) * 1024 / MB


class Rise:
    """How far the peak has risen above what was in use when this was made."""

    def __init__(self) -> None:
        CLEAR.write_text("5")
        self.before = status("VmRSS")

    def megabytes(self) -> float:
        return status("VmHWM") - self.before


def main() -> None:
    if not CLEAR.exists():
        print("memory: this system keeps no peak that can be set back; nothing was measured")
        return
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(N, D, generator=generator, dtype=torch.float64)
    x += 3 * torch.randint(K, (N, 1), generator=generator)
    em(initial_mixture(x[:1000], 2, generator=generator), x[:1000], steps=1)
    size = x.numel() * x.element_size() / MB
    print(
        f"EM, torch {torch.__version__.split('+')[0]}: N={N:,} d={D} K={K} float64, "
        f"input {size:.0f} MB"
    )
    rise = Rise()
    start = initial_mixture(x, K, generator=generator)
    extras = {"initial_mixture": rise.megabytes()}
    rise = Rise()
    em(start, x, steps=STEPS, tol=0)
    extras["em"] = rise.megabytes()
    for name, extra in extras.items():
        print(f"  {name:16} extra peak {extra:6.1f} MB, {extra / size:.2f} of the input")
    if max(extras.values()) > size:
        raise SystemExit("the extra peak exceeds the input")


if __name__ == "__main__":
    main()
