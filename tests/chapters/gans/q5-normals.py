# %% right: reference
def gradients_at_fake_mean(mean_real: Tensor, mean_fake: Tensor, std: Tensor) -> dict[str, Tensor]:
    delta = mean_fake - mean_real
    logit, slope = -(delta**2) / (2 * std**2), -delta / std**2
    return {
        "minimax": -torch.sigmoid(logit) * slope,
        "non_saturating": -torch.sigmoid(-logit) * slope,
    }


# %% right: with exponentials
def gradients_at_fake_mean(mean_real, mean_fake, std):
    variance = std**2
    power = torch.exp((mean_real - mean_fake) ** 2 / variance / 2)
    step = (mean_fake - mean_real) / variance
    return {"minimax": step / (1 + power), "non_saturating": step / (1 + 1 / power)}


# %% right: in units of the standard deviation, one case at a time
def gradients_at_fake_mean(mean_real, mean_fake, std):
    import math

    minimax, non_saturating = [], []
    for r, f, s in zip(*(t.flatten().tolist() for t in (mean_real, mean_fake, std))):
        u = (f - r) / s
        minimax.append(u / s / (1 + math.exp(u * u / 2)))
        non_saturating.append(u / s / (1 + math.exp(-u * u / 2)))
    shape = mean_real.shape
    return {
        "minimax": torch.tensor(minimax).reshape(shape),
        "non_saturating": torch.tensor(non_saturating).reshape(shape),
    }


# %% right: automatic differentiation of the logit
def gradients_at_fake_mean(mean_real, mean_fake, std):
    x = mean_fake.detach().clone().requires_grad_()
    logit = ((x - mean_fake) ** 2 - (x - mean_real) ** 2) / (2 * std**2)
    costs = {
        "minimax": nn.functional.logsigmoid(-logit),
        "non_saturating": -nn.functional.logsigmoid(logit),
    }
    return {
        name: torch.autograd.grad(cost.sum(), x, retain_graph=True)[0]
        for name, cost in costs.items()
    }


# %% wrong: the derivative by the logit | the cost must grow with x
def gradients_at_fake_mean(mean_real, mean_fake, std):
    logit = -((mean_fake - mean_real) ** 2) / (2 * std**2)
    return {"minimax": -torch.sigmoid(logit), "non_saturating": -torch.sigmoid(-logit)}


# %% wrong: a standard deviation of 1 | a numerical one
def gradients_at_fake_mean(mean_real, mean_fake, std):
    delta = mean_fake - mean_real
    logit = -(delta**2) / 2
    return {
        "minimax": torch.sigmoid(logit) * delta,
        "non_saturating": torch.sigmoid(-logit) * delta,
    }


# %% wrong: s² missing in the slope | the s² is missing in it
def gradients_at_fake_mean(mean_real, mean_fake, std):
    delta = mean_fake - mean_real
    logit = -(delta**2) / (2 * std**2)
    return {
        "minimax": torch.sigmoid(logit) * delta,
        "non_saturating": torch.sigmoid(-logit) * delta,
    }


# %% wrong: s in place of s² in the slope | you divided by s once
def gradients_at_fake_mean(mean_real, mean_fake, std):
    delta = mean_fake - mean_real
    logit = -(delta**2) / (2 * std**2)
    return {
        "minimax": torch.sigmoid(logit) * delta / std,
        "non_saturating": torch.sigmoid(-logit) * delta / std,
    }


# %% wrong: the ½ of the exponent in the value of the logit | the ½ in the exponent
def gradients_at_fake_mean(mean_real, mean_fake, std):
    delta = mean_fake - mean_real
    logit = -(delta**2) / std**2
    return {
        "minimax": torch.sigmoid(logit) * delta / std**2,
        "non_saturating": torch.sigmoid(-logit) * delta / std**2,
    }


# %% wrong: the ½ of the exponent throughout | the ½ in the exponent
def gradients_at_fake_mean(mean_real, mean_fake, std):
    delta = mean_fake - mean_real
    logit = -(delta**2) / std**2
    return {
        "minimax": torch.sigmoid(logit) * 2 * delta / std**2,
        "non_saturating": torch.sigmoid(-logit) * 2 * delta / std**2,
    }


# %% wrong: distances in place of differences | the sign is lost
def gradients_at_fake_mean(mean_real, mean_fake, std):
    delta = (mean_fake - mean_real).abs()
    logit = -(delta**2) / (2 * std**2)
    return {
        "minimax": torch.sigmoid(logit) * delta / std**2,
        "non_saturating": torch.sigmoid(-logit) * delta / std**2,
    }


# %% wrong: the way the example moves | return the derivative, not the way
def gradients_at_fake_mean(mean_real, mean_fake, std):
    delta = mean_real - mean_fake
    logit = -(delta**2) / (2 * std**2)
    return {
        "minimax": torch.sigmoid(logit) * delta / std**2,
        "non_saturating": torch.sigmoid(-logit) * delta / std**2,
    }


# %% wrong: the two games exchanged | this is the derivative of the non_saturating cost
def gradients_at_fake_mean(mean_real, mean_fake, std):
    delta = mean_fake - mean_real
    logit = -(delta**2) / (2 * std**2)
    return {
        "minimax": torch.sigmoid(-logit) * delta / std**2,
        "non_saturating": torch.sigmoid(logit) * delta / std**2,
    }


# %% wrong: at the real mean | this is the derivative of the non_saturating cost
def gradients_at_fake_mean(mean_real, mean_fake, std):
    delta = mean_fake - mean_real
    logit = delta**2 / (2 * std**2)  # a* at x = mean_real
    return {
        "minimax": torch.sigmoid(logit) * delta / std**2,
        "non_saturating": torch.sigmoid(-logit) * delta / std**2,
    }


# %% wrong: 1 − σ loses its digits | digits are lost
def gradients_at_fake_mean(mean_real, mean_fake, std):
    delta = mean_fake - mean_real
    d = torch.sigmoid(delta**2 / (2 * std**2))
    return {"minimax": (1 - d) * delta / std**2, "non_saturating": d * delta / std**2}
