# %% right: reference
def kl_exponential(rate_p: Tensor, rate_q: Tensor) -> Tensor:
    return (rate_p / rate_q).log() + rate_q / rate_p - 1


# %% right: in terms of the ratio, in float32
def kl_exponential(rate_p, rate_q):
    ratio = (rate_q / rate_p).float()
    return ratio - 1 - torch.log(ratio)


# %% right: NumPy
def kl_exponential(rate_p, rate_q):
    import numpy as np

    a, b = rate_p.numpy(), rate_q.numpy()
    return torch.as_tensor(np.log(a) - np.log(b) + (b - a) / a)


# %% wrong: p and q exchanged | You exchanged p and q, or took a rate for a mean
def kl_exponential(rate_p, rate_q):
    return (rate_q / rate_p).log() + rate_p / rate_q - 1


# %% wrong: the −1 forgotten | Two equal distributions have divergence 0
def kl_exponential(rate_p, rate_q):
    return (rate_p / rate_q).log() + rate_q / rate_p


# %% wrong: the mean of q | whose mean is 1/a
def kl_exponential(rate_p, rate_q):
    return (rate_p / rate_q).log() + 1 - rate_p / rate_q


# %% wrong: bits | use natural logarithms
def kl_exponential(rate_p, rate_q):
    return ((rate_p / rate_q).log() + rate_q / rate_p - 1) / 0.6931471805599453


# %% wrong: sign of the logarithm | Your logarithm has the wrong sign
def kl_exponential(rate_p, rate_q):
    return (rate_q / rate_p).log() + rate_q / rate_p - 1


# %% wrong: both directions | You added both directions
def kl_exponential(rate_p, rate_q):
    return rate_p / rate_q + rate_q / rate_p - 2


# %% wrong: the rate in place of the mean | wrong at random rates
def kl_exponential(rate_p, rate_q):
    return (rate_p / rate_q).log() + (rate_q - rate_p) * rate_p


# %% wrong: averaged | must return shape (2,)
def kl_exponential(rate_p, rate_q):
    return ((rate_p / rate_q).log() + rate_q / rate_p - 1).mean()


# %% wrong: nothing returned | did you forget to return
def kl_exponential(rate_p, rate_q):
    answer = (rate_p / rate_q).log() + rate_q / rate_p - 1


# %% wrong: a list | must return a tensor
def kl_exponential(rate_p, rate_q):
    return ((rate_p / rate_q).log() + rate_q / rate_p - 1).tolist()
