# %% right: reference
def spin_machine(v: Tensor, weight: Tensor, visible_bias: Tensor, hidden_bias: Tensor) -> dict:
    x = hidden_bias + v @ weight
    log_sum = torch.logaddexp(x, -x).sum(-1)
    return {"hidden": torch.sigmoid(2 * x), "free_energy": -v @ visible_bias - log_sum}


# %% right: tanh, and a logarithm that cannot overflow
def spin_machine(v, weight, visible_bias, hidden_bias):
    x = v @ weight + hidden_bias
    size = x.abs()
    free = -(v * visible_bias).sum(1) - (size + torch.log1p(torch.exp(-2 * size))).sum(1)
    return {"free_energy": free, "hidden": (1 + torch.tanh(x)) / 2}


# %% right: NumPy, one example and one unit at a time
def spin_machine(v, weight, visible_bias, hidden_bias):
    import numpy as np

    hidden, free = [], []
    for row in v.numpy():
        x = hidden_bias.numpy() + row @ weight.numpy()
        pairs = np.array([np.logaddexp(a, -a) for a in x])
        hidden.append(np.exp(x - pairs))
        free.append(-(row @ visible_bias.numpy()) - pairs.sum())
    return {"hidden": torch.tensor(np.array(hidden)), "free_energy": torch.tensor(np.array(free))}


# %% wrong: units 0 and 1 | the other value of h is −1, not 0
def spin_machine(v, weight, visible_bias, hidden_bias):
    x = hidden_bias + v @ weight
    free = -v @ visible_bias - torch.nn.functional.softplus(x).sum(-1)
    return {"hidden": torch.sigmoid(x), "free_energy": free}


# %% wrong: the free energy of units 0 and 1 | sum the weights of h = +1 and of h = −1
def spin_machine(v, weight, visible_bias, hidden_bias):
    x = hidden_bias + v @ weight
    free = -v @ visible_bias - torch.nn.functional.softplus(x).sum(-1)
    return {"hidden": torch.sigmoid(2 * x), "free_energy": free}


# %% wrong: the probability of h = -1 | You returned the probability of h = −1
def spin_machine(v, weight, visible_bias, hidden_bias):
    x = hidden_bias + v @ weight
    free = -v @ visible_bias - torch.logaddexp(x, -x).sum(-1)
    return {"hidden": torch.sigmoid(-2 * x), "free_energy": free}


# %% wrong: the factor 2 not on the bias | divide e^x by e^x + e^−x
def spin_machine(v, weight, visible_bias, hidden_bias):
    x = hidden_bias + v @ weight
    free = -v @ visible_bias - torch.logaddexp(x, -x).sum(-1)
    return {"hidden": torch.sigmoid(hidden_bias + 2 * v @ weight), "free_energy": free}


# %% wrong: no hidden bias in the probability | The hidden biases are missing
def spin_machine(v, weight, visible_bias, hidden_bias):
    x = hidden_bias + v @ weight
    free = -v @ visible_bias - torch.logaddexp(x, -x).sum(-1)
    return {"hidden": torch.sigmoid(2 * v @ weight), "free_energy": free}


# %% wrong: no hidden bias in the free energy | compare with a sum over all hidden states
def spin_machine(v, weight, visible_bias, hidden_bias):
    x = hidden_bias + v @ weight
    y = v @ weight
    free = -v @ visible_bias - torch.logaddexp(y, -y).sum(-1)
    return {"hidden": torch.sigmoid(2 * x), "free_energy": free}


# %% wrong: no visible bias | The term of the visible biases is missing
def spin_machine(v, weight, visible_bias, hidden_bias):
    x = hidden_bias + v @ weight
    return {"hidden": torch.sigmoid(2 * x), "free_energy": -torch.logaddexp(x, -x).sum(-1)}


# %% wrong: log of the sum, not minus it | Your free energy has the wrong sign
def spin_machine(v, weight, visible_bias, hidden_bias):
    x = hidden_bias + v @ weight
    free = v @ visible_bias + torch.logaddexp(x, -x).sum(-1)
    return {"hidden": torch.sigmoid(2 * x), "free_energy": free}


# %% wrong: log cosh without the factor 2 | A factor 2 for each hidden unit is missing
def spin_machine(v, weight, visible_bias, hidden_bias):
    x = hidden_bias + v @ weight
    return {"hidden": torch.sigmoid(2 * x), "free_energy": -v @ visible_bias - x.cosh().log().sum(-1)}


# %% wrong: mean over the hidden units | take the sum over all of them
def spin_machine(v, weight, visible_bias, hidden_bias):
    x = hidden_bias + v @ weight
    free = -v @ visible_bias - torch.logaddexp(x, -x).mean(-1)
    return {"hidden": torch.sigmoid(2 * x), "free_energy": free}


# %% wrong: cosh overflows | not finite or not right for large inputs
def spin_machine(v, weight, visible_bias, hidden_bias):
    x = hidden_bias + v @ weight
    free = -v @ visible_bias - (2 * x.cosh()).log().sum(-1)
    return {"hidden": torch.sigmoid(2 * x), "free_energy": free}


# %% wrong: e^x / (e^x + e^-x), which is ∞/∞ | returned NaN
def spin_machine(v, weight, visible_bias, hidden_bias):
    x = hidden_bias + v @ weight
    free = -v @ visible_bias - torch.logaddexp(x, -x).sum(-1)
    return {"hidden": (2 * x).exp() / ((2 * x).exp() + 1), "free_energy": free}


# %% wrong: two results, no dictionary | must return a dictionary
def spin_machine(v, weight, visible_bias, hidden_bias):
    x = hidden_bias + v @ weight
    return torch.sigmoid(2 * x), -v @ visible_bias - torch.logaddexp(x, -x).sum(-1)


# %% wrong: other names | must return the entries
def spin_machine(v, weight, visible_bias, hidden_bias):
    x = hidden_bias + v @ weight
    return {"h": torch.sigmoid(2 * x), "F": -v @ visible_bias - torch.logaddexp(x, -x).sum(-1)}


# %% wrong: lists | must return a tensor, got list
def spin_machine(v, weight, visible_bias, hidden_bias):
    x = hidden_bias + v @ weight
    free = -v @ visible_bias - torch.logaddexp(x, -x).sum(-1)
    return {"hidden": torch.sigmoid(2 * x).tolist(), "free_energy": free}


# %% wrong: one free energy for all examples | must return shape
def spin_machine(v, weight, visible_bias, hidden_bias):
    x = hidden_bias + v @ weight
    free = -v @ visible_bias - torch.logaddexp(x, -x).sum(-1)
    return {"hidden": torch.sigmoid(2 * x), "free_energy": free.sum()}
