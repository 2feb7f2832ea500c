r"""The Markov chain of a generative stochastic network.

The notation is that of :mod:`gensrc.boltzmann`.
"""

import torch
from torch import Tensor


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
        ValueError: shapes that do not match, or rows that are no distributions.

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
        if bool((rows < 0).any()) or not bool(((rows.sum(-1) - 1).abs() < 1e-5).all()):
            raise ValueError(f"{name}: expected probabilities that sum to one, got others")
    joint = p_data[:, None] * corruption
    seen = joint.sum(0)
    denoise = joint / torch.where(seen > 0, seen, 1)
    return corruption @ denoise.T
