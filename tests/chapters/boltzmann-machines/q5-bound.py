# %% right: reference
def mean_field_bound(v: Tensor, machine: dict) -> dict:
    h1, h2 = v.new_full((len(v), len(machine["b1"])), 0.5), v.new_full((len(v), len(machine["b2"])), 0.5)
    for _ in range(10_000):
        before = torch.cat([h1, h2], dim=1)
        h1 = torch.sigmoid(machine["b1"] + v @ machine["W1"] + h2 @ machine["W2"].T)
        h2 = torch.sigmoid(machine["b2"] + h1 @ machine["W2"])
        if (torch.cat([h1, h2], dim=1) - before).abs().max() <= 1e-8:
            break
    bound = v @ machine["b0"] + h1 @ machine["b1"] + h2 @ machine["b2"]
    bound = bound + ((v @ machine["W1"]) * h1).sum(1) + ((h1 @ machine["W2"]) * h2).sum(1)
    for h in (h1, h2):
        bound = bound + (torch.special.entr(h) + torch.special.entr(1 - h)).sum(1)
    return {"h1": h1, "h2": h2, "bound": bound}


# %% right: always 500 steps, xlogy, einsum
def mean_field_bound(v, machine):
    m = machine
    h2 = torch.full((v.shape[0], m["b2"].shape[0]), 0.5).to(v)
    for _ in range(500):
        h1 = torch.sigmoid(m["b1"] + v @ m["W1"] + torch.einsum("nk,jk->nj", h2, m["W2"]))
        h2 = torch.sigmoid(m["b2"] + h1 @ m["W2"])
    total = v @ m["b0"] + h1 @ m["b1"] + h2 @ m["b2"]
    total += torch.einsum("ni,ij,nj->n", v, m["W1"], h1) + torch.einsum("nj,jk,nk->n", h1, m["W2"], h2)
    h = torch.cat([h1, h2], 1)
    total -= (torch.xlogy(h, h) + torch.xlogy(1 - h, 1 - h)).sum(1)
    return {"bound": total, "h1": h1, "h2": h2}


# %% right: NumPy and SciPy, one example at a time
def mean_field_bound(v, machine):
    import numpy as np
    from scipy.special import entr, expit

    m = {key: value.double().numpy() for key, value in machine.items()}
    ones, twos, bounds = [], [], []
    for row in v.double().numpy():
        two = np.full(len(m["b2"]), 0.5)
        for _ in range(1000):
            one = expit(m["b1"] + row @ m["W1"] + m["W2"] @ two)
            two = expit(m["b2"] + one @ m["W2"])
        bound = row @ m["b0"] + one @ m["b1"] + two @ m["b2"] + row @ m["W1"] @ one + one @ m["W2"] @ two
        bounds.append(bound + sum((entr(h) + entr(1 - h)).sum() for h in (one, two)))
        ones.append(one)
        twos.append(two)
    return {k: torch.tensor(np.array(p)) for k, p in zip(("h1", "h2", "bound"), (ones, twos, bounds))}


# %% wrong: one step only | are no fixed point
def mean_field_bound(v, machine):
    h2 = v.new_full((len(v), len(machine["b2"])), 0.5)
    h1 = torch.sigmoid(machine["b1"] + v @ machine["W1"] + h2 @ machine["W2"].T)
    h2 = torch.sigmoid(machine["b2"] + h1 @ machine["W2"])
    bound = v @ machine["b0"] + h1 @ machine["b1"] + h2 @ machine["b2"]
    bound = bound + ((v @ machine["W1"]) * h1).sum(1) + ((h1 @ machine["W2"]) * h2).sum(1)
    for h in (h1, h2):
        bound = bound + (torch.special.entr(h) + torch.special.entr(1 - h)).sum(1)
    return {"h1": h1, "h2": h2, "bound": bound}


# %% wrong: h1 hears only v | are no fixed point
def mean_field_bound(v, machine):
    h1 = torch.sigmoid(machine["b1"] + v @ machine["W1"])
    h2 = torch.sigmoid(machine["b2"] + h1 @ machine["W2"])
    bound = v @ machine["b0"] + h1 @ machine["b1"] + h2 @ machine["b2"]
    bound = bound + ((v @ machine["W1"]) * h1).sum(1) + ((h1 @ machine["W2"]) * h2).sum(1)
    for h in (h1, h2):
        bound = bound + (torch.special.entr(h) + torch.special.entr(1 - h)).sum(1)
    return {"h1": h1, "h2": h2, "bound": bound}


# %% wrong: the entropy is forgotten | The entropy is missing
def mean_field_bound(v, machine):
    h2 = v.new_full((len(v), len(machine["b2"])), 0.5)
    for _ in range(500):
        h1 = torch.sigmoid(machine["b1"] + v @ machine["W1"] + h2 @ machine["W2"].T)
        h2 = torch.sigmoid(machine["b2"] + h1 @ machine["W2"])
    minus_energy = v @ machine["b0"] + h1 @ machine["b1"] + h2 @ machine["b2"]
    minus_energy = minus_energy + ((v @ machine["W1"]) * h1).sum(1) + ((h1 @ machine["W2"]) * h2).sum(1)
    h = torch.cat([h1, h2], dim=1)
    entropy = (torch.special.entr(h) + torch.special.entr(1 - h)).sum(1)
    return {"h1": h1, "h2": h2, "bound": minus_energy}


# %% wrong: the entropy subtracted | The entropy enters with +
def mean_field_bound(v, machine):
    h2 = v.new_full((len(v), len(machine["b2"])), 0.5)
    for _ in range(500):
        h1 = torch.sigmoid(machine["b1"] + v @ machine["W1"] + h2 @ machine["W2"].T)
        h2 = torch.sigmoid(machine["b2"] + h1 @ machine["W2"])
    minus_energy = v @ machine["b0"] + h1 @ machine["b1"] + h2 @ machine["b2"]
    minus_energy = minus_energy + ((v @ machine["W1"]) * h1).sum(1) + ((h1 @ machine["W2"]) * h2).sum(1)
    h = torch.cat([h1, h2], dim=1)
    entropy = (torch.special.entr(h) + torch.special.entr(1 - h)).sum(1)
    return {"h1": h1, "h2": h2, "bound": minus_energy - entropy}


# %% wrong: the energy with its own sign | the bound is −E + H
def mean_field_bound(v, machine):
    h2 = v.new_full((len(v), len(machine["b2"])), 0.5)
    for _ in range(500):
        h1 = torch.sigmoid(machine["b1"] + v @ machine["W1"] + h2 @ machine["W2"].T)
        h2 = torch.sigmoid(machine["b2"] + h1 @ machine["W2"])
    minus_energy = v @ machine["b0"] + h1 @ machine["b1"] + h2 @ machine["b2"]
    minus_energy = minus_energy + ((v @ machine["W1"]) * h1).sum(1) + ((h1 @ machine["W2"]) * h2).sum(1)
    h = torch.cat([h1, h2], dim=1)
    entropy = (torch.special.entr(h) + torch.special.entr(1 - h)).sum(1)
    return {"h1": h1, "h2": h2, "bound": entropy - minus_energy}


# %% wrong: no visible biases | The visible biases are missing
def mean_field_bound(v, machine):
    h2 = v.new_full((len(v), len(machine["b2"])), 0.5)
    for _ in range(500):
        h1 = torch.sigmoid(machine["b1"] + v @ machine["W1"] + h2 @ machine["W2"].T)
        h2 = torch.sigmoid(machine["b2"] + h1 @ machine["W2"])
    minus_energy = h1 @ machine["b1"] + h2 @ machine["b2"]
    minus_energy = minus_energy + ((v @ machine["W1"]) * h1).sum(1) + ((h1 @ machine["W2"]) * h2).sum(1)
    h = torch.cat([h1, h2], dim=1)
    entropy = (torch.special.entr(h) + torch.special.entr(1 - h)).sum(1)
    return {"h1": h1, "h2": h2, "bound": minus_energy + entropy}


# %% wrong: half of the entropy | has two terms
def mean_field_bound(v, machine):
    h2 = v.new_full((len(v), len(machine["b2"])), 0.5)
    for _ in range(500):
        h1 = torch.sigmoid(machine["b1"] + v @ machine["W1"] + h2 @ machine["W2"].T)
        h2 = torch.sigmoid(machine["b2"] + h1 @ machine["W2"])
    minus_energy = v @ machine["b0"] + h1 @ machine["b1"] + h2 @ machine["b2"]
    minus_energy = minus_energy + ((v @ machine["W1"]) * h1).sum(1) + ((h1 @ machine["W2"]) * h2).sum(1)
    h = torch.cat([h1, h2], dim=1)
    entropy = (torch.special.entr(h)).sum(1)
    return {"h1": h1, "h2": h2, "bound": minus_energy + entropy}


# %% wrong: the entropy in bits | compare with a sum over all hidden states
def mean_field_bound(v, machine):
    h2 = v.new_full((len(v), len(machine["b2"])), 0.5)
    for _ in range(500):
        h1 = torch.sigmoid(machine["b1"] + v @ machine["W1"] + h2 @ machine["W2"].T)
        h2 = torch.sigmoid(machine["b2"] + h1 @ machine["W2"])
    minus_energy = v @ machine["b0"] + h1 @ machine["b1"] + h2 @ machine["b2"]
    minus_energy = minus_energy + ((v @ machine["W1"]) * h1).sum(1) + ((h1 @ machine["W2"]) * h2).sum(1)
    h = torch.cat([h1, h2], dim=1)
    entropy = (torch.special.entr(h) + torch.special.entr(1 - h)).sum(1)
    return {"h1": h1, "h2": h2, "bound": minus_energy + entropy / 0.6931472}


# %% wrong: a small number inside the logarithm | the entropy of a mean
def mean_field_bound(v, machine):
    h2 = v.new_full((len(v), len(machine["b2"])), 0.5)
    for _ in range(500):
        h1 = torch.sigmoid(machine["b1"] + v @ machine["W1"] + h2 @ machine["W2"].T)
        h2 = torch.sigmoid(machine["b2"] + h1 @ machine["W2"])
    minus_energy = v @ machine["b0"] + h1 @ machine["b1"] + h2 @ machine["b2"]
    minus_energy = minus_energy + ((v @ machine["W1"]) * h1).sum(1) + ((h1 @ machine["W2"]) * h2).sum(1)
    h = torch.cat([h1, h2], dim=1)
    entropy = -(h * (h + 1e-9).log() + (1 - h) * (1 - h + 1e-9).log()).sum(1) + 20 * (h > 1 - 1e-9).sum(1)
    return {"h1": h1, "h2": h2, "bound": minus_energy + entropy}


# %% wrong: 0 · log 0 | returned NaN
def mean_field_bound(v, machine):
    h2 = v.new_full((len(v), len(machine["b2"])), 0.5)
    for _ in range(500):
        h1 = torch.sigmoid(machine["b1"] + v @ machine["W1"] + h2 @ machine["W2"].T)
        h2 = torch.sigmoid(machine["b2"] + h1 @ machine["W2"])
    minus_energy = v @ machine["b0"] + h1 @ machine["b1"] + h2 @ machine["b2"]
    minus_energy = minus_energy + ((v @ machine["W1"]) * h1).sum(1) + ((h1 @ machine["W2"]) * h2).sum(1)
    h = torch.cat([h1, h2], dim=1)
    entropy = -(h * h.log() + (1 - h) * (1 - h).log()).sum(1)
    return {"h1": h1, "h2": h2, "bound": minus_energy + entropy}


# %% wrong: the biases of h1 are forgotten | are no fixed point
def mean_field_bound(v, machine):
    h2 = v.new_full((len(v), len(machine["b2"])), 0.5)
    for _ in range(500):
        h1 = torch.sigmoid(v @ machine["W1"] + h2 @ machine["W2"].T)
        h2 = torch.sigmoid(machine["b2"] + h1 @ machine["W2"])
    minus_energy = v @ machine["b0"] + h1 @ machine["b1"] + h2 @ machine["b2"]
    minus_energy = minus_energy + ((v @ machine["W1"]) * h1).sum(1) + ((h1 @ machine["W2"]) * h2).sum(1)
    h = torch.cat([h1, h2], dim=1)
    entropy = (torch.special.entr(h) + torch.special.entr(1 - h)).sum(1)
    return {"h1": h1, "h2": h2, "bound": minus_energy + entropy}


# %% wrong: the input of h1 from v twice | Here the mean of h1 is σ(1)
def mean_field_bound(v, machine):
    h2 = v.new_full((len(v), len(machine["b2"])), 0.5)
    for _ in range(500):
        h1 = torch.sigmoid(machine["b1"] + 2 * v @ machine["W1"] + h2 @ machine["W2"].T)
        h2 = torch.sigmoid(machine["b2"] + h1 @ machine["W2"])
    minus_energy = v @ machine["b0"] + h1 @ machine["b1"] + h2 @ machine["b2"]
    minus_energy = minus_energy + ((v @ machine["W1"]) * h1).sum(1) + ((h1 @ machine["W2"]) * h2).sum(1)
    h = torch.cat([h1, h2], dim=1)
    entropy = (torch.special.entr(h) + torch.special.entr(1 - h)).sum(1)
    return {"h1": h1, "h2": h2, "bound": minus_energy + entropy}
