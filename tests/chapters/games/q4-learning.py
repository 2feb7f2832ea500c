# %% right: reference
def average_play(payoff: Tensor, rounds: int, rate: float) -> tuple[Tensor, Tensor]:
    m, n = payoff.shape
    row_scores, column_scores = payoff.new_zeros(m), payoff.new_zeros(n)
    row_sum, column_sum = payoff.new_zeros(m), payoff.new_zeros(n)
    for _ in range(rounds):
        x, y = row_scores.softmax(0), column_scores.softmax(0)
        row_sum, column_sum = row_sum + x, column_sum + y
        row_scores = row_scores + rate * (payoff @ y)
        column_scores = column_scores - rate * (x @ payoff)
    return row_sum / rounds, column_sum / rounds


# %% right: strategies kept in a list, one softmax per step
def average_play(payoff, rounds, rate):
    xs = [torch.ones(payoff.shape[0], dtype=payoff.dtype) / payoff.shape[0]]
    ys = [torch.ones(payoff.shape[1], dtype=payoff.dtype) / payoff.shape[1]]
    while len(xs) < rounds:
        x, y = xs[-1], ys[-1]
        xs.append(torch.softmax(x.log() + rate * payoff @ y, 0))
        ys.append(torch.softmax(y.log() - rate * x @ payoff, 0))
    return torch.stack(xs).mean(0), torch.stack(ys).mean(0)


# %% right: NumPy, the largest exponent subtracted
def average_play(payoff, rounds, rate):
    import numpy as np

    a = payoff.numpy().astype(np.float64)
    gains, losses = np.zeros(a.shape[0]), np.zeros(a.shape[1])
    mean_x, mean_y = 0 * gains, 0 * losses
    for t in range(1, rounds + 1):
        x = np.exp(rate * (gains - gains.max()))
        y = np.exp(-rate * (losses - losses.min()))
        x, y = x / x.sum(), y / y.sum()
        mean_x, mean_y = mean_x + (x - mean_x) / t, mean_y + (y - mean_y) / t
        gains, losses = gains + a @ y, losses + x @ a
    return mean_x, mean_y


# %% wrong: the last strategies | You returned the last strategies
def average_play(payoff, rounds, rate):
    x = torch.ones(payoff.shape[0], dtype=payoff.dtype) / payoff.shape[0]
    y = torch.ones(payoff.shape[1], dtype=payoff.dtype) / payoff.shape[1]
    for _ in range(rounds - 1):
        gains, losses = payoff @ y, x @ payoff
        x = torch.softmax(x.log() + rate * gains, 0)
        y = torch.softmax(y.log() - rate * losses, 0)
    return x, y


# %% wrong: the uniform round not counted | Are both rounds counted?
def average_play(payoff, rounds, rate):
    x = torch.ones(payoff.shape[0], dtype=payoff.dtype) / payoff.shape[0]
    y = torch.ones(payoff.shape[1], dtype=payoff.dtype) / payoff.shape[1]
    xs, ys = [], []
    for _ in range(rounds):
        gains, losses = payoff @ y, x @ payoff
        x = torch.softmax(x.log() + rate * gains, 0)
        y = torch.softmax(y.log() - rate * losses, 0)
        xs.append(x)
        ys.append(y)
    return torch.stack(xs).mean(0), torch.stack(ys).mean(0)


# %% wrong: the column player maximises, too | and so plays (½, ½)
def average_play(payoff, rounds, rate):
    x = torch.ones(payoff.shape[0], dtype=payoff.dtype) / payoff.shape[0]
    y = torch.ones(payoff.shape[1], dtype=payoff.dtype) / payoff.shape[1]
    xs, ys = [x], [y]
    for _ in range(rounds - 1):
        gains, losses = payoff @ y, x @ payoff
        x = torch.softmax(x.log() + rate * gains, 0)
        y = torch.softmax(y.log() + rate * losses, 0)
        xs.append(x)
        ys.append(y)
    return torch.stack(xs).mean(0), torch.stack(ys).mean(0)


# %% wrong: the column player sees the next row strategy | does she answer the strategy
def average_play(payoff, rounds, rate):
    x = torch.ones(payoff.shape[0], dtype=payoff.dtype) / payoff.shape[0]
    y = torch.ones(payoff.shape[1], dtype=payoff.dtype) / payoff.shape[1]
    xs, ys = [x], [y]
    for _ in range(rounds - 1):
        x = torch.softmax(x.log() + rate * payoff @ y, 0)
        y = torch.softmax(y.log() - rate * x @ payoff, 0)
        xs.append(x)
        ys.append(y)
    return torch.stack(xs).mean(0), torch.stack(ys).mean(0)


# %% wrong: weights that add | the weights must multiply
def average_play(payoff, rounds, rate):
    x = torch.ones(payoff.shape[0], dtype=payoff.dtype) / payoff.shape[0]
    y = torch.ones(payoff.shape[1], dtype=payoff.dtype) / payoff.shape[1]
    xs, ys = [x], [y]
    for _ in range(rounds - 1):
        gains, losses = payoff @ y, x @ payoff
        x = (x + rate * gains).clamp(min=0.01)
        y = (y - rate * losses).clamp(min=0.01)
        x, y = x / x.sum(), y / y.sum()
        xs.append(x)
        ys.append(y)
    return torch.stack(xs).mean(0), torch.stack(ys).mean(0)


# %% wrong: exponentials that overflow | returned NaN for row
def average_play(payoff, rounds, rate):
    gains, losses = 0 * payoff[:, 0], 0 * payoff[0]
    xs, ys = [], []
    for _ in range(rounds):
        x, y = torch.exp(rate * gains), torch.exp(-rate * losses)
        x, y = x / x.sum(), y / y.sum()
        xs.append(x)
        ys.append(y)
        gains, losses = gains + payoff @ y, losses + x @ payoff
    return torch.stack(xs).mean(0), torch.stack(ys).mean(0)


# %% wrong: a small number in the denominator | the strategies do not sum to 1
def average_play(payoff, rounds, rate):
    gains, losses = 0 * payoff[:, 0], 0 * payoff[0]
    xs, ys = [], []
    for _ in range(rounds):
        x, y = torch.exp((rate * gains).clamp(max=80)), torch.exp((-rate * losses).clamp(max=80))
        x, y = x / (x.sum() + 1e-12), y / (y.sum() + 1e-12)
        xs.append(x)
        ys.append(y)
        gains, losses = gains + payoff @ y, losses + x @ payoff
    return torch.stack(xs).mean(0), torch.stack(ys).mean(0)
