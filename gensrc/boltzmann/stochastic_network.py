r"""The Markov chain of a generative stochastic network.

The notation is that of :mod:`gensrc.boltzmann`.
"""

import torch
from torch import Tensor

from gensrc.checks import check_distributions


def stochastic_network_transition(p_data: Tensor, corruption: Tensor) -> Tensor:
    r"""The Markov chain of a generative stochastic network that denoises perfectly.

    .. math:: T(x' \mid x) = \sum_{\tilde x} C(\tilde x \mid x)\, p(x' \mid \tilde x), \qquad
        p(x' \mid \tilde x) = \frac{p_{data}(x')\, C(\tilde x \mid x')}
        {\sum_{x''} p_{data}(x'')\, C(\tilde x \mid x'')}

    Equation: eq-stochastic-network

    Args:
        p_data: probabilities of K states, shape (K,).
        corruption: C, row x holds the distribution of the corrupted state, shape (K, J).

    Returns:
        T, row x holds the distribution of the next state, shape (K, K).

    Raises:
        ValueError: shapes that do not match, rows that are no distributions, or a corrupted state
            that only states of probability 0 lead to.

    Source: Bengio et al. (2014).

    >>> stochastic_network_transition(torch.tensor([0.25, 0.75]), torch.ones(2, 1))
    tensor([[0.2500, 0.7500],
            [0.2500, 0.7500]])
    """
    if p_data.dim() != 1 or corruption.dim() != 2 or len(p_data) != len(corruption):
        raise ValueError(
            "p_data, corruption: expected shapes (K,) and (K, J), "
            f"got {tuple(p_data.shape)} and {tuple(corruption.shape)}"
        )
    for name, rows in (("p_data", p_data), ("corruption", corruption)):
        check_distributions(**{name: rows})
    joint = p_data[:, None] * corruption
    seen = joint.sum(0)
    if bool(((seen == 0) & (corruption > 0).any(0)).any()):
        raise ValueError(
            "p_data: expected every corrupted state to come from a state of positive probability, "
            f"got {p_data.tolist()}: a row of T would not sum to one"
        )
    denoise = joint / torch.where(seen > 0, seen, 1)
    return corruption @ denoise.T
