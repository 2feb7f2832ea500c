# %% right: reference
def hellinger_losses(real: Tensor, fake: Tensor) -> dict[str, Tensor]:
    cost = torch.expm1(fake).mean()
    return {"critic": torch.expm1(-real).mean() + cost, "generator": -cost}


# %% right: exponentials
def hellinger_losses(real, fake):
    bound = (1 - torch.exp(-real)).mean() - (torch.exp(fake) - 1).mean()
    return {"generator": 1 - fake.exp().mean(), "critic": -bound}


# %% right: sums of Python numbers
def hellinger_losses(real, fake):
    import math

    gained = sum(1 - math.exp(-v) for v in real.tolist()) / len(real)
    paid = sum(math.exp(v) - 1 for v in fake.tolist()) / len(fake)
    return {"critic": torch.tensor(paid - gained), "generator": torch.tensor(-paid)}


# %% wrong: g and f* one after the other | simplify before you compute
def hellinger_losses(real, fake):
    g, h = 1 - torch.exp(-real), 1 - torch.exp(-fake)
    cost = (h / (1 - h)).mean()
    return {"critic": cost - g.mean(), "generator": -cost}


# %% wrong: the critic's sign | The critic's sign is wrong
def hellinger_losses(real, fake):
    cost = torch.expm1(fake).mean()
    return {"critic": -torch.expm1(-real).mean() - cost, "generator": -cost}


# %% wrong: the activation that decreases | not 1 − exp(v)
def hellinger_losses(real, fake):
    cost = torch.expm1(-fake).mean()
    return {"critic": cost - (1 - real.exp()).mean(), "generator": -cost}


# %% wrong: sums | Take means over the examples
def hellinger_losses(real, fake):
    cost = torch.expm1(fake).sum()
    return {"critic": torch.expm1(-real).sum() + cost, "generator": -cost}


# %% wrong: no conjugate | f* is missing
def hellinger_losses(real, fake):
    cost = (1 - torch.exp(-fake)).mean()
    return {"critic": torch.expm1(-real).mean() + cost, "generator": -cost}


# %% wrong: the conjugate for the real examples too | differs from −mean g(v) over the real
def hellinger_losses(real, fake):
    cost = torch.expm1(fake).mean()
    return {"critic": cost - torch.expm1(real).mean(), "generator": -cost}


# %% wrong: the generator raises g | Your generator raises g(v)
def hellinger_losses(real, fake):
    cost = torch.expm1(fake).mean()
    return {
        "critic": torch.expm1(-real).mean() + cost,
        "generator": -(1 - torch.exp(-fake)).mean(),
    }


# %% wrong: the generator's sign | The generator's sign is wrong
def hellinger_losses(real, fake):
    cost = torch.expm1(fake).mean()
    return {"critic": torch.expm1(-real).mean() + cost, "generator": cost}


# %% wrong: the critic's loss for the generator | differs from −mean f*(g(v)) over the generated
def hellinger_losses(real, fake):
    loss = torch.expm1(-real).mean() + torch.expm1(fake).mean()
    return {"critic": loss, "generator": -loss}


# %% wrong: the 1 forgotten | the critic's loss is −½ + 2
def hellinger_losses(real, fake):
    cost = fake.exp().mean()
    return {"critic": torch.expm1(-real).mean() + cost, "generator": 1 - cost}


# %% wrong: the 1 forgotten in the other entry | the generator's loss is −f*(g(v)) = −2
def hellinger_losses(real, fake):
    cost = fake.exp().mean()
    return {"critic": torch.expm1(-real).mean() + cost - 1, "generator": -cost}


# %% wrong: a tuple | must return a dictionary
def hellinger_losses(real, fake):
    cost = torch.expm1(fake).mean()
    return torch.expm1(-real).mean() + cost, -cost


# %% wrong: other names | must return the entries critic, generator
def hellinger_losses(real, fake):
    cost = torch.expm1(fake).mean()
    return {"discriminator": torch.expm1(-real).mean() + cost, "generator": -cost}
