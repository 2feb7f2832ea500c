"""Where the threshold of question 8 comes from: the best of 16 runs over 24 seeds.

    python tests/exercises/mixtures/calibration.py

TABLE
"""

import sys
import warnings
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
from tests.answers import answers, given  # noqa: E402

SEEDS = range(24)
THRESHOLDS = {0: -2150, 600: -2130}  # by the first of 600 scans


def main() -> None:
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    namespace = {"__name__": "__main__"}
    for cell in given("mixtures"):
        exec(cell.source, namespace)
    print(
        f"{'scans':<9}{'threshold':>10}{'worst':>9}{'median':>9}{'best':>9}{'one run':>9}  answer"
    )
    for first, threshold in THRESHOLDS.items():
        data = namespace["SCANS"][first : first + 600]
        for answer in answers("mixtures", "q8-restarts"):
            if answer.kind == "right":
                exec(answer.source, namespace)
                runs = [
                    namespace["best_of"](data, 5, 16, seed)["log_likelihoods"] for seed in SEEDS
                ]
                ends = torch.stack(runs)
                best = ends.max(1).values
                alone = float((ends > threshold).double().mean())
                print(
                    f"{first:>3}–{first + 599:<5}{threshold:>10}{best.min():>9.1f}"
                    f"{best.median():>9.1f}{best.max():>9.1f}{alone:>9.0%}  {answer.title}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
