# %% right: reference
def discriminator_with_prior(p_data: Tensor, p_g: Tensor, prior: float | Tensor) -> Tensor:
    real, fake = prior * p_data, (1 - prior) * p_g
    return real / (real + fake)


# %% right: a logistic function of the log of the odds
def discriminator_with_prior(p_data, p_g, prior):
    prior = torch.as_tensor(prior, dtype=p_data.dtype)
    return torch.sigmoid(prior.logit() + p_data.log() - p_g.log())


# %% right: Bayes' rule, one point at a time
def discriminator_with_prior(p_data, p_g, prior):
    a, b = p_data.flatten().tolist(), p_g.flatten().tolist()
    shares = torch.as_tensor(prior).expand(p_data.shape).flatten().tolist()
    answers = []
    for p, q, share in zip(a, b, shares):
        likelihoods = [share * p, (1 - share) * q]
        answers.append(likelihoods[0] / sum(likelihoods))
    return torch.tensor(answers, dtype=torch.float32).reshape(p_data.shape)


# %% right: NumPy, in terms of the ratio of fake to real
def discriminator_with_prior(p_data, p_g, prior):
    import numpy as np

    prior = np.asarray(prior)
    with np.errstate(divide="ignore"):
        ratio = (1 - prior) / prior * p_g.numpy() / p_data.numpy()
    return torch.as_tensor(1 / (1 + ratio))


# %% wrong: the formula of the chapter, without π | D* does not depend on π
def discriminator_with_prior(p_data, p_g, prior):
    return p_data / (p_data + p_g)


# %% wrong: π and 1 − π exchanged | You exchanged π and 1 − π
def discriminator_with_prior(p_data, p_g, prior):
    return (1 - prior) * p_data / ((1 - prior) * p_data + prior * p_g)


# %% wrong: the probability of a fake | probability that the example is fake
def discriminator_with_prior(p_data, p_g, prior):
    return (1 - prior) * p_g / (prior * p_data + (1 - prior) * p_g)


# %% wrong: odds in place of a probability | You returned the odds
def discriminator_with_prior(p_data, p_g, prior):
    return prior * p_data / ((1 - prior) * p_g)


# %% wrong: π only in the numerator | The shares belong in every term
def discriminator_with_prior(p_data, p_g, prior):
    return prior * p_data / (p_data + p_g)


# %% wrong: a small number in the denominator | add nothing to the denominator
def discriminator_with_prior(p_data, p_g, prior):
    real, fake = prior * p_data, (1 - prior) * p_g
    return real / (real + fake + 1e-8)


# %% wrong: the logit of D*, not D* | so D* is ½ there
def discriminator_with_prior(p_data, p_g, prior):
    return (prior * p_data).log() - ((1 - prior) * p_g).log()


# %% wrong: the ratio first, which is infinite where p_g = 0 | returned NaN
def discriminator_with_prior(p_data, p_g, prior):
    ratio = p_data / p_g
    return prior * ratio / (prior * ratio + 1 - prior)


# %% wrong: the share forgotten for the fake examples | set the derivative by D to zero
def discriminator_with_prior(p_data, p_g, prior):
    return prior * p_data / (prior * p_data + p_g)


# %% wrong: kept away from 0 and 1 | so D* is 0 there
def discriminator_with_prior(p_data, p_g, prior):
    real, fake = prior * p_data, (1 - prior) * p_g
    return (real / (real + fake)).clamp(0.01, 0.99)


# %% wrong: ½ where a density vanishes | so D* is 1 there
def discriminator_with_prior(p_data, p_g, prior):
    real, fake = prior * p_data, (1 - prior) * p_g
    return torch.where(fake == 0, 0.5, real / (real + fake))


# %% wrong: averaged over the points | must return shape (3,)
def discriminator_with_prior(p_data, p_g, prior):
    real, fake = prior * p_data, (1 - prior) * p_g
    return (real / (real + fake)).mean()


# %% wrong: nothing returned | did you forget to return
def discriminator_with_prior(p_data, p_g, prior):
    real, fake = prior * p_data, (1 - prior) * p_g
    d = real / (real + fake)
