# %% right: reference
def likelihood_gradient(
    v: Tensor, weight: Tensor, visible_bias: Tensor, hidden_bias: Tensor
) -> dict:
    numbers = torch.arange(2 ** len(visible_bias))
    states = ((numbers[:, None] >> torch.arange(len(visible_bias))) & 1).to(weight)
    x = hidden_bias + states @ weight
    p = torch.softmax(states @ visible_bias + torch.nn.functional.softplus(x).sum(1), 0)
    on, seen = torch.sigmoid(x), torch.sigmoid(hidden_bias + v @ weight)
    return {
        "weight": v.T @ seen / len(v) - (p[:, None] * states).T @ on,
        "visible_bias": v.mean(0) - p @ states,
        "hidden_bias": seen.mean(0) - p @ on,
    }


# %% right: automatic differentiation of the exact log-likelihood
def likelihood_gradient(v, weight, visible_bias, hidden_bias):
    import itertools

    parts = [t.detach().clone().requires_grad_() for t in (weight, visible_bias, hidden_bias)]
    w, a, b = parts

    def minus_free_energy(states):
        return states @ a + torch.nn.functional.softplus(b + states @ w).sum(1)

    every = torch.tensor(list(itertools.product([0.0, 1.0], repeat=len(a))), dtype=w.dtype)
    mean = minus_free_energy(v).mean() - torch.logsumexp(minus_free_energy(every), 0)
    mean.backward()
    return {"weight": w.grad, "visible_bias": a.grad, "hidden_bias": b.grad}


# %% right: loops over all states of both layers
def likelihood_gradient(v, weight, visible_bias, hidden_bias):
    import itertools
    import math

    n0, n1 = weight.shape
    w, a, b = weight.tolist(), visible_bias.tolist(), hidden_bias.tolist()

    def mass(s, h):
        inner = sum(s[i] * w[i][j] * h[j] for i in range(n0) for j in range(n1))
        return math.exp(inner + sum(map(lambda p, q: p * q, s, a)) + sum(p * q for p, q in zip(h, b)))

    found = torch.zeros(n0 + 1, n1 + 1, dtype=torch.float64)

    def add(states, scale):
        table = [(s, h, mass(s, h)) for s in states for h in itertools.product((0, 1), repeat=n1)]
        total = sum(m for _, _, m in table)
        for s, h, m in table:
            one = torch.tensor([1, *s], dtype=torch.float64)
            two = torch.tensor([1, *h], dtype=torch.float64)
            found.add_(scale * m / total * torch.outer(one, two))

    for row in v.tolist():
        add([row], 1 / len(v))
    add(list(itertools.product((0, 1), repeat=n0)), -1)
    return {"weight": found[1:, 1:], "visible_bias": found[1:, 0], "hidden_bias": found[0, 1:]}


# %% wrong: the model minus the data | minus the mean of the model
def likelihood_gradient(v, weight, visible_bias, hidden_bias):
    numbers = torch.arange(2 ** len(visible_bias))
    states = ((numbers[:, None] >> torch.arange(len(visible_bias))) & 1).to(weight)
    x = hidden_bias + states @ weight
    p = torch.softmax(states @ visible_bias + torch.nn.functional.softplus(x).sum(1), 0)
    on, seen = torch.sigmoid(x), torch.sigmoid(hidden_bias + v @ weight)
    return {
        "weight": (p[:, None] * states).T @ on - v.T @ seen / len(v),
        "visible_bias": p @ states - v.mean(0),
        "hidden_bias": p @ on - seen.mean(0),
    }


# %% wrong: summed over the examples | take the mean
def likelihood_gradient(v, weight, visible_bias, hidden_bias):
    numbers = torch.arange(2 ** len(visible_bias))
    states = ((numbers[:, None] >> torch.arange(len(visible_bias))) & 1).to(weight)
    x = hidden_bias + states @ weight
    p = torch.softmax(states @ visible_bias + torch.nn.functional.softplus(x).sum(1), 0)
    on, seen = torch.sigmoid(x), torch.sigmoid(hidden_bias + v @ weight)
    return {
        "weight": v.T @ seen - (p[:, None] * states).T @ on,
        "visible_bias": v.sum(0) - p @ states,
        "hidden_bias": seen.sum(0) - p @ on,
    }


# %% wrong: the positive phase only | is only the positive phase
def likelihood_gradient(v, weight, visible_bias, hidden_bias):
    seen = torch.sigmoid(hidden_bias + v @ weight)
    return {
        "weight": v.T @ seen / len(v),
        "visible_bias": v.mean(0),
        "hidden_bias": seen.mean(0),
    }


# %% wrong: products of means for the weights | the mean of v·h with the data minus
def likelihood_gradient(v, weight, visible_bias, hidden_bias):
    numbers = torch.arange(2 ** len(visible_bias))
    states = ((numbers[:, None] >> torch.arange(len(visible_bias))) & 1).to(weight)
    x = hidden_bias + states @ weight
    p = torch.softmax(states @ visible_bias + torch.nn.functional.softplus(x).sum(1), 0)
    on, seen = torch.sigmoid(x), torch.sigmoid(hidden_bias + v @ weight)
    return {
        "weight": torch.outer(v.mean(0) - p @ states, seen.mean(0) - p @ on),
        "visible_bias": v.mean(0) - p @ states,
        "hidden_bias": seen.mean(0) - p @ on,
    }


# %% wrong: the states all equally probable | its expectation over all states
def likelihood_gradient(v, weight, visible_bias, hidden_bias):
    numbers = torch.arange(2 ** len(visible_bias))
    states = ((numbers[:, None] >> torch.arange(len(visible_bias))) & 1).to(weight)
    on = torch.sigmoid(hidden_bias + states @ weight)
    seen = torch.sigmoid(hidden_bias + v @ weight)
    return {
        "weight": v.T @ seen / len(v) - states.T @ on / len(states),
        "visible_bias": v.mean(0) - states.mean(0),
        "hidden_bias": seen.mean(0) - on.mean(0),
    }


# %% wrong: the right sign for one parameter only | has the wrong sign
def likelihood_gradient(v, weight, visible_bias, hidden_bias):
    numbers = torch.arange(2 ** len(visible_bias))
    states = ((numbers[:, None] >> torch.arange(len(visible_bias))) & 1).to(weight)
    x = hidden_bias + states @ weight
    p = torch.softmax(states @ visible_bias + torch.nn.functional.softplus(x).sum(1), 0)
    on, seen = torch.sigmoid(x), torch.sigmoid(hidden_bias + v @ weight)
    return {
        "weight": v.T @ seen / len(v) - (p[:, None] * states).T @ on,
        "visible_bias": v.mean(0) - p @ states,
        "hidden_bias": p @ on - seen.mean(0),
    }
