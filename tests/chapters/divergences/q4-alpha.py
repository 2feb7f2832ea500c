# %% right: reference
def alpha_divergence(p: Tensor, q: Tensor, alpha: float) -> Tensor:
    if alpha < 0.5:
        return alpha_divergence(q, p, 1 - alpha)
    log_ratio = p.log() - q.log()
    if alpha == 1:
        return (p * log_ratio).sum()
    return (p * torch.expm1((alpha - 1) * log_ratio)).sum() / (alpha * (alpha - 1))


# %% right: three cases, the limits nearby
def alpha_divergence(p, q, alpha):
    ratio = (p / q).log()
    if abs(alpha - 1) < 1e-6:
        return (p * ratio).sum()
    if abs(alpha) < 1e-6:
        return -(q * ratio).sum()
    if abs(alpha) < 0.1:
        return (q * torch.expm1(alpha * ratio)).sum() / (alpha * (alpha - 1))
    return (p * torch.expm1((alpha - 1) * ratio)).sum() / (alpha * (alpha - 1))


# %% right: NumPy
def alpha_divergence(p, q, alpha):
    import numpy as np

    p, q = p.numpy(), q.numpy()
    if alpha < 0.5:
        p, q, alpha = q, p, 1 - alpha
    log_ratio = np.log(p) - np.log(q)
    growth = log_ratio if alpha == 1 else np.expm1((alpha - 1) * log_ratio) / (alpha - 1)
    return torch.tensor(float((p * growth).sum() / alpha))


# %% right: an integral representation near the ends
def alpha_divergence(p, q, alpha):
    # D = sum over k of the mean of (1 − t) f''(…) would do as well; here a series of three terms
    ratio = p.log() - q.log()
    if abs(alpha - 1) < 1e-4:
        e = alpha - 1
        return (p * (ratio + e * ratio**2 / 2 + e**2 * ratio**3 / 6)).sum() / alpha
    if abs(alpha) < 1e-4:
        e = -alpha
        return (q * (-ratio + e * ratio**2 / 2 - e**2 * ratio**3 / 6)).sum() / (1 - alpha)
    return ((p**alpha * q ** (1 - alpha)).sum() - 1) / (alpha * (alpha - 1))


# %% wrong: the formula as it stands | returned NaN
def alpha_divergence(p, q, alpha):
    power = (p**alpha * q ** (1 - alpha)).sum() - 1
    return power / torch.tensor(alpha * (alpha - 1)) if alpha * (alpha - 1) else 0 * power / 0


# %% wrong: only the two limits are mended | Digits are lost
def alpha_divergence(p, q, alpha):
    if alpha == 1:
        return (p * (p / q).log()).sum()
    if alpha == 0:
        return (q * (q / p).log()).sum()
    return ((p**alpha * q ** (1 - alpha)).sum() - 1) / (alpha * (alpha - 1))


# %% wrong: expm1 at one end only | Digits are lost
def alpha_divergence(p, q, alpha):
    ratio = p.log() - q.log()
    if alpha == 1:
        return (p * ratio).sum()
    if alpha == 0:
        return -(q * ratio).sum()
    return (p * torch.expm1((alpha - 1) * ratio)).sum() / (alpha * (alpha - 1))


# %% wrong: p and q exchanged | you exchanged p and q
def alpha_divergence(p, q, alpha):
    if alpha in (0, 1):
        return (p * (p / q).log()).sum() if alpha else (q * (q / p).log()).sum()
    return ((q**alpha * p ** (1 - alpha)).sum() - 1) / (alpha * (alpha - 1))


# %% wrong: the limits exchanged | which KL belongs to which α
def alpha_divergence(p, q, alpha):
    if alpha in (0, 1):
        return (q * (q / p).log()).sum() if alpha else (p * (p / q).log()).sum()
    return ((p**alpha * q ** (1 - alpha)).sum() - 1) / (alpha * (alpha - 1))


# %% wrong: the same limit at both ends | For α = 0 it is KL(q‖p)
def alpha_divergence(p, q, alpha):
    if alpha in (0, 1):
        return (p * (p / q).log()).sum()
    return ((p**alpha * q ** (1 - alpha)).sum() - 1) / (alpha * (alpha - 1))


# %% wrong: the −1 not divided | divides the whole bracket
def alpha_divergence(p, q, alpha):
    if alpha in (0, 1):
        return (p * (p / q).log()).sum() if alpha else (q * (q / p).log()).sum()
    return (p**alpha * q ** (1 - alpha)).sum() / (alpha * (alpha - 1)) - 1


# %% wrong: the absolute value for negative α | The divergence is wrong for α
def alpha_divergence(p, q, alpha):
    if alpha in (0, 1):
        return (p * (p / q).log()).sum() if alpha else (q * (q / p).log()).sum()
    a = abs(alpha)
    return ((p**a * q ** (1 - a)).sum() - 1) / (a * (a - 1))
