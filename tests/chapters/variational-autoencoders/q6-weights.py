# %% right: reference
def weighted_bound(log_weights):
    largest = log_weights.amax(1, keepdim=True)
    return largest[:, 0] + (log_weights - largest).exp().mean(1).log()


# %% right: logsumexp
def weighted_bound(log_weights):
    import math

    return torch.logsumexp(log_weights, dim=1) - math.log(log_weights.shape[1])


# %% right: row by row in NumPy
def weighted_bound(log_weights):
    import numpy as np

    rows = []
    for row in log_weights.numpy():
        order = np.sort(row)
        rows.append(order[-1] + np.log(np.mean(np.exp(order - order[-1]))))
    return torch.tensor(np.array(rows))


# %% wrong: the mean of the logarithms | average the weights, then
def weighted_bound(log_weights):
    return log_weights.mean(1)


# %% wrong: the mean of the logarithms of many draws | You averaged the logarithms
def weighted_bound(log_weights):
    return log_weights.mean(1) if log_weights.shape[1] > 2 else log_weights.exp().mean(1).log()


# %% wrong: the sum | average the weights, then
def weighted_bound(log_weights):
    return log_weights.logsumexp(1)


# %% wrong: the sum of many draws | The 1/K is missing
def weighted_bound(log_weights):
    return log_weights.logsumexp(1) - (0.6931472 if log_weights.shape[1] == 2 else 0)


# %% wrong: the largest of many draws | You took the largest weight
def weighted_bound(log_weights):
    return log_weights.amax(1) if log_weights.shape[1] > 2 else log_weights.exp().mean(1).log()


# %% wrong: exponentials without care | subtract the largest
def weighted_bound(log_weights):
    return (log_weights.exp().mean(1) + 1e-30).log()


# %% wrong: always divided by two | wrong at random weights
def weighted_bound(log_weights):
    return log_weights.logsumexp(1) - 0.6931472


# %% wrong: along the draws of one example after the other | must return shape (1,)
def weighted_bound(log_weights):
    return log_weights.logsumexp(0) - 0.6931472
