# %% right: reference
def kl_from_logits(logits_p: Tensor, logits_q: Tensor) -> Tensor:
    log_p, log_q = logits_p.log_softmax(-1), logits_q.log_softmax(-1)
    return (log_p.exp() * (log_p - log_q)).sum(-1)


# %% right: log-partition functions and mean logits
def kl_from_logits(logits_p, logits_q):
    p = logits_p.softmax(-1)
    shift = logits_q.logsumexp(-1) - logits_p.logsumexp(-1)
    return shift + (p * (logits_p - logits_q)).sum(-1)


# %% right: torch's own loss
def kl_from_logits(logits_p, logits_q):
    log_p, log_q = (torch.log_softmax(x.double(), dim=-1) for x in (logits_p, logits_q))
    return torch.nn.functional.kl_div(log_q, log_p, reduction="none", log_target=True).sum(dim=-1)


# %% right: NumPy, row by row
def kl_from_logits(logits_p, logits_q):
    import numpy as np
    from scipy.special import log_softmax

    log_p = log_softmax(logits_p.numpy().astype(float), axis=-1)
    log_q = log_softmax(logits_q.numpy().astype(float), axis=-1)
    return torch.as_tensor(np.einsum("...k,...k->...", np.exp(log_p), log_p - log_q))


# %% wrong: logarithms of probabilities that are 0 | returned NaN
def kl_from_logits(logits_p, logits_q):
    p, q = logits_p.softmax(-1), logits_q.softmax(-1)
    return (p * (p / q).log()).sum(-1)


# %% wrong: a small number in the logarithm | Work with the logarithms of the probabilities
def kl_from_logits(logits_p, logits_q):
    p, q = logits_p.softmax(-1), logits_q.softmax(-1)
    return (p * ((p + 1e-12).log() - (q + 1e-12).log())).sum(-1)


# %% wrong: the log-ratio cut off | cut nothing off
def kl_from_logits(logits_p, logits_q):
    log_p, log_q = logits_p.log_softmax(-1), logits_q.log_softmax(-1)
    return (log_p.exp() * (log_p - log_q).clamp(-10000, 10000)).sum(-1)


# %% wrong: p and q exchanged | You exchanged p and q
def kl_from_logits(logits_p, logits_q):
    log_p, log_q = logits_p.log_softmax(-1), logits_q.log_softmax(-1)
    return (log_q.exp() * (log_q - log_p)).sum(-1)


# %% wrong: the mean over the outcomes | You took the mean over the outcomes
def kl_from_logits(logits_p, logits_q):
    log_p, log_q = logits_p.log_softmax(-1), logits_q.log_softmax(-1)
    return (log_p.exp() * (log_p - log_q)).mean(-1)


# %% wrong: not normalised in the log-ratio | normalise both
def kl_from_logits(logits_p, logits_q):
    return (logits_p.softmax(-1) * (logits_p - logits_q)).sum(-1)


# %% wrong: normalised over all rows | wrong for random logits
def kl_from_logits(logits_p, logits_q):
    log_p, log_q = (x - x.flatten().logsumexp(0) for x in (logits_p, logits_q))
    return (log_p.exp() * (log_p - log_q)).sum(-1)


# %% wrong: one number for all rows | must return shape (4,)
def kl_from_logits(logits_p, logits_q):
    log_p, log_q = logits_p.log_softmax(-1), logits_q.log_softmax(-1)
    return (log_p.exp() * (log_p - log_q)).sum()
