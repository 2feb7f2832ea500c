"""Where the threshold of question 6 comes from: each right answer over 24 seeds, in both games.

    python -m tests.chapters.games.calibration

A run passes with an exploitability of at most 0.08 R. Uniform strategies, which learn nothing, have
0.25 R in the visible game and 0.135 R in the hidden one.

    exploitability / R: worst  median  answer
                        0.032   0.018  reference
                        0.032   0.018  strategies kept in a list
                        0.023   0.014  frequencies of the drawn actions
                        0.041   0.015  NumPy, all random numbers drawn at the start
"""

import torch

from tests.support.answers import answers, given

SEEDS, ROUNDS = range(24), 2000
VISIBLE = torch.tensor([[0.0, -1, 4], [1, 0, -1], [-4, 1, 0]])
HIDDEN = torch.tensor([[3.0, -1, -2, 0], [-1, 2, -2, 1], [-2, -2, 6, 1]])


def main() -> None:
    namespace = {"__name__": "__main__"}
    for cell in given("games"):
        exec(cell.source, namespace)
    print("exploitability / R: worst  median  answer")
    for answer in answers("games", "q6-throws"):
        if answer.kind != "right":
            continue
        exec(answer.source, namespace)
        gaps = []
        for payoff in (VISIBLE, HIDDEN):
            for seed in SEEDS:
                row, column = (
                    torch.as_tensor(part).float()
                    for part in namespace["learn_by_throws"](payoff, ROUNDS, seed)
                )
                gap = (payoff @ column).max() - (row @ payoff).min()
                gaps.append(float(gap / (payoff.max() - payoff.min())))
        gaps = torch.tensor(gaps)
        print(f"{gaps.max():>25.3f}{gaps.median():>8.3f}  {answer.title}", flush=True)


if __name__ == "__main__":
    main()
