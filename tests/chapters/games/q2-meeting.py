# %% right: reference
def meet_or_miss(
    a: Tensor, b: Tensor, c: Tensor, d: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    return d / (c + d), b / (a + b), a * b / (a + b), c * d / (c + d)


# %% right: from the odds, the earnings by the expected payoff
def meet_or_miss(a, b, c, d):
    x, y = 1 / (1 + c / d), 1 / (1 + a / b)
    both_first, both_second = x * y, (1 - x) * (1 - y)
    return x, y, a * both_first + b * both_second, c * both_first + d * both_second


# %% right: NumPy, a linear system for each game
def meet_or_miss(a, b, c, d):
    import numpy as np

    def share(first, second):
        return np.array([
            np.linalg.solve([[f, -s], [1, 1]], [0, 1])[0]
            for f, s in zip(first.numpy().ravel(), second.numpy().ravel())
        ]).reshape(first.shape)

    x, y = share(c, d), share(a, b)
    return x, y, a.numpy() * y, c.numpy() * x


# %% wrong: each player's own payoffs | x is computed from the row player's own payoffs
def meet_or_miss(a, b, c, d):
    return b / (a + b), d / (c + d), a * b / (a + b), c * d / (c + d)


# %% wrong: the places exchanged | x and 1 − x are exchanged
def meet_or_miss(a, b, c, d):
    return c / (c + d), a / (a + b), a * b / (a + b), c * d / (c + d)


# %% wrong: x = 1/2 | The column player is not indifferent
def meet_or_miss(a, b, c, d):
    return torch.full_like(a, 0.5), b / (a + b), a * b / (a + b), c * d / (c + d)


# %% wrong: y as frequent as it is liked | The row player is not indifferent
def meet_or_miss(a, b, c, d):
    return d / (c + d), a / (a + b), a * b / (a + b), c * d / (c + d)


# %% wrong: y for the second place | she is indifferent only
def meet_or_miss(a, b, c, d):
    return d / (c + d), 1 - b / (a + b), a * b / (a + b), c * d / (c + d)


# %% wrong: as if they always met | The row player's earnings must be
def meet_or_miss(a, b, c, d):
    x, y = d / (c + d), b / (a + b)
    return x, y, x * a + (1 - x) * b, y * c + (1 - y) * d


# %% wrong: the earnings of both places added up | earns 3y = ¾ on average
def meet_or_miss(a, b, c, d):
    x, y = d / (c + d), b / (a + b)
    return x, y, y * a + (1 - y) * b, x * c + (1 - x) * d


# %% wrong: the row player's earnings twice | The column player's earnings must be
def meet_or_miss(a, b, c, d):
    return d / (c + d), b / (a + b), a * b / (a + b), a * b / (a + b)


# %% wrong: the probabilities only | must return 4 parts
def meet_or_miss(a, b, c, d):
    return d / (c + d), b / (a + b)
