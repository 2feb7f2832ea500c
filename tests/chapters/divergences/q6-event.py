# %% right: reference
def best_event(p: Tensor, q: Tensor) -> Tensor:
    return p > q


# %% right: ties inside, as numbers
def best_event(p, q):
    return (p >= q).float()


# %% right: one outcome at a time
def best_event(p, q):
    chosen = [1 if a - b > 0 else 0 for a, b in zip(p.tolist(), q.tolist())]
    return torch.tensor(chosen)


# %% wrong: the other event | You maximised q(A) − p(A)
def best_event(p, q):
    return p < q


# %% wrong: the other event, by hand | likelier under q
def best_event(p, q):
    return p < q


# %% wrong: the differences, not the event | given by 0s and 1s
def best_event(p, q):
    return (p - q).clamp(min=0)


# %% wrong: only the largest difference | The event holds the first and the third outcome
def best_event(p, q):
    event = torch.zeros_like(p)
    event[(p - q).argmax()] = 1
    return event


# %% wrong: only clear differences | Another event has a larger
def best_event(p, q):
    return p - q > 0.1


# %% wrong: all events if few, else those of large probability | decide about each outcome
def best_event(p, q):
    if len(p) <= 10:
        return p > q
    return p > p.mean()


# %% wrong: the mean threshold | The event holds the first and the third outcome
def best_event(p, q):
    return p > p.mean()
