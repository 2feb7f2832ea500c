# %% right: reference
def learn_by_throws(payoff: Tensor, rounds: int, seed: int) -> tuple[Tensor, Tensor]:
    draw = torch.Generator().manual_seed(seed)
    m, n = payoff.shape
    rate = (8 * torch.tensor(float(m)).log() / rounds).sqrt() / (payoff.max() - payoff.min())
    row_scores, column_scores = payoff.new_zeros(m), payoff.new_zeros(n)
    row_sum, column_sum = payoff.new_zeros(m), payoff.new_zeros(n)
    for _ in range(rounds):
        x, y = row_scores.softmax(0), column_scores.softmax(0)
        row_sum, column_sum = row_sum + x, column_sum + y
        i, j = (int(torch.multinomial(p, 1, generator=draw)) for p in (x, y))
        row_scores = row_scores + rate * payoff[:, j]
        column_scores = column_scores - rate * payoff[i]
    return row_sum / rounds, column_sum / rounds


# %% right: strategies kept in a list
def learn_by_throws(payoff, rounds, seed):
    import math

    draw = torch.Generator().manual_seed(seed)
    m, n = payoff.shape
    rate = math.sqrt(8 * math.log(m) / rounds) / float(payoff.max() - payoff.min())
    gains, losses = torch.zeros(m), torch.zeros(n)
    xs, ys = [], []
    for _ in range(rounds):
        x, y = (rate * gains).softmax(0), (-rate * losses).softmax(0)
        i, j = (int(torch.multinomial(p, 1, generator=draw)) for p in (x, y))
        gains, losses = gains + payoff[:, j], losses + payoff[i]
        xs.append(x)
        ys.append(y)
    return torch.stack(xs).mean(0), torch.stack(ys).mean(0)


# %% right: frequencies of the drawn actions
def learn_by_throws(payoff, rounds, seed):
    import math

    draw = torch.Generator().manual_seed(seed)
    m, n = payoff.shape
    rate = math.sqrt(8 * math.log(m) / rounds) / float(payoff.max() - payoff.min())
    gains, losses = torch.zeros(m), torch.zeros(n)
    xs, ys = [], []
    for _ in range(rounds):
        x, y = (rate * gains).softmax(0), (-rate * losses).softmax(0)
        i, j = (int(torch.multinomial(p, 1, generator=draw)) for p in (x, y))
        gains, losses = gains + payoff[:, j], losses + payoff[i]
        xs.append(torch.eye(m)[i])
        ys.append(torch.eye(n)[j])
    return torch.stack(xs).mean(0), torch.stack(ys).mean(0)


# %% right: NumPy, all random numbers drawn at the start
def learn_by_throws(payoff, rounds, seed):
    import numpy as np

    throws = torch.rand(rounds, 2, generator=torch.Generator().manual_seed(seed)).double().numpy()
    a = payoff.double().numpy()
    m, n = a.shape
    rate = np.sqrt(8 * np.log(m) / rounds) / np.ptp(a)
    gains, losses = np.zeros(m), np.zeros(n)
    rows, columns = np.zeros(m), np.zeros(n)
    for u, w in throws:
        x, y = np.exp(rate * (gains - gains.max())), np.exp(-rate * (losses - losses.min()))
        x, y = x / x.sum(), y / y.sum()
        rows, columns = rows + x / rounds, columns + y / rounds
        i = min(int(np.searchsorted(np.cumsum(x), u)), m - 1)
        j = min(int(np.searchsorted(np.cumsum(y), w)), n - 1)
        gains, losses = gains + a[:, j], losses + a[i]
    return rows, columns


# %% wrong: random numbers of the whole process | Two runs with one seed differ
def learn_by_throws(payoff, rounds, seed):
    import math

    draw = torch.Generator().manual_seed(seed)
    m, n = payoff.shape
    rate = math.sqrt(8 * math.log(m) / rounds) / float(payoff.max() - payoff.min())
    gains, losses = torch.zeros(m), torch.zeros(n)
    xs, ys = [], []
    for _ in range(rounds):
        x, y = (rate * gains).softmax(0), (-rate * losses).softmax(0)
        i, j = (int(torch.multinomial(p, 1)) for p in (x, y))
        gains, losses = gains + payoff[:, j], losses + payoff[i]
        xs.append(x)
        ys.append(y)
    return torch.stack(xs).mean(0), torch.stack(ys).mean(0)


# %% wrong: full strategies, nothing drawn | Two runs with different seeds are equal
def learn_by_throws(payoff, rounds, seed):
    import math

    draw = torch.Generator().manual_seed(seed)
    m, n = payoff.shape
    rate = math.sqrt(8 * math.log(m) / rounds) / float(payoff.max() - payoff.min())
    gains, losses = torch.zeros(m), torch.zeros(n)
    xs, ys = [], []
    for _ in range(rounds):
        x, y = (rate * gains).softmax(0), (-rate * losses).softmax(0)
        i, j = (int(torch.multinomial(p, 1, generator=draw)) for p in (x, y))
        gains, losses = gains + payoff @ y, losses + x @ payoff
        xs.append(x)
        ys.append(y)
    return torch.stack(xs).mean(0), torch.stack(ys).mean(0)


# %% wrong: always one seed | Two runs with different seeds are equal
def learn_by_throws(payoff, rounds, seed):
    import math

    draw = torch.Generator().manual_seed(0)
    m, n = payoff.shape
    rate = math.sqrt(8 * math.log(m) / rounds) / float(payoff.max() - payoff.min())
    gains, losses = torch.zeros(m), torch.zeros(n)
    xs, ys = [], []
    for _ in range(rounds):
        x, y = (rate * gains).softmax(0), (-rate * losses).softmax(0)
        i, j = (int(torch.multinomial(p, 1, generator=draw)) for p in (x, y))
        gains, losses = gains + payoff[:, j], losses + payoff[i]
        xs.append(x)
        ys.append(y)
    return torch.stack(xs).mean(0), torch.stack(ys).mean(0)


# %% wrong: sums in place of means | A mean strategy is no distribution
def learn_by_throws(payoff, rounds, seed):
    import math

    draw = torch.Generator().manual_seed(seed)
    m, n = payoff.shape
    rate = math.sqrt(8 * math.log(m) / rounds) / float(payoff.max() - payoff.min())
    gains, losses = torch.zeros(m), torch.zeros(n)
    xs, ys = [], []
    for _ in range(rounds):
        x, y = (rate * gains).softmax(0), (-rate * losses).softmax(0)
        i, j = (int(torch.multinomial(p, 1, generator=draw)) for p in (x, y))
        gains, losses = gains + payoff[:, j], losses + payoff[i]
        xs.append(x)
        ys.append(y)
    return torch.stack(xs).sum(0), torch.stack(ys).sum(0)


# %% wrong: the column player maximises, too | do the signs of the two players differ
def learn_by_throws(payoff, rounds, seed):
    import math

    draw = torch.Generator().manual_seed(seed)
    m, n = payoff.shape
    rate = math.sqrt(8 * math.log(m) / rounds) / float(payoff.max() - payoff.min())
    gains, losses = torch.zeros(m), torch.zeros(n)
    xs, ys = [], []
    for _ in range(rounds):
        x, y = (rate * gains).softmax(0), (rate * losses).softmax(0)
        i, j = (int(torch.multinomial(p, 1, generator=draw)) for p in (x, y))
        gains, losses = gains + payoff[:, j], losses + payoff[i]
        xs.append(x)
        ys.append(y)
    return torch.stack(xs).mean(0), torch.stack(ys).mean(0)


# %% wrong: signs exchanged | do the signs of the two players differ
def learn_by_throws(payoff, rounds, seed):
    import math

    draw = torch.Generator().manual_seed(seed)
    m, n = payoff.shape
    rate = math.sqrt(8 * math.log(m) / rounds) / float(payoff.max() - payoff.min())
    gains, losses = torch.zeros(m), torch.zeros(n)
    xs, ys = [], []
    for _ in range(rounds):
        x, y = (-rate * gains).softmax(0), (rate * losses).softmax(0)
        i, j = (int(torch.multinomial(p, 1, generator=draw)) for p in (x, y))
        gains, losses = gains + payoff[:, j], losses + payoff[i]
        xs.append(x)
        ys.append(y)
    return torch.stack(xs).mean(0), torch.stack(ys).mean(0)


# %% wrong: a rate that learns nothing | do the signs of the two players differ
def learn_by_throws(payoff, rounds, seed):
    import math

    draw = torch.Generator().manual_seed(seed)
    m, n = payoff.shape
    rate = 1e-4 / float(payoff.max() - payoff.min())
    gains, losses = torch.zeros(m), torch.zeros(n)
    xs, ys = [], []
    for _ in range(rounds):
        x, y = (rate * gains).softmax(0), (-rate * losses).softmax(0)
        i, j = (int(torch.multinomial(p, 1, generator=draw)) for p in (x, y))
        gains, losses = gains + payoff[:, j], losses + payoff[i]
        xs.append(x)
        ys.append(y)
    return torch.stack(xs).mean(0), torch.stack(ys).mean(0)
