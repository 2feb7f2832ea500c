# %% right: reference
def logit_gradients(logits: Tensor) -> dict[str, Tensor]:
    return {
        "minimax": -torch.sigmoid(logits),
        "non_saturating": -torch.sigmoid(-logits),
        "maximum_likelihood": -torch.exp(logits),
    }


# %% right: with exponentials
def logit_gradients(logits):
    return {
        "maximum_likelihood": -logits.exp(),
        "minimax": -1 / (1 + torch.exp(-logits)),
        "non_saturating": -1 / (1 + torch.exp(logits)),
    }


# %% right: NumPy, with hyperbolic functions that keep their digits
def logit_gradients(logits):
    import numpy as np

    half = logits.numpy() / 2
    return {
        "minimax": torch.as_tensor(-np.exp(half) / (2 * np.cosh(half))),
        "non_saturating": torch.as_tensor(-np.exp(-half) / (2 * np.cosh(half))),
        "maximum_likelihood": torch.as_tensor(-(np.exp(half) ** 2)),
    }


# %% right: automatic differentiation of stable costs
def logit_gradients(logits):
    a = logits.detach().clone().requires_grad_()
    costs = {
        "minimax": -nn.functional.softplus(a, threshold=1000),
        "non_saturating": nn.functional.softplus(-a, threshold=1000),
        "maximum_likelihood": -a.exp(),
    }
    return {name: torch.autograd.grad(cost.sum(), a)[0] for name, cost in costs.items()}


# %% wrong: derivatives by D | this is the derivative by D
def logit_gradients(logits):
    d = torch.sigmoid(logits)
    return {
        "minimax": -1 / (1 - d),
        "non_saturating": -1 / d,
        "maximum_likelihood": -1 / (1 - d) ** 2,
    }


# %% wrong: only the minimax one by D | minimax: this is the derivative by D
def logit_gradients(logits):
    d = torch.sigmoid(logits)
    return {
        "minimax": -1 / (1 - d),
        "non_saturating": -torch.sigmoid(-logits),
        "maximum_likelihood": -torch.exp(logits),
    }


# %% wrong: the signs | the cost falls when the discriminator is deceived
def logit_gradients(logits):
    return {
        "minimax": torch.sigmoid(logits),
        "non_saturating": torch.sigmoid(-logits),
        "maximum_likelihood": torch.exp(logits),
    }


# %% wrong: minimax and non-saturating exchanged | minimax: this is the derivative of the non_saturating cost
def logit_gradients(logits):
    return {
        "minimax": -torch.sigmoid(-logits),
        "non_saturating": -torch.sigmoid(logits),
        "maximum_likelihood": -torch.exp(logits),
    }


# %% wrong: 1 − D loses its digits | digits are lost
def logit_gradients(logits):
    d = torch.sigmoid(logits)
    return {"minimax": -d, "non_saturating": -(1 - d), "maximum_likelihood": -torch.exp(logits)}


# %% wrong: D/(1 − D) loses its digits | maximum_likelihood: digits are lost
def logit_gradients(logits):
    d = torch.sigmoid(logits).clamp(max=1 - 1e-16)
    return {
        "minimax": -d,
        "non_saturating": -torch.sigmoid(-logits),
        "maximum_likelihood": -d / (1 - d),
    }


# %% wrong: the slope of D itself for all | at D = ¼ the derivative is not right
def logit_gradients(logits):
    slope = -torch.sigmoid(logits) * torch.sigmoid(-logits)
    return {"minimax": slope, "non_saturating": slope, "maximum_likelihood": slope}


# %% wrong: a tuple | must return a dictionary
def logit_gradients(logits):
    return -torch.sigmoid(logits), -torch.sigmoid(-logits), -torch.exp(logits)


# %% wrong: another name | must return the entries
def logit_gradients(logits):
    return {
        "saturating": -torch.sigmoid(logits),
        "non_saturating": -torch.sigmoid(-logits),
        "maximum_likelihood": -torch.exp(logits),
    }
