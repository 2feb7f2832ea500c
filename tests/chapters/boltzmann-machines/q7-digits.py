# %% right: reference
def train_rbm(x: Tensor, seed: int, steps: int) -> dict:
    draw = torch.Generator().manual_seed(seed)
    rbm = RBM(64, 10, generator=draw)
    rbm.visible_bias.data.copy_(base_rates(x))
    sgd = torch.optim.SGD(rbm.parameters(), lr=0.2)
    step = StochasticMaximumLikelihood(rbm, sgd, generator=draw)

    def slower(number: int, values: dict) -> None:
        sgd.param_groups[0]["lr"] = 0.2 * (1 - 0.95 * number / steps)

    fit(step, batches(x, 100, generator=draw), steps=steps, callbacks=[slower])
    return {
        "weight": rbm.weight.detach(),
        "visible_bias": rbm.visible_bias.detach(),
        "hidden_bias": rbm.hidden_bias.detach(),
    }


# %% right: persistent chains by hand
def train_rbm(x, seed, steps):
    g = torch.Generator().manual_seed(seed)
    w = 0.01 * torch.randn(64, 10, generator=g)
    a, b = torch.logit(x.mean(0).clamp(0.001, 0.999)), torch.zeros(10)
    h = (torch.rand(100, 10, generator=g) < 0.5).float()
    for number in range(steps):
        rate = 0.2 * (1 - 0.95 * number / steps)
        rows = x[torch.randint(len(x), (100,), generator=g)]
        seen = torch.sigmoid(b + rows @ w)
        v = (torch.rand(100, 64, generator=g) < torch.sigmoid(a + h @ w.T)).float()
        mean = torch.sigmoid(b + v @ w)
        h = (torch.rand(100, 10, generator=g) < mean).float()
        w = w + rate * (rows.T @ seen - v.T @ mean) / 100
        a = a + rate * (rows - v).mean(0)
        b = b + rate * (seen - mean).mean(0)
    return {"weight": w, "visible_bias": a, "hidden_bias": b}


# %% right: a constant step size, two sweeps
def train_rbm(x: Tensor, seed: int, steps: int) -> dict:
    draw = torch.Generator().manual_seed(seed)
    rbm = RBM(64, 10, generator=draw)
    rbm.visible_bias.data.copy_(base_rates(x))
    sgd = torch.optim.SGD(rbm.parameters(), lr=0.1)
    step = StochasticMaximumLikelihood(rbm, sgd, gibbs_steps=2, generator=draw)

    def slower(number: int, values: dict) -> None:
        sgd.param_groups[0]["lr"] = 0.2 * (1 - 0.95 * number / steps)

    fit(step, batches(x, 100, generator=draw), steps=steps)
    return {
        "weight": rbm.weight.detach(),
        "visible_bias": rbm.visible_bias.detach(),
        "hidden_bias": rbm.hidden_bias.detach(),
    }


# %% wrong: the phases exchanged | fewer than independent pixels reach
def train_rbm(x, seed, steps):
    g = torch.Generator().manual_seed(seed)
    w = 0.01 * torch.randn(64, 10, generator=g)
    a, b = torch.logit(x.mean(0).clamp(0.001, 0.999)), torch.zeros(10)
    h = (torch.rand(100, 10, generator=g) < 0.5).float()
    for number in range(steps):
        rate = 0.2 * (1 - 0.95 * number / steps)
        rows = x[torch.randint(len(x), (100,), generator=g)]
        seen = torch.sigmoid(b + rows @ w)
        v = (torch.rand(100, 64, generator=g) < torch.sigmoid(a + h @ w.T)).float()
        mean = torch.sigmoid(b + v @ w)
        h = (torch.rand(100, 10, generator=g) < mean).float()
        w = w + rate * (v.T @ mean - rows.T @ seen) / 100
        a = a + rate * (rows - v).mean(0)
        b = b + rate * (seen - mean).mean(0)
    return {"weight": w, "visible_bias": a, "hidden_bias": b}


# %% wrong: never trained | nats, and −22.0 are needed
def train_rbm(x: Tensor, seed: int, steps: int) -> dict:
    draw = torch.Generator().manual_seed(seed)
    rbm = RBM(64, 10, generator=draw)
    rbm.visible_bias.data.copy_(base_rates(x))
    sgd = torch.optim.SGD(rbm.parameters(), lr=0.2)
    step = StochasticMaximumLikelihood(rbm, sgd, generator=draw)

    def slower(number: int, values: dict) -> None:
        sgd.param_groups[0]["lr"] = 0.2 * (1 - 0.95 * number / steps)

    fit(step, batches(x, 100, generator=draw), steps=1, callbacks=[slower])
    return {
        "weight": rbm.weight.detach(),
        "visible_bias": rbm.visible_bias.detach(),
        "hidden_bias": rbm.hidden_bias.detach(),
    }


# %% wrong: a step size that is far too small | nats, and −22.0 are needed
def train_rbm(x: Tensor, seed: int, steps: int) -> dict:
    draw = torch.Generator().manual_seed(seed)
    rbm = RBM(64, 10, generator=draw)
    rbm.visible_bias.data.copy_(base_rates(x))
    sgd = torch.optim.SGD(rbm.parameters(), lr=0.0005)
    step = StochasticMaximumLikelihood(rbm, sgd, generator=draw)

    def slower(number: int, values: dict) -> None:
        sgd.param_groups[0]["lr"] = 0.0005 * (1 - 0.95 * number / steps)

    fit(step, batches(x, 100, generator=draw), steps=steps, callbacks=[slower])
    return {
        "weight": rbm.weight.detach(),
        "visible_bias": rbm.visible_bias.detach(),
        "hidden_bias": rbm.hidden_bias.detach(),
    }


# %% wrong: only the visible biases are learned | nats, and −22.0 are needed
def train_rbm(x: Tensor, seed: int, steps: int) -> dict:
    draw = torch.Generator().manual_seed(seed)
    rbm = RBM(64, 10, generator=draw)
    rbm.visible_bias.data.copy_(base_rates(x))
    sgd = torch.optim.SGD([rbm.visible_bias], lr=0.2)
    step = StochasticMaximumLikelihood(rbm, sgd, generator=draw)

    def slower(number: int, values: dict) -> None:
        sgd.param_groups[0]["lr"] = 0.2 * (1 - 0.95 * number / steps)

    fit(step, batches(x, 100, generator=draw), steps=steps, callbacks=[slower])
    return {
        "weight": rbm.weight.detach(),
        "visible_bias": rbm.visible_bias.detach(),
        "hidden_bias": rbm.hidden_bias.detach(),
    }


# %% wrong: other random numbers each time | Two runs with one seed
def train_rbm(x: Tensor, seed: int, steps: int) -> dict:
    draw = torch.Generator()
    draw.seed()
    rbm = RBM(64, 10, generator=draw)
    rbm.visible_bias.data.copy_(base_rates(x))
    sgd = torch.optim.SGD(rbm.parameters(), lr=0.2)
    step = StochasticMaximumLikelihood(rbm, sgd, generator=draw)

    def slower(number: int, values: dict) -> None:
        sgd.param_groups[0]["lr"] = 0.2 * (1 - 0.95 * number / steps)

    fit(step, batches(x, 100, generator=draw), steps=steps, callbacks=[slower])
    return {
        "weight": rbm.weight.detach(),
        "visible_bias": rbm.visible_bias.detach(),
        "hidden_bias": rbm.hidden_bias.detach(),
    }


# %% wrong: always the seed 0 | use the argument seed
def train_rbm(x: Tensor, seed: int, steps: int) -> dict:
    draw = torch.Generator().manual_seed(0)
    rbm = RBM(64, 10, generator=draw)
    rbm.visible_bias.data.copy_(base_rates(x))
    sgd = torch.optim.SGD(rbm.parameters(), lr=0.2)
    step = StochasticMaximumLikelihood(rbm, sgd, generator=draw)

    def slower(number: int, values: dict) -> None:
        sgd.param_groups[0]["lr"] = 0.2 * (1 - 0.95 * number / steps)

    fit(step, batches(x, 100, generator=draw), steps=steps, callbacks=[slower])
    return {
        "weight": rbm.weight.detach(),
        "visible_bias": rbm.visible_bias.detach(),
        "hidden_bias": rbm.hidden_bias.detach(),
    }


# %% wrong: the data as the negative phase too, with fantasies only of h | nats, and −22.0 are needed
def train_rbm(x, seed, steps):
    g = torch.Generator().manual_seed(seed)
    w = 0.01 * torch.randn(64, 10, generator=g)
    a, b = torch.logit(x.mean(0).clamp(0.001, 0.999)), torch.zeros(10)
    h = (torch.rand(100, 10, generator=g) < 0.5).float()
    for number in range(steps):
        rate = 0.2 * (1 - 0.95 * number / steps)
        rows = x[torch.randint(len(x), (100,), generator=g)]
        seen = torch.sigmoid(b + rows @ w)
        v = (torch.rand(100, 64, generator=g) < torch.sigmoid(a + h @ w.T)).float()
        mean = torch.sigmoid(b + v @ w)
        h = (torch.rand(100, 10, generator=g) < mean).float()
        w = w + rate * (rows.T @ seen - rows.T @ mean) / 100
        a = a + rate * (rows - v).mean(0)
        b = b + rate * (seen - mean).mean(0)
    return {"weight": w, "visible_bias": a, "hidden_bias": b}
