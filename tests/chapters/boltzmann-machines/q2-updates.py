# %% right: reference
def mean_field_updates(v: Tensor, means: dict, machine: dict) -> dict:
    below, above = machine["W1"], machine["W2"]
    h1 = torch.sigmoid(machine["b1"] + v @ below + means["h2"] @ above.T)
    below, above = machine["W2"], machine["W3"]
    h2 = torch.sigmoid(machine["b2"] + means["h1"] @ below + means["h3"] @ above.T)
    h3 = torch.sigmoid(machine["b3"] + means["h2"] @ machine["W3"])
    return {"h1": h1, "h2": h2, "h3": h3}


# %% right: a loop over the layers
def mean_field_updates(v, means, machine):
    layers = [v, means["h1"], means["h2"], means["h3"]]
    new = {}
    for k in (1, 2, 3):
        x = machine[f"b{k}"] + layers[k - 1] @ machine[f"W{k}"]
        if k < 3:
            x = x + layers[k + 1] @ machine[f"W{k + 1}"].T
        new[f"h{k}"] = 1 / (1 + torch.exp(-x))
    return new


# %% right: the slope of minus the energy, by automatic differentiation
def mean_field_updates(v, means, machine):
    h = {key: value.detach().clone().requires_grad_() for key, value in means.items()}
    layers = [v, h["h1"], h["h2"], h["h3"]]
    minus_energy = sum((layers[k] @ machine[f"b{k}"]).sum() for k in (1, 2, 3))
    for k in (1, 2, 3):
        minus_energy = minus_energy + ((layers[k - 1] @ machine[f"W{k}"]) * layers[k]).sum()
    slopes = torch.autograd.grad(minus_energy, [h["h1"], h["h2"], h["h3"]])
    return {f"h{k}": slope.sigmoid() for k, slope in enumerate(slopes, start=1)}


# %% wrong: h1 does not hear h2 | h1 hears the layer above it too
def mean_field_updates(v, means, machine):
    h1 = torch.sigmoid(machine["b1"] + v @ machine["W1"])
    x = machine["b2"] + means["h1"] @ machine["W2"] + means["h3"] @ machine["W3"].T
    h3 = torch.sigmoid(machine["b3"] + means["h2"] @ machine["W3"])
    return {"h1": h1, "h2": x.sigmoid(), "h3": h3}


# %% wrong: h2 does not hear h3 | h2 hears the layer above it too
def mean_field_updates(v, means, machine):
    h1 = torch.sigmoid(machine["b1"] + v @ machine["W1"] + means["h2"] @ machine["W2"].T)
    h2 = torch.sigmoid(machine["b2"] + means["h1"] @ machine["W2"])
    h3 = torch.sigmoid(machine["b3"] + means["h2"] @ machine["W3"])
    return {"h1": h1, "h2": h2, "h3": h3}


# %% wrong: one after the other | h2 uses the new means of h1
def mean_field_updates(v, means, machine):
    h1 = torch.sigmoid(machine["b1"] + v @ machine["W1"] + means["h2"] @ machine["W2"].T)
    h2 = torch.sigmoid(machine["b2"] + h1 @ machine["W2"] + means["h3"] @ machine["W3"].T)
    h3 = torch.sigmoid(machine["b3"] + h2 @ machine["W3"])
    return {"h1": h1, "h2": h2, "h3": h3}


# %% wrong: no biases | The biases b1 are missing
def mean_field_updates(v, means, machine):
    h1 = torch.sigmoid(v @ machine["W1"] + means["h2"] @ machine["W2"].T)
    h2 = torch.sigmoid(means["h1"] @ machine["W2"] + means["h3"] @ machine["W3"].T)
    h3 = torch.sigmoid(means["h2"] @ machine["W3"])
    return {"h1": h1, "h2": h2, "h3": h3}


# %% wrong: the input of the top layer doubled | enters once
def mean_field_updates(v, means, machine):
    h1 = torch.sigmoid(machine["b1"] + v @ machine["W1"] + means["h2"] @ machine["W2"].T)
    x = machine["b2"] + means["h1"] @ machine["W2"] + means["h3"] @ machine["W3"].T
    h3 = torch.sigmoid(machine["b3"] + 2 * means["h2"] @ machine["W3"])
    return {"h1": h1, "h2": x.sigmoid(), "h3": h3}


# %% wrong: the sign of the energy | where the derivative of the bound by its means is zero
def mean_field_updates(v, means, machine):
    h1 = torch.sigmoid(-machine["b1"] - v @ machine["W1"] - means["h2"] @ machine["W2"].T)
    x = machine["b2"] + means["h1"] @ machine["W2"] + means["h3"] @ machine["W3"].T
    h3 = torch.sigmoid(machine["b3"] + means["h2"] @ machine["W3"])
    return {"h1": h1, "h2": torch.sigmoid(-x), "h3": 1 - h3}


# %% wrong: a softmax over the units | the bias and one term for each neighbouring layer
def mean_field_updates(v, means, machine):
    x1 = machine["b1"] + v @ machine["W1"] + means["h2"] @ machine["W2"].T
    x2 = machine["b2"] + means["h1"] @ machine["W2"] + means["h3"] @ machine["W3"].T
    x3 = machine["b3"] + means["h2"] @ machine["W3"]
    return {"h1": x1.softmax(1), "h2": x2.softmax(1), "h3": x3.softmax(1)}
