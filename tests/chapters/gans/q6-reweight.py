# %% right: reference
def reweighted_mean(logits: Tensor, values: Tensor) -> Tensor:
    return torch.tensordot(logits.softmax(0), values, dims=1)


# %% right: ratios to the largest one
def reweighted_mean(logits, values):
    ratio = torch.exp(logits - logits.max())
    ratio = ratio.reshape(-1, *[1] * (values.dim() - 1))
    return (ratio * values).sum(dim=0) / ratio.sum()


# %% right: a running sum over the examples
def reweighted_mean(logits, values):
    largest = max(logits.tolist())
    total, weights = torch.zeros_like(values[0]), 0.0
    for a, value in zip(logits.tolist(), values):
        ratio = 2.718281828459045 ** (a - largest)
        total = total + ratio * value
        weights += ratio
    return total / weights


# %% right: NumPy, log-sum-exp
def reweighted_mean(logits, values):
    import numpy as np

    a = logits.numpy().astype(np.float64)
    weights = np.exp(a - np.logaddexp.reduce(a))
    mean = np.einsum("i,i...->...", weights, values.numpy())
    return torch.as_tensor(mean, dtype=values.dtype)


# %% wrong: weights D | The weights are D in your answer
def reweighted_mean(logits, values):
    d = torch.sigmoid(logits)
    return torch.tensordot(d / d.sum(), values, dims=1)


# %% wrong: the ratio upside down | the ratio is the other way round
def reweighted_mean(logits, values):
    return torch.tensordot((-logits).softmax(0), values, dims=1)


# %% wrong: exponentials that overflow | subtract the largest logit
def reweighted_mean(logits, values):
    ratio = logits.exp()
    return torch.tensordot(ratio, values, dims=1) / ratio.sum()


# %% wrong: D/(1 − D) from probabilities | Adding ±10⁴ to all logits changes the result
def reweighted_mean(logits, values):
    d = torch.sigmoid(logits)
    ratio = d / (1 - d)
    return torch.tensordot(ratio, values, dims=1) / ratio.sum()


# %% wrong: no denominator | The sum of the ratios is missing
def reweighted_mean(logits, values):
    return torch.tensordot(logits.exp(), values, dims=1)


# %% wrong: divided by n, not by the sum of the ratios | You divided by the number of examples
def reweighted_mean(logits, values):
    return torch.tensordot(logits.exp(), values, dims=1) / len(logits)


# %% wrong: weights that add up to 1, and a mean | do not divide by the number of examples
def reweighted_mean(logits, values):
    return torch.tensordot(logits.softmax(0), values, dims=1) / len(logits)


# %% wrong: the plain mean | The weights have no effect
def reweighted_mean(logits, values):
    return values.mean(dim=0)


# %% wrong: a matrix product, which takes the last axis but one | the first axis of the values
def reweighted_mean(logits, values):
    return logits.softmax(0) @ values


# %% wrong: one number for all coordinates | must return shape (3,)
def reweighted_mean(logits, values):
    weights = logits.softmax(0).reshape(-1, *[1] * (values.dim() - 1))
    return (weights * values).sum()


# %% wrong: the weights are logits | (1 · 0 + 3 · 4)/(1 + 3) = 3
def reweighted_mean(logits, values):
    return torch.tensordot(logits / (logits.sum() + 1e-30), values, dims=1)
