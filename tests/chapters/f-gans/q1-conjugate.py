# %% right: reference
def triangular_conjugate(t: Tensor) -> Tensor:
    s = t.clamp(-3, 1)
    return torch.where(t > 1, torch.inf, 4 - s - 4 * (1 - s).sqrt())


# %% right: by the best ratio, one case after the other
def triangular_conjugate(t):
    answers = []
    for slope in t.flatten().tolist():
        if slope > 1:
            answers.append(float("inf"))
        elif slope <= -3:
            answers.append(-1.0)
        elif slope == 1:
            answers.append(3.0)
        else:
            u = 2 / (1 - slope) ** 0.5 - 1
            answers.append(u * slope - (u - 1) ** 2 / (u + 1))
    return torch.tensor(answers).reshape(t.shape)


# %% right: NumPy, as a square
def triangular_conjugate(t):
    import numpy as np

    with np.errstate(invalid="ignore"):
        root = np.sqrt(1 - t.numpy().astype(float))
        inside = (root - 2) ** 2 - 1
    return torch.as_tensor(np.select([t.numpy() > 1, t.numpy() < -3], [np.inf, -1.0], inside))


# %% wrong: the best ratio | You returned the best ratio u
def triangular_conjugate(t):
    s = t.clamp(-3, 0.99)
    return torch.where(t > 1, torch.inf, 2 / (1 - s).sqrt() - 1)


# %% wrong: f at the best ratio | You returned f(u) at the best ratio
def triangular_conjugate(t):
    u = 2 / (1 - t.clamp(-3, 0.99)).sqrt() - 1
    return torch.where(t > 1, torch.inf, (u - 1) ** 2 / (u + 1))


# %% wrong: the sign | The sign is wrong
def triangular_conjugate(t):
    s = t.clamp(-3, 1)
    return -torch.where(t > 1, torch.inf, 4 - s - 4 * (1 - s).sqrt())


# %% wrong: one formula for all slopes below 1 | Below f'(0) = −3 the supremum
def triangular_conjugate(t):
    s = t.clamp(max=1)
    return torch.where(t > 1, torch.inf, 4 - s - 4 * (1 - s).sqrt())


# %% wrong: finite above 1 | for t > 1 ut − f(u) grows without limit
def triangular_conjugate(t):
    s = t.clamp(-3, 1)
    return 4 - s - 4 * (1 - s).sqrt()


# %% wrong: the root of a negative number | returned NaN
def triangular_conjugate(t):
    return torch.where(t < -3, -1, 4 - t - 4 * (1 - t).sqrt())


# %% wrong: an error in solving for u | f*(¾) = ¾ · 3 − f(3)
def triangular_conjugate(t):
    u = 1 / (1 - t.clamp(-3, 0.99)).sqrt()
    return torch.where(t > 1, torch.inf, u * t - (u - 1) ** 2 / (u + 1))


# %% wrong: shifted by a constant | f*(0) = 0
def triangular_conjugate(t):
    s = t.clamp(-3, 1)
    return torch.where(t > 1, torch.inf, 3 - s - 4 * (1 - s).sqrt())


# %% wrong: half the root | solve f'(u) = t for u and insert
def triangular_conjugate(t):
    s = t.clamp(-3, 1)
    return torch.where(t > 1, torch.inf, 2 - s - 2 * (1 - s).sqrt())


# %% wrong: nothing returned | did you forget to return
def triangular_conjugate(t):
    s = t.clamp(-3, 1)
    value = 4 - s - 4 * (1 - s).sqrt()


# %% wrong: a list | must return a tensor, got list
def triangular_conjugate(t):
    return (4 - t - 4 * (1 - t.clamp(max=1)).sqrt()).tolist()
