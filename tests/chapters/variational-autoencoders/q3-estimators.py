# %% right: reference
def gradient_estimates(mean, log_var, noise):
    std = (log_var / 2).exp()
    f = (mean + std * noise).exp()
    return {
        "pathwise_mean": f,
        "pathwise_log_var": f * std * noise / 2,
        "score_mean": f * noise / std,
        "score_log_var": f * (noise**2 - 1) / 2,
    }


# %% right: automatic differentiation, draw by draw
def gradient_estimates(mean, log_var, noise):
    from torch.distributions import Normal

    rows = []
    for one in noise:
        m, v = (p.detach().clone().requires_grad_() for p in (mean, log_var))
        z = m + (v / 2).exp() * one
        path = torch.autograd.grad(z.exp(), [m, v])
        fixed = (mean + (log_var / 2).exp() * one).detach()
        score = torch.autograd.grad(fixed.exp() * Normal(m, (v / 2).exp()).log_prob(fixed), [m, v])
        rows.append(torch.stack([*path, *score]))
    names = ["pathwise_mean", "pathwise_log_var", "score_mean", "score_log_var"]
    return dict(zip(names, torch.stack(rows).T))


# %% right: from z and the density
def gradient_estimates(mean, log_var, noise):
    import numpy as np

    m, v, e = float(mean), float(log_var), noise.numpy()
    z = m + np.exp(v / 2) * e
    by_mean = (z - m) / np.exp(v)
    by_log_var = -1 / 2 + (z - m) ** 2 / (2 * np.exp(v))
    answers = {
        "pathwise_mean": np.exp(z),
        "pathwise_log_var": np.exp(z) * (z - m) / 2,
        "score_mean": np.exp(z) * by_mean,
        "score_log_var": np.exp(z) * by_log_var,
    }
    return {name: torch.as_tensor(value) for name, value in answers.items()}


# %% wrong: pathwise by σ | this is the derivative by σ: dσ/dv
def gradient_estimates(mean, log_var, noise):
    std = (log_var / 2).exp()
    f = (mean + std * noise).exp()
    return {
        "pathwise_mean": f,
        "pathwise_log_var": f * noise,
        "score_mean": f * noise / std,
        "score_log_var": f * (noise**2 - 1) / 2,
    }


# %% wrong: pathwise without the half | the ½ of σ
def gradient_estimates(mean, log_var, noise):
    std = (log_var / 2).exp()
    f = (mean + std * noise).exp()
    return {
        "pathwise_mean": f,
        "pathwise_log_var": f * std * noise,
        "score_mean": f * noise / std,
        "score_log_var": f * (noise**2 - 1) / 2,
    }


# %% wrong: score without −1 | −1 is missing
def gradient_estimates(mean, log_var, noise):
    std = (log_var / 2).exp()
    f = (mean + std * noise).exp()
    return {
        "pathwise_mean": f,
        "pathwise_log_var": f * std * noise / 2,
        "score_mean": f * noise / std,
        "score_log_var": f * noise**2 / 2,
    }


# %% wrong: score by σ | score_log_var: this is the derivative by σ
def gradient_estimates(mean, log_var, noise):
    std = (log_var / 2).exp()
    f = (mean + std * noise).exp()
    return {
        "pathwise_mean": f,
        "pathwise_log_var": f * std * noise / 2,
        "score_mean": f * noise / std,
        "score_log_var": f * (noise**2 - 1) / std,
    }


# %% wrong: score without the half | score_log_var: the ½ is missing
def gradient_estimates(mean, log_var, noise):
    std = (log_var / 2).exp()
    f = (mean + std * noise).exp()
    return {
        "pathwise_mean": f,
        "pathwise_log_var": f * std * noise / 2,
        "score_mean": f * noise / std,
        "score_log_var": f * (noise**2 - 1),
    }


# %% wrong: divided by σ² | you divided by σ²
def gradient_estimates(mean, log_var, noise):
    std = (log_var / 2).exp()
    f = (mean + std * noise).exp()
    return {
        "pathwise_mean": f,
        "pathwise_log_var": f * std * noise / 2,
        "score_mean": f * noise / std**2,
        "score_log_var": f * (noise**2 - 1) / 2,
    }


# %% wrong: the score alone | the score without f
def gradient_estimates(mean, log_var, noise):
    std = (log_var / 2).exp()
    f = (mean + std * noise).exp()
    return {
        "pathwise_mean": f,
        "pathwise_log_var": f * std * noise / 2,
        "score_mean": noise / std,
        "score_log_var": f * (noise**2 - 1) / 2,
    }


# %% wrong: pathwise by μ times σ | not by σ
def gradient_estimates(mean, log_var, noise):
    std = (log_var / 2).exp()
    f = (mean + std * noise).exp()
    return {
        "pathwise_mean": f * std,
        "pathwise_log_var": f * std * noise / 2,
        "score_mean": f * noise / std,
        "score_log_var": f * (noise**2 - 1) / 2,
    }


# %% wrong: right at σ = 2 only | differs from automatic differentiation
def gradient_estimates(mean, log_var, noise):
    std = (log_var / 2).exp()
    f = (mean + std * noise).exp()
    return {
        "pathwise_mean": f,
        "pathwise_log_var": f * std * noise / 2,
        "score_mean": f * noise / 2,
        "score_log_var": f * (noise**2 - 1) / 2,
    }
