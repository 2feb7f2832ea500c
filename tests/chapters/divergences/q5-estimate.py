# %% right: reference
def estimate_kl(log_p: Tensor, log_q: Tensor) -> tuple[Tensor, Tensor]:
    values = log_p - log_q
    return values.mean(), values.std() / len(values) ** 0.5


# %% right: sums of squares
def estimate_kl(log_p, log_q):
    v, n = log_p - log_q, log_p.numel()
    centre = v.sum() / n
    return [centre, (((v - centre) ** 2).sum() / (n * (n - 1))).sqrt()]


# %% right: SciPy
def estimate_kl(log_p, log_q):
    from scipy.stats import sem

    v = (log_p - log_q).numpy()
    return torch.tensor(float(v.mean())), torch.tensor(float(sem(v)))


# %% wrong: the standard deviation | the error of a mean is s/√n
def estimate_kl(log_p, log_q):
    values = log_p - log_q
    return values.mean(), values.std()


# %% wrong: the variance of the mean | take its square root
def estimate_kl(log_p, log_q):
    values = log_p - log_q
    return values.mean(), values.var() / len(values)


# %% wrong: divided by n | divide by √n
def estimate_kl(log_p, log_q):
    values = log_p - log_q
    return values.mean(), values.std() / len(values)


# %% wrong: the squares divided by n | here it is n − 1
def estimate_kl(log_p, log_q):
    values = log_p - log_q
    return values.mean(), values.std(correction=0) / len(values) ** 0.5


# %% wrong: by hand already | divide by n − 1
def estimate_kl(log_p, log_q):
    values = log_p - log_q
    return values.mean(), values.std(correction=0) / len(values) ** 0.5


# %% wrong: p and q exchanged | mind the order of p and q
def estimate_kl(log_p, log_q):
    values = log_q - log_p
    return values.mean(), values.std() / len(values) ** 0.5


# %% wrong: weighted by the densities again | The estimate is the mean of log p − log q
def estimate_kl(log_p, log_q):
    values = log_p - log_q
    return (log_p.exp() * values).sum() / log_p.exp().sum(), values.std() / len(values) ** 0.5


# %% wrong: the estimate alone | must return 2 parts (estimate, standard_error)
def estimate_kl(log_p, log_q):
    return (log_p - log_q).mean()


# %% wrong: √n from the hand example | The standard error is s/√n
def estimate_kl(log_p, log_q):
    values = log_p - log_q
    return values.mean(), values.std() / 2**0.5
