# %% right: reference
def certified_jsd(loss: Tensor) -> Tensor:
    return (torch.tensor(2.0).log() - loss / 2).clamp(min=0)


# %% right: the other order, with where
def certified_jsd(loss):
    bound = 0.5 * (torch.log(torch.full_like(loss, 4.0)) - loss)
    return torch.where(bound > 0, bound, torch.zeros_like(bound))


# %% right: numbers of Python, in a loop, in float32
def certified_jsd(loss):
    import math

    bounds = [max(0.0, math.log(2) - value / 2) for value in loss.flatten().tolist()]
    return torch.tensor(bounds).reshape(loss.shape)


# %% right: by the share of log 4 that is missing
def certified_jsd(loss):
    log4 = 2 * torch.special.xlogy(1, torch.tensor(2.0, dtype=torch.float64))
    return torch.relu(1 - loss / log4) * log4 / 2


# %% wrong: JSD without the halves | (not 1, not log 4)
def certified_jsd(loss):
    return (torch.tensor(4.0).log() - loss).clamp(min=0)


# %% wrong: JSD without the halves, unbounded below | did you forget the ½ before each KL
def certified_jsd(loss):
    return torch.tensor(4.0).log() - loss


# %% wrong: the loss not halved | divide all of −L = −log 4 + 2 JSD by 2
def certified_jsd(loss):
    return (torch.tensor(2.0).log() - loss).clamp(min=0)


# %% wrong: negative for a discriminator worse than guessing | is never negative
def certified_jsd(loss):
    return torch.tensor(2.0).log() - loss / 2


# %% wrong: in bits | use natural logarithms
def certified_jsd(loss):
    return (1 - loss / torch.tensor(4.0).log()).clamp(min=0)


# %% wrong: the sign of the loss | proves no more than JSD ≥ 0
def certified_jsd(loss):
    return torch.tensor(2.0).log() + loss / 2


# %% wrong: the distance | You returned a distance
def certified_jsd(loss):
    return (torch.tensor(2.0).log() - loss / 2).clamp(min=0).sqrt()


# %% wrong: clamped to the range of a probability's loss | must equal the JSD
def certified_jsd(loss):
    return (torch.tensor(2.0).log() * (1 - (loss / torch.tensor(4.0).log()) ** 2)).clamp(min=0)


# %% wrong: one number for all losses | must return shape (2,)
def certified_jsd(loss):
    return (torch.tensor(2.0).log() - loss / 2).clamp(min=0).mean()


# %% wrong: a list | must return a tensor, got list
def certified_jsd(loss):
    return [max(0.0, 0.6931471805599453 - float(value) / 2) for value in loss]
