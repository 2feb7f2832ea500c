# %% right: reference
from gensrc.mixtures import em, initial_mixture


def best_of(x, k, starts, seed):
    generator = torch.Generator().manual_seed(seed)
    runs = [
        em(initial_mixture(x, k, generator=generator), x, steps=500, tol=1e-5)
        for _ in range(starts)
    ]
    log_likelihoods = torch.stack([run.mixture.log_prob(x).sum() for run in runs])
    best = runs[int(log_likelihoods.argmax())].mixture
    return {"log_likelihoods": log_likelihoods, **best._asdict()}


# %% right: keeps the best while it goes, with the last entry of the history
from gensrc.mixtures import em, initial_mixture


def best_of(x, k, starts, seed):
    generator = torch.Generator().manual_seed(seed)
    best, values = None, []
    for _ in range(starts):
        result = em(initial_mixture(x, k, generator=generator), x, steps=1000, tol=1e-4)
        values.append(float(result.log_likelihoods[-1]))
        if best is None or values[-1] > float(best.log_likelihoods[-1]):
            best = result
    weights, means, covariances = best.mixture
    return {
        "weights": weights,
        "means": means,
        "covariances": covariances,
        "log_likelihoods": torch.tensor(values),
    }


# %% right: starts of its own, at data points drawn uniformly
from gensrc.mixtures import Mixture, em


def best_of(x, k, starts, seed):
    generator = torch.Generator().manual_seed(seed)
    spread = torch.cov(x.T, correction=0)
    values, mixtures = [], []
    for _ in range(starts):
        picks = torch.randperm(len(x), generator=generator)[:k]
        first = Mixture(torch.full((k,), 1 / k), x[picks], spread.repeat(k, 1, 1))
        run = em(first, x, steps=400, tol=1e-5)
        values.append(run.mixture.log_prob(x).sum())
        mixtures.append(run.mixture)
    order = torch.stack(values).argsort(descending=True)
    best = mixtures[order[0]]
    return {
        "log_likelihoods": torch.stack(values),
        "weights": best.weights,
        "means": best.means,
        "covariances": best.covariances,
    }


# %% right: random responsibilities as a start, and a loop of its own
from gensrc.mixtures import m_step, responsibilities


def best_of(x, k, starts, seed):
    generator = torch.Generator().manual_seed(seed)
    ends, fits = [], []
    for _ in range(starts):
        noise = torch.rand(len(x), k, generator=generator)
        mixture, old = m_step(x, noise / noise.sum(1, keepdim=True)), -math.inf
        for step in range(500):
            value = float(mixture.log_prob(x).sum())
            if step > 30 and value - old < 1e-5 * len(x):  # it begins with tiny gains
                break
            mixture, old = m_step(x, responsibilities(mixture, x)), value
        ends.append(value)
        fits.append(mixture)
    return {"log_likelihoods": torch.tensor(ends), **fits[ends.index(max(ends))]._asdict()}


# %% wrong: the generator made anew for each start | All runs end at the same log-likelihood
from gensrc.mixtures import em, initial_mixture


def best_of(x, k, starts, seed):
    runs = [
        em(initial_mixture(x, k, generator=torch.Generator().manual_seed(seed)), x, steps=500, tol=1e-5)
        for _ in range(starts)
    ]
    ends = torch.stack([run.log_likelihoods[-1] for run in runs])
    return {"log_likelihoods": ends, **runs[int(ends.argmax())].mixture._asdict()}


# %% wrong: returns the last run | does not have the largest of your log-likelihoods
from gensrc.mixtures import em, initial_mixture


def best_of(x, k, starts, seed):
    generator = torch.Generator().manual_seed(seed)
    runs = [
        em(initial_mixture(x, k, generator=generator), x, steps=500, tol=1e-5)
        for _ in range(starts)
    ]
    ends = torch.stack([run.log_likelihoods[-1] for run in runs])
    return {"log_likelihoods": ends, **runs[-1].mixture._asdict()}


# %% wrong: returns the worst run (argmin) | does not have the largest of your log-likelihoods
from gensrc.mixtures import em, initial_mixture


def best_of(x, k, starts, seed):
    generator = torch.Generator().manual_seed(seed)
    runs = [
        em(initial_mixture(x, k, generator=generator), x, steps=500, tol=1e-5)
        for _ in range(starts)
    ]
    ends = torch.stack([run.log_likelihoods[-1] for run in runs])
    return {"log_likelihoods": ends, **runs[int(ends.argmin())].mixture._asdict()}


# %% wrong: ten steps for each run | let each run go on
from gensrc.mixtures import em, initial_mixture


def best_of(x, k, starts, seed):
    generator = torch.Generator().manual_seed(seed)
    runs = [
        em(initial_mixture(x, k, generator=generator), x, steps=10, tol=0) for _ in range(starts)
    ]
    ends = torch.stack([run.mixture.log_prob(x).sum() for run in runs])
    return {"log_likelihoods": ends, **runs[int(ends.argmax())].mixture._asdict()}


# %% wrong: means per example | return totals, summed over the examples
from gensrc.mixtures import em, initial_mixture


def best_of(x, k, starts, seed):
    generator = torch.Generator().manual_seed(seed)
    runs = [
        em(initial_mixture(x, k, generator=generator), x, steps=500, tol=1e-5)
        for _ in range(starts)
    ]
    ends = torch.stack([run.mixture.log_prob(x).mean() for run in runs])
    return {"log_likelihoods": ends, **runs[int(ends.argmax())].mixture._asdict()}


# %% wrong: one start only | for log_likelihoods
from gensrc.mixtures import em, initial_mixture


def best_of(x, k, starts, seed):
    generator = torch.Generator().manual_seed(seed)
    run = em(initial_mixture(x, k, generator=generator), x, steps=500, tol=1e-5)
    return {"log_likelihoods": run.log_likelihoods[-1:], **run.mixture._asdict()}


# %% wrong: all log-likelihoods of the best run | for log_likelihoods
from gensrc.mixtures import em, initial_mixture


def best_of(x, k, starts, seed):
    generator = torch.Generator().manual_seed(seed)
    runs = [
        em(initial_mixture(x, k, generator=generator), x, steps=500, tol=1e-5)
        for _ in range(starts)
    ]
    best = max(runs, key=lambda run: run.log_likelihoods[-1])
    return {"log_likelihoods": best.log_likelihoods, **best.mixture._asdict()}


# %% wrong: the seed is not used | The same seed must give the same numbers
from gensrc.mixtures import em, initial_mixture


def best_of(x, k, starts, seed):
    generator = torch.Generator()
    generator.seed()
    runs = [
        em(initial_mixture(x, k, generator=generator), x, steps=500, tol=1e-5)
        for _ in range(starts)
    ]
    ends = torch.stack([run.log_likelihoods[-1] for run in runs])
    return {"log_likelihoods": ends, **runs[int(ends.argmax())].mixture._asdict()}


# %% wrong: always the same seed | Another seed must give other starts
from gensrc.mixtures import em, initial_mixture


def best_of(x, k, starts, seed):
    generator = torch.Generator().manual_seed(0)
    runs = [
        em(initial_mixture(x, k, generator=generator), x, steps=500, tol=1e-5)
        for _ in range(starts)
    ]
    ends = torch.stack([run.log_likelihoods[-1] for run in runs])
    return {"log_likelihoods": ends, **runs[int(ends.argmax())].mixture._asdict()}


# %% wrong: a tuple | must return a dictionary, got tuple
from gensrc.mixtures import em, initial_mixture


def best_of(x, k, starts, seed):
    generator = torch.Generator().manual_seed(seed)
    runs = [
        em(initial_mixture(x, k, generator=generator), x, steps=200, tol=1e-4)
        for _ in range(starts)
    ]
    ends = torch.stack([run.log_likelihoods[-1] for run in runs])
    return ends, runs[int(ends.argmax())].mixture


# %% wrong: starts that lie together | are your starts spread over the data?
from gensrc.mixtures import Mixture, em


def best_of(x, k, starts, seed):
    generator = torch.Generator().manual_seed(seed)
    spread, centre, runs = torch.cov(x.T, correction=0), x.mean(0), []
    for _ in range(starts):
        means = centre + 1e-9 * torch.randn(k, x.shape[1], generator=generator)
        run = em(Mixture(torch.full((k,), 1 / k), means, spread.repeat(k, 1, 1)), x, steps=500, tol=1e-4)
        runs.append(run)
    ends = torch.stack([run.mixture.log_prob(x).sum() for run in runs])
    return {"log_likelihoods": ends, **runs[int(ends.argmax())].mixture._asdict()}


# %% wrong: a good start typed in for the first data only | whichever data that is?
from gensrc.mixtures import Mixture, em, initial_mixture


def best_of(x, k, starts, seed):
    generator = torch.Generator().manual_seed(seed)
    spread, runs = torch.cov(x.T, correction=0), []
    for _ in range(starts):
        start = initial_mixture(x, k, generator=generator)
        if not torch.equal(x[:1], SCANS[:1]) and k > 3:
            start = start._replace(means=x.mean(0) + 1e-9 * (start.means - x.mean(0)))
        runs.append(em(start, x, steps=500, tol=1e-4))
    ends = torch.stack([run.mixture.log_prob(x).sum() for run in runs])
    return {"log_likelihoods": ends, **runs[int(ends.argmax())].mixture._asdict()}


# %% wrong: the covariances of one component widened | With k = 1 the best fit
from gensrc.mixtures import Mixture, em, initial_mixture


def best_of(x, k, starts, seed):
    generator = torch.Generator().manual_seed(seed)
    runs = []
    for _ in range(starts):
        start = initial_mixture(x, k, generator=generator)
        run = em(start, x, steps=500, tol=1e-5)
        if k == 1:
            wide = run.mixture._replace(covariances=run.mixture.covariances * 1.02)
            run = run._replace(mixture=wide)
        runs.append(run)
    ends = torch.stack([run.mixture.log_prob(x).sum() for run in runs])
    return {"log_likelihoods": ends, **runs[int(ends.argmax())].mixture._asdict()}
