"""Where the thresholds of question 8 come from: each right answer over 40 seeds.

    python -m tests.chapters.gans.calibration

A run passes with at least 60% good samples and at least 50 of 2,000 at each of the eight
centres. The last line is the reference with ReLU in place of tanh.

    passed  good: worst median  fewest: worst median  answer
     40/40          93%    95%            122    185  reference
     40/40          78%    94%            117    183  the loops by hand, networks of PyTorch and its global random numbers
     37/40          63%    94%              9    162  two updates of the critic for each of the generator
     36/40          71%    94%              0    180  a fixed data set in shuffled batches, Adam as in the DCGAN, noise of two numbers
     40/40          79%    86%            134    172  reference with ReLU
"""

import torch

from gensrc.data import ring_modes
from gensrc.metrics import modes_covered
from tests.support.answers import answers, given

SEEDS, STEPS, GOOD, FEWEST = range(40), 500, 0.6, 50


def main() -> None:
    namespace = {"__name__": "__main__"}
    for cell in given("gans"):
        exec(cell.source, namespace)
    found = [a for a in answers("gans", "q8-ring") if a.kind == "right"]
    cases = [(answer.title, answer.source) for answer in found]
    cases.append(("reference with ReLU", found[0].source.replace("nn.Tanh", "nn.ReLU")))
    print("passed  good: worst median  fewest: worst median  answer")
    for title, source in cases:
        exec(source, namespace)
        runs = [
            modes_covered(namespace["train_ring"](seed, STEPS).detach(), ring_modes(), radius=0.6)
            for seed in SEEDS
        ]
        good = torch.tensor([run.high_quality for run in runs])
        fewest = torch.stack([run.counts.min() for run in runs])
        passed = int(((good >= GOOD) & (fewest >= FEWEST)).sum())
        print(
            f"{passed:>3}/{len(runs)}{good.min():>13.0%}{good.median():>7.0%}"
            f"{fewest.min():>15d}{fewest.median():>7d}  {title}",
            flush=True,
        )


if __name__ == "__main__":
    main()
