# %% right: reference
def poisson_m_step(counts, hours, resp):
    return resp.mean(0), counts @ resp / (hours @ resp)


# %% right: loops over pools and kinds
def poisson_m_step(counts, hours, resp):
    n, K = resp.shape
    weights, rates = torch.zeros(K), torch.zeros(K)
    for k in range(K):
        crabs = time = share = 0.0
        for i in range(n):
            share += float(resp[i, k])
            crabs += float(resp[i, k] * counts[i])
            time += float(resp[i, k] * hours[i])
        weights[k], rates[k] = share / n, crabs / time
    return weights, rates


# %% right: the mean rate x/t, weighted by responsibility and hours
def poisson_m_step(counts, hours, resp):
    share = resp * hours[:, None]
    rates = (share / share.sum(0) * (counts / hours)[:, None]).sum(0)
    return resp.sum(0) / resp.sum(), rates


# %% right: NumPy, returned as a list
import numpy as np


def poisson_m_step(counts, hours, resp):
    x, t, r = counts.numpy(), hours.numpy(), resp.numpy()
    rates = np.einsum("i,ik->k", x, r) / np.einsum("i,ik->k", t, r)
    return [torch.from_numpy(r.mean(axis=0)), torch.from_numpy(rates)]


# %% wrong: weights not divided by n | The weights sum to n: divide by the number of pools.
def poisson_m_step(counts, hours, resp):
    return resp.sum(0), counts @ resp / (hours @ resp)


# %% wrong: weights by hours | The weights count pools, not hours
def poisson_m_step(counts, hours, resp):
    return hours @ resp / hours.sum(), counts @ resp / (hours @ resp)


# %% wrong: weights by crabs | however long each was watched
def poisson_m_step(counts, hours, resp):
    return counts @ resp / counts.sum(), counts @ resp / (hours @ resp)


# %% wrong: equal weights | all derivatives of Q by the weights are equal
def poisson_m_step(counts, hours, resp):
    return torch.full(resp.shape[1:], 1 / resp.shape[1]), counts @ resp / (hours @ resp)


# %% wrong: the hours forgotten | These rates are crabs per pool
def poisson_m_step(counts, hours, resp):
    return resp.mean(0), counts @ resp / resp.sum(0)


# %% wrong: the mean of the ratios | These rates average the ratios
def poisson_m_step(counts, hours, resp):
    return resp.mean(0), (counts / hours) @ resp / resp.sum(0)


# %% wrong: hours per crab | These are hours per crab: invert them.
def poisson_m_step(counts, hours, resp):
    return resp.mean(0), hours @ resp / (counts @ resp)


# %% wrong: hard assignment | Each pool is given to one kind only
def poisson_m_step(counts, hours, resp):
    hard = torch.nn.functional.one_hot(resp.argmax(1), resp.shape[1]).double()
    return hard.mean(0), counts @ hard / (hours @ hard)


# %% wrong: all crabs over the hours of the kind | The derivative of Q with respect to a rate
def poisson_m_step(counts, hours, resp):
    return resp.mean(0), resp.mean(0) * counts.sum() / (hours @ resp)


# %% wrong: no tuple | must return 2 parts (weights, rates)
def poisson_m_step(counts, hours, resp):
    return counts @ resp / (hours @ resp)


# %% wrong: soft weights normalised after rounding | The weights do not sum to one.
def poisson_m_step(counts, hours, resp):
    weights = (resp.mean(0) * 1000).round() / 1000 if len(counts) > 3 else resp.mean(0)
    return weights * 0.999 if len(counts) > 3 else weights, counts @ resp / (hours @ resp)
