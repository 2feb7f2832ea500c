# %% right: reference
def who_is_who(scans: Tensor, copies: Tensor) -> Tensor:
    cost = (scans[:, None] - copies).square().sum(-1)
    same = torch.full((len(scans),), 1 / len(scans), dtype=cost.dtype)
    return earth_mover(cost, same, same).plan.argmax(dim=0)


# %% right: the assignment of SciPy
def who_is_who(scans, copies):
    from scipy.optimize import linear_sum_assignment

    _, found = linear_sum_assignment(torch.cdist(copies, scans).square().numpy())
    return torch.tensor(found)


# %% right: the distance itself, plan from copies to scans, not squared
def who_is_who(scans, copies):
    even = torch.ones(150).double() / 150
    distance = (copies[:, None] - scans).double().norm(dim=-1)
    return earth_mover(distance, even, even).plan.max(dim=1).indices.int()


# %% wrong: the nearest scan of each copy | Every scan must occur exactly once
def who_is_who(scans, copies):
    return torch.cdist(copies, scans).argmin(dim=1)


# %% wrong: the copy of each scan | the question asks for each copy's scan
def who_is_who(scans, copies):
    cost = (scans[:, None] - copies).square().sum(-1)
    same = torch.full((len(scans),), 1 / len(scans))
    return earth_mover(cost, same, same).plan.argmax(dim=1)


# %% wrong: the dearest plan | are assigned rightly
def who_is_who(scans, copies):
    cost = -(scans[:, None] - copies).square().sum(-1)
    same = torch.full((len(scans),), 1 / len(scans))
    return earth_mover(cost, same, same).plan.argmax(dim=0)


# %% wrong: by brightness alone | On average only
def who_is_who(scans, copies):
    cost = (scans.sum(1)[:, None] - copies.sum(1)).square()
    same = torch.full((len(scans),), 1 / len(scans))
    return earth_mover(cost, same, same).plan.argmax(dim=0)


# %% wrong: half of the pixels | over all pixels
def who_is_who(scans, copies):
    cost = (scans[:, None, :32] - copies[:, :32]).square().sum(-1)
    same = torch.full((len(scans),), 1 / len(scans))
    return earth_mover(cost, same, same).plan.argmax(dim=0)


# %% wrong: the whole plan | must return shape (150,)
def who_is_who(scans, copies):
    cost = (scans[:, None] - copies).square().sum(-1)
    same = torch.full((len(scans),), 1 / len(scans))
    return earth_mover(cost, same, same).plan


# %% wrong: a list | must return a tensor, got list
def who_is_who(scans, copies):
    cost = (scans[:, None] - copies).square().sum(-1)
    same = torch.full((len(scans),), 1 / len(scans))
    return earth_mover(cost, same, same).plan.argmax(dim=0).tolist()
