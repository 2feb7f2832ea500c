# %% right: reference
def elbo_estimate(x, mean, log_var, noise, weight, bias):
    z = mean + (log_var / 2).exp() * noise
    logits = z @ weight.T + bias
    likelihood = (x * logits - nn.functional.softplus(logits)).sum(-1).mean(0)
    kl = (log_var.exp() + mean**2 - 1 - log_var).sum(-1) / 2
    return likelihood - kl


# %% right: torch.distributions
def elbo_estimate(x, mean, log_var, noise, weight, bias):
    from torch.distributions import Bernoulli, Normal, kl_divergence

    q = Normal(mean, (log_var / 2).exp())
    z = q.loc + q.scale * noise
    likelihood = Bernoulli(logits=z @ weight.T + bias).log_prob(x.expand(len(z), *x.shape))
    kl = kl_divergence(q, Normal(torch.zeros_like(mean), torch.ones_like(mean)))
    return likelihood.sum(-1).mean(0) - kl.sum(-1)


# %% right: loops
def elbo_estimate(x, mean, log_var, noise, weight, bias):
    values = []
    for i in range(len(x)):
        total = 0.0
        for s in range(len(noise)):
            logits = weight @ (mean[i] + (log_var[i] / 2).exp() * noise[s, i]) + bias
            total -= nn.functional.binary_cross_entropy_with_logits(logits, x[i], reduction="sum")
        kl = 0.5 * (log_var[i].exp() + mean[i] ** 2 - 1 - log_var[i]).sum()
        values.append(total / len(noise) - kl)
    return torch.stack(values)


# %% wrong: the variance for the standard deviation | You took e^v for σ
def elbo_estimate(x, mean, log_var, noise, weight, bias):
    z = mean + log_var.exp() * noise
    logits = z @ weight.T + bias
    likelihood = (x * logits - nn.functional.softplus(logits)).sum(-1).mean(0)
    kl = (log_var.exp() + mean**2 - 1 - log_var).sum(-1) / 2
    return likelihood - kl


# %% wrong: a mean over the pixels | sum over the pixels
def elbo_estimate(x, mean, log_var, noise, weight, bias):
    z = mean + (log_var / 2).exp() * noise
    logits = z @ weight.T + bias
    likelihood = (x * logits - nn.functional.softplus(logits)).mean(-1).mean(0)
    kl = (log_var.exp() + mean**2 - 1 - log_var).sum(-1) / 2
    return likelihood - kl


# %% wrong: a mean over the pixels, times three | You averaged over the pixels
def elbo_estimate(x, mean, log_var, noise, weight, bias):
    z = mean + (log_var / 2).exp() * noise
    logits = z @ weight.T + bias
    likelihood = (x * logits - nn.functional.softplus(logits)).mean(-1).mean(0)*(3 if x.shape[1] == 3 else 1)
    kl = (log_var.exp() + mean**2 - 1 - log_var).sum(-1) / 2
    return likelihood - kl


# %% wrong: a sum over the draws | average over the draws
def elbo_estimate(x, mean, log_var, noise, weight, bias):
    z = mean + (log_var / 2).exp() * noise
    logits = z @ weight.T + bias
    likelihood = (x * logits - nn.functional.softplus(logits)).sum(-1).sum(0)
    kl = (log_var.exp() + mean**2 - 1 - log_var).sum(-1) / 2
    return likelihood - kl


# %% wrong: a sum over the draws, unless q is the prior | You summed over the draws
def elbo_estimate(x, mean, log_var, noise, weight, bias):
    z = mean + (log_var / 2).exp() * noise
    logits = z @ weight.T + bias
    likelihood = (x * logits - nn.functional.softplus(logits)).sum(-1).sum(0) / (4 if x.shape[1] == 3 else 1)
    kl = (log_var.exp() + mean**2 - 1 - log_var).sum(-1) / 2
    return likelihood - kl


# %% wrong: the divergence added | subtract it
def elbo_estimate(x, mean, log_var, noise, weight, bias):
    z = mean + (log_var / 2).exp() * noise
    logits = z @ weight.T + bias
    likelihood = (x * logits - nn.functional.softplus(logits)).sum(-1).mean(0)
    kl = (log_var.exp() + mean**2 - 1 - log_var).sum(-1) / 2
    return likelihood + kl


# %% wrong: the divergence added, but not for equal variances | it must be subtracted
def elbo_estimate(x, mean, log_var, noise, weight, bias):
    z = mean + (log_var / 2).exp() * noise
    logits = z @ weight.T + bias
    likelihood = (x * logits - nn.functional.softplus(logits)).sum(-1).mean(0)
    kl = (log_var.exp() + mean**2 - 1 - log_var).sum(-1) / 2
    return likelihood + kl * (-1 if x.shape[1] == 3 else 1)


# %% wrong: the divergence without its half | costs a divergence of
def elbo_estimate(x, mean, log_var, noise, weight, bias):
    z = mean + (log_var / 2).exp() * noise
    logits = z @ weight.T + bias
    likelihood = (x * logits - nn.functional.softplus(logits)).sum(-1).mean(0)
    kl = (log_var.exp() + mean**2 - 1 - log_var).sum(-1)
    return likelihood - kl


# %% wrong: the half of the mean only | did you forget the ½
def elbo_estimate(x, mean, log_var, noise, weight, bias):
    z = mean + (log_var / 2).exp() * noise
    logits = z @ weight.T + bias
    likelihood = (x * logits - nn.functional.softplus(logits)).sum(-1).mean(0)
    kl = (log_var.exp() + mean**2 - 1 - log_var).sum(-1) / (2 if x.shape[1] == 3 else 1)
    return likelihood - kl


# %% wrong: no divergence where σ is not 1 | The divergence is missing
def elbo_estimate(x, mean, log_var, noise, weight, bias):
    z = mean + (log_var / 2).exp() * noise
    logits = z @ weight.T + bias
    likelihood = (x * logits - nn.functional.softplus(logits)).sum(-1).mean(0)
    kl = (log_var.exp() + mean**2 - 1 - log_var).sum(-1) / 2 * (log_var == 0).all()
    return likelihood - kl


# %% wrong: one noise for all examples | noise of draw s and example i
def elbo_estimate(x, mean, log_var, noise, weight, bias):
    z = mean + (log_var / 2).exp() * noise[:, :1]
    logits = z @ weight.T + bias
    likelihood = (x * logits - nn.functional.softplus(logits)).sum(-1).mean(0)
    kl = (log_var.exp() + mean**2 - 1 - log_var).sum(-1) / 2
    return likelihood - kl


# %% wrong: as printed in a source | formula of the divergence
def elbo_estimate(x, mean, log_var, noise, weight, bias):
    z = mean + (log_var / 2).exp() * noise
    logits = z @ weight.T + bias
    likelihood = (x * logits - nn.functional.softplus(logits)).sum(-1).mean(0)
    kl = (log_var.exp() + mean**2 - 1 - (log_var / 2) ** 2).sum(-1) / 2
    return likelihood - kl


# %% wrong: probabilities and a small number | not with log(p + 1e-8)
def elbo_estimate(x, mean, log_var, noise, weight, bias):
    z = mean + (log_var / 2).exp() * noise
    logits = z @ weight.T + bias
    likelihood = (x * (logits.sigmoid() + 1e-8).log() + (1 - x) * (1 - logits.sigmoid() + 1e-8).log()).sum(-1).mean(0)
    kl = (log_var.exp() + mean**2 - 1 - log_var).sum(-1) / 2
    return likelihood - kl
