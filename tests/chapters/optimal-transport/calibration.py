"""Where the thresholds of question 7 come from: each right answer on 20 times eight stacks.

    python -m tests.chapters.optimal-transport.calibration

Full marks need 93% right on the average of eight stacks, and the visible test 85% on each of two. The
last line is the nearest scan of each copy, which the text warns of.

    mean of eight: worst median  one stack: worst  answer
                   95.4%  96.8%             90.0%  reference
                   95.4%  96.8%             90.0%  the assignment of SciPy
                   94.8%  96.7%             90.7%  the distance itself, plan from copies to scans
                   86.1%  87.6%             82.0%  the nearest scan of each copy
"""

import torch

from tests.support.answers import answers, given

TRIALS, STACKS = 20, 8


def main() -> None:
    namespace = {"__name__": "__main__"}
    for cell in given("optimal-transport"):
        exec(cell.source, namespace)
    found = answers("optimal-transport", "q7-digits")
    cases = [a for a in found if a.kind == "right" or "nearest" in a.title]
    print("mean of eight: worst median  one stack: worst  answer")
    for answer in cases:
        exec(answer.source, namespace)
        shares = torch.empty(TRIALS, STACKS)
        for seed in range(TRIALS * STACKS):
            scans, copies, truth = namespace["stacks"](10_000 + seed)
            right = namespace["who_is_who"](scans, copies) == truth
            shares.view(-1)[seed] = right.double().mean()
        means = shares.mean(1)
        print(
            f"{means.min():>20.1%}{means.median():>7.1%}{shares.min():>18.1%}  {answer.title}",
            flush=True,
        )


if __name__ == "__main__":
    main()
