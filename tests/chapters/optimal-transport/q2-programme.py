# %% right: reference
def programme(cost: Tensor, source: Tensor, target: Tensor) -> dict[str, Tensor]:
    n, m = cost.shape
    rows = torch.eye(n).repeat(1, m)
    columns = torch.eye(m).repeat_interleave(n, dim=1)
    A = torch.cat([rows, columns]).to(cost)
    return {"A": A, "b": torch.cat([source, target]), "c": cost.T.flatten()}


# %% right: by loops
def programme(cost, source, target):
    n, m = cost.shape
    A = torch.zeros(n + m, n * m, dtype=torch.float64)
    c = torch.zeros(n * m, dtype=torch.float64)
    for j in range(m):
        for i in range(n):
            A[i, j * n + i] = 1
            A[n + j, j * n + i] = 1
            c[j * n + i] = cost[i, j]
    return {"A": A, "b": torch.tensor([*source.tolist(), *target.tolist()]), "c": c}


# %% right: Kronecker products of NumPy
def programme(cost, source, target):
    import numpy as np

    n, m = cost.shape
    A = np.vstack([np.kron(np.ones(m), np.eye(n)), np.kron(np.eye(m), np.ones(n))])
    b = np.concatenate([source.numpy(), target.numpy()])
    c = cost.numpy().flatten(order="F").copy()
    return {"A": torch.tensor(A), "b": torch.tensor(b), "c": torch.tensor(c)}


# %% wrong: row by row throughout | column by column, are 1, 3, 2, 4
def programme(cost, source, target):
    n, m = cost.shape
    A = torch.cat([torch.eye(n).repeat_interleave(m, dim=1), torch.eye(m).repeat(1, n)])
    return {"A": A.to(cost), "b": torch.cat([source, target]), "c": cost.flatten()}


# %% wrong: A row by row | exchange the two patterns
def programme(cost, source, target):
    n, m = cost.shape
    A = torch.cat([torch.eye(n).repeat_interleave(m, dim=1), torch.eye(m).repeat(1, n)])
    return {"A": A.to(cost), "b": torch.cat([source, target]), "c": cost.T.flatten()}


# %% wrong: the targets first | one equation for the source, then one for each target
def programme(cost, source, target):
    n, m = cost.shape
    A = torch.cat([torch.eye(m).repeat_interleave(n, dim=1), torch.eye(n).repeat(1, m)])
    return {"A": A.to(cost), "b": torch.cat([source, target]), "c": cost.T.flatten()}


# %% wrong: the targets first, if there is more than one source | come first in your A
def programme(cost, source, target):
    n, m = cost.shape
    parts = [torch.eye(n).repeat(1, m), torch.eye(m).repeat_interleave(n, dim=1)]
    A = torch.cat(parts if n == 1 else parts[::-1])
    return {"A": A.to(cost), "b": torch.cat([source, target]), "c": cost.T.flatten()}


# %% wrong: b exchanged | b holds the source weights, then the targets'
def programme(cost, source, target):
    n, m = cost.shape
    A = torch.cat([torch.eye(n).repeat(1, m), torch.eye(m).repeat_interleave(n, dim=1)])
    return {"A": A.to(cost), "b": torch.cat([target, source]), "c": cost.T.flatten()}


# %% wrong: the transpose | must return shape (3, 2) here
def programme(cost, source, target):
    n, m = cost.shape
    A = torch.cat([torch.eye(n).repeat(1, m), torch.eye(m).repeat_interleave(n, dim=1)])
    return {"A": A.T.to(cost), "b": torch.cat([source, target]), "c": cost.T.flatten()}


# %% wrong: sizes of the examples | A x is not the margins
def programme(cost, source, target):
    n, m = cost.shape
    A = torch.cat([torch.eye(n).repeat(1, m), torch.eye(m).repeat_interleave(n, dim=1)]).to(cost)
    A[2:, 2:] = A[2:, 2:] * (n <= 2)
    return {"A": A, "b": torch.cat([source, target]), "c": cost.T.flatten()}


# %% wrong: the weights normalised once more | b must hold all the weights
def programme(cost, source, target):
    n, m = cost.shape
    A = torch.cat([torch.eye(n).repeat(1, m), torch.eye(m).repeat_interleave(n, dim=1)]).to(cost)
    b = torch.cat([source / source.sum(), target / target.sum()])
    return {"A": A, "b": b, "c": cost.T.flatten()}


# %% wrong: the costs reversed twice | c x is not the cost
def programme(cost, source, target):
    n, m = cost.shape
    A = torch.cat([torch.eye(n).repeat(1, m), torch.eye(m).repeat_interleave(n, dim=1)]).to(cost)
    c = cost.T.flatten() if n <= 2 else cost.flatten()
    return {"A": A, "b": torch.cat([source, target]), "c": c}
