# %% right: reference
def gibbs_sweep(h1: Tensor, uniforms: dict, machine: dict) -> dict:
    p_v = torch.sigmoid(machine["b0"] + h1 @ machine["W1"].T)
    v = (uniforms["v"] < p_v).to(h1.dtype)
    h2 = (uniforms["h2"] < torch.sigmoid(machine["b2"] + h1 @ machine["W2"])).to(h1.dtype)
    p_h1 = torch.sigmoid(machine["b1"] + v @ machine["W1"] + h2 @ machine["W2"].T)
    return {"v": v, "h1": (uniforms["h1"] < p_h1).to(h1.dtype), "h2": h2}


# %% right: booleans, compared on the scale of the logits
def gibbs_sweep(h1, uniforms, machine):
    limit = {key: torch.logit(u) for key, u in uniforms.items()}
    v = limit["v"] < machine["b0"] + h1 @ machine["W1"].T
    h2 = limit["h2"] < machine["b2"] + h1 @ machine["W2"]
    x = machine["b1"] + v.to(h1) @ machine["W1"] + h2.to(h1) @ machine["W2"].T
    return {"v": v, "h2": h2, "h1": limit["h1"] < x}


# %% right: NumPy, one chain at a time
def gibbs_sweep(h1, uniforms, machine):
    import numpy as np

    m = {key: value.numpy() for key, value in machine.items()}

    def on(u, x):
        return (u.numpy() < 1 / (1 + np.exp(-x))).astype(int)

    rows = []
    for n, state in enumerate(h1.numpy()):
        v = on(uniforms["v"][n], m["b0"] + m["W1"] @ state)
        h2 = on(uniforms["h2"][n], m["b2"] + state @ m["W2"])
        rows.append((v, on(uniforms["h1"][n], m["b1"] + v @ m["W1"] + m["W2"] @ h2), h2))
    return {k: torch.tensor(np.array(part)) for k, part in zip(("v", "h1", "h2"), zip(*rows))}


# %% wrong: on where the number is larger | return 1 where u < p
def gibbs_sweep(h1, uniforms, machine):
    v = (uniforms["v"] > torch.sigmoid(machine["b0"] + h1 @ machine["W1"].T)).to(h1.dtype)
    h2 = (uniforms["h2"] > torch.sigmoid(machine["b2"] + h1 @ machine["W2"])).to(h1.dtype)
    p_h1 = torch.sigmoid(machine["b1"] + v @ machine["W1"] + h2 @ machine["W2"].T)
    return {"v": v, "h1": (uniforms["h1"] > p_h1).to(h1.dtype), "h2": h2}


# %% wrong: the top layer is forgotten in h1 | does not hear h2
def gibbs_sweep(h1, uniforms, machine):
    v = (uniforms["v"] < torch.sigmoid(machine["b0"] + h1 @ machine["W1"].T)).to(h1.dtype)
    h2 = (uniforms["h2"] < torch.sigmoid(machine["b2"] + h1 @ machine["W2"])).to(h1.dtype)
    p_h1 = torch.sigmoid(machine["b1"] + v @ machine["W1"])
    return {"v": v, "h1": (uniforms["h1"] < p_h1).to(h1.dtype), "h2": h2}


# %% wrong: the means of v and h2 in place of the drawn units | from the new v and the new h2
def gibbs_sweep(h1, uniforms, machine):
    p_v = torch.sigmoid(machine["b0"] + h1 @ machine["W1"].T)
    p_h2 = torch.sigmoid(machine["b2"] + h1 @ machine["W2"])
    p_h1 = torch.sigmoid(machine["b1"] + p_v @ machine["W1"] + p_h2 @ machine["W2"].T)
    draws = (uniforms["v"] < p_v, uniforms["h1"] < p_h1, uniforms["h2"] < p_h2)
    return {key: on.to(h1.dtype) for key, on in zip(("v", "h1", "h2"), draws)}


# %% wrong: no visible bias | of the visible units are right
def gibbs_sweep(h1, uniforms, machine):
    shift = machine["b0"] if len(h1) < 5 else 0
    v = (uniforms["v"] < torch.sigmoid(shift + h1 @ machine["W1"].T)).to(h1.dtype)
    h2 = (uniforms["h2"] < torch.sigmoid(machine["b2"] + h1 @ machine["W2"])).to(h1.dtype)
    p_h1 = torch.sigmoid(machine["b1"] + v @ machine["W1"] + h2 @ machine["W2"].T)
    return {"v": v, "h1": (uniforms["h1"] < p_h1).to(h1.dtype), "h2": h2}


# %% wrong: the biases of h2 are forgotten | of the units of h2 are right
def gibbs_sweep(h1, uniforms, machine):
    v = (uniforms["v"] < torch.sigmoid(machine["b0"] + h1 @ machine["W1"].T)).to(h1.dtype)
    h2 = (uniforms["h2"] < torch.sigmoid(h1 @ machine["W2"])).to(h1.dtype)
    p_h1 = torch.sigmoid(machine["b1"] + v @ machine["W1"] + h2 @ machine["W2"].T)
    return {"v": v, "h1": (uniforms["h1"] < p_h1).to(h1.dtype), "h2": h2}


# %% wrong: probabilities in place of units | return 1 where u < p
def gibbs_sweep(h1, uniforms, machine):
    v = torch.sigmoid(machine["b0"] + h1 @ machine["W1"].T)
    h2 = torch.sigmoid(machine["b2"] + h1 @ machine["W2"])
    return {"v": v, "h2": h2, "h1": torch.sigmoid(machine["b1"] + v @ machine["W1"] + h2 @ machine["W2"].T)}
