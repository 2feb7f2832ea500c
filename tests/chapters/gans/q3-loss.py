# %% right: reference
def discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    return nn.functional.softplus(-real_logits).mean() + nn.functional.softplus(fake_logits).mean()


# %% right: cross-entropy with labels
def discriminator_loss(real_logits, fake_logits):
    cost = nn.BCEWithLogitsLoss()
    real = cost(real_logits, torch.ones_like(real_logits))
    fake = cost(fake_logits, torch.zeros_like(fake_logits))
    return real + fake


# %% right: log-sum-exp of 0 and the logit
def discriminator_loss(real_logits, fake_logits):
    real = torch.logaddexp(torch.zeros_like(real_logits), -real_logits)
    fake = torch.logaddexp(torch.zeros_like(fake_logits), fake_logits)
    return real.sum() / len(real) + fake.sum() / len(fake)


# %% right: one example at a time, the largest exponent taken out
def discriminator_loss(real_logits, fake_logits):
    def pay(a):
        return a + torch.log1p(torch.exp(-a)) if a > 0 else torch.log1p(torch.exp(a))

    real = sum(pay(-a) for a in real_logits) / real_logits.numel()
    fake = sum(pay(a) for a in fake_logits) / fake_logits.numel()
    return real + fake


# %% right: minus the value of the game, with logsigmoid
def discriminator_loss(real_logits, fake_logits):
    log_d = nn.functional.logsigmoid(real_logits)
    log_one_minus_d = nn.functional.logsigmoid(-fake_logits)
    return -(log_d.mean() + log_one_minus_d.mean())


# %% wrong: the logarithm of a sigmoid | simplify log σ(a) on paper
def discriminator_loss(real_logits, fake_logits):
    d_real, d_fake = torch.sigmoid(real_logits), torch.sigmoid(fake_logits)
    return -d_real.log().mean() - (1 - d_fake).log().mean()


# %% wrong: a small number in the logarithm | must pay 10⁴ nats
def discriminator_loss(real_logits, fake_logits):
    d_real, d_fake = torch.sigmoid(real_logits), torch.sigmoid(fake_logits)
    return -(d_real + 1e-8).log().mean() - (1 - d_fake + 1e-8).log().mean()


# %% wrong: clamped logits | must pay 10⁴ nats
def discriminator_loss(real_logits, fake_logits):
    softplus = nn.functional.softplus
    return softplus(-real_logits.clamp(-50, 50)).mean() + softplus(fake_logits.clamp(-50, 50)).mean()


# %% wrong: sums in place of means | without a factor ½
def discriminator_loss(real_logits, fake_logits):
    return nn.functional.softplus(-real_logits).sum() + nn.functional.softplus(fake_logits).sum()


# %% wrong: one mean over both batches | averaged over both batches at once
def discriminator_loss(real_logits, fake_logits):
    softplus = nn.functional.softplus
    return torch.cat([softplus(-real_logits), softplus(fake_logits)]).mean()


# %% wrong: the mean of the two means | You halved the sum of the two means
def discriminator_loss(real_logits, fake_logits):
    softplus = nn.functional.softplus
    return (softplus(-real_logits).mean() + softplus(fake_logits).mean()) / 2


# %% wrong: the value of the game | the loss is minus the value
def discriminator_loss(real_logits, fake_logits):
    logsigmoid = nn.functional.logsigmoid
    return logsigmoid(real_logits).mean() + logsigmoid(-fake_logits).mean()


# %% wrong: real and fake exchanged | the real logits come first
def discriminator_loss(real_logits, fake_logits):
    softplus = nn.functional.softplus
    return softplus(real_logits).mean() + softplus(-fake_logits).mean()


# %% wrong: detached from the graph | No gradient flows
def discriminator_loss(real_logits, fake_logits):
    import numpy as np

    real, fake = real_logits.detach().numpy(), fake_logits.detach().numpy()
    return torch.tensor(np.logaddexp(0, -real).mean() + np.logaddexp(0, fake).mean())


# %% wrong: gradients lost by clamping the answer of log(1 + e^a) | The gradient is wrong
def discriminator_loss(real_logits, fake_logits):
    def pay(a):
        return torch.where(a > 30, a.detach(), torch.log1p(torch.exp(a.clamp(max=30))))

    return pay(-real_logits).mean() + pay(fake_logits).mean()


# %% wrong: one cost for each example | must return shape ()
def discriminator_loss(real_logits, fake_logits):
    softplus = nn.functional.softplus
    return softplus(-real_logits) + softplus(fake_logits).mean()
