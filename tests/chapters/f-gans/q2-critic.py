# %% right: reference
def best_critic(p: Tensor, q: Tensor) -> Tensor:
    return 1 - (2 * q / (p + q)) ** 2


# %% right: from the ratio, which may be infinite
def best_critic(p, q):
    return 1 - 4 / (p / q + 1) ** 2


# %% right: factors, one point at a time
def best_critic(p, q):
    answers = []
    for a, b in zip(p.flatten().tolist(), q.flatten().tolist()):
        share = a / (a + b)
        answers.append((2 * share - 1) * (3 - 2 * share))
    return torch.tensor(answers).reshape(p.shape)


# %% right: NumPy, the quotient rule
def best_critic(p, q):
    import numpy as np

    a, b = p.numpy().astype(float), q.numpy().astype(float)
    largest = np.maximum(a, b)
    a, b = a / largest, b / largest
    return torch.as_tensor((a - b) * (a + 3 * b) / (a + b) ** 2)


# %% wrong: f, not its derivative | You returned f(p/q)
def best_critic(p, q):
    u = p / q
    return (u - 1) ** 2 / (u + 1)


# %% wrong: p and q exchanged | You exchanged p and q
def best_critic(p, q):
    return 1 - (2 * p / (p + q)) ** 2


# %% wrong: the sign | a large critic means that x looks real
def best_critic(p, q):
    return (2 * q / (p + q)) ** 2 - 1


# %% wrong: the discriminator of the GAN | the best discriminator of the GAN
def best_critic(p, q):
    return p / (p + q)


# %% wrong: the square forgotten | differentiate u − 3 + 4/(u + 1)
def best_critic(p, q):
    return 1 - 4 * q / (p + q)


# %% wrong: a small number in the denominator | add nothing to the denominator
def best_critic(p, q):
    return 1 - (2 * q / (p + q + 1e-8)) ** 2


# %% wrong: zero where q = 0 | f'(u) tends to 1
def best_critic(p, q):
    return torch.where(q == 0, 0, 1 - (2 * q / (p + q)) ** 2)


# %% wrong: zero where p = 0 | the best critic is f'(0) = −3
def best_critic(p, q):
    return torch.where(p == 0, 0, 1 - (2 * q / (p + q)) ** 2)


# %% wrong: the factor 4 forgotten | Where p = q the best critic is f'(1) = 0
def best_critic(p, q):
    return 1 - (q / (p + q)) ** 2


# %% wrong: a factor 2 for the factor 4 | differentiate u − 3 + 4/(u + 1)
def best_critic(p, q):
    return 1 - 2 * (q / (p + q)) ** 2


# %% wrong: averaged over the points | must return shape (3,)
def best_critic(p, q):
    return (1 - (2 * q / (p + q)) ** 2).mean()
