# %% right: reference
def lipschitz_constants(v: Tensor) -> dict[str, Tensor]:
    return {"l1": v.abs().amax(-1), "l2": v.norm(dim=-1), "linf": v.abs().sum(-1)}


# %% right: norms of PyTorch, exchanged
def lipschitz_constants(v):
    dual = {"l1": float("inf"), "l2": 2, "linf": 1}
    return {name: torch.linalg.vector_norm(v, ord=q, dim=1) for name, q in dual.items()}


# %% right: by the steepest direction, in float32
def lipschitz_constants(v):
    v = v.float()
    corner = torch.nn.functional.one_hot(v.abs().argmax(1), v.shape[1]) * v.sign()
    return {
        "l1": (v * corner).sum(1),
        "l2": (v * v).sum(1).sqrt(),
        "linf": (v * v.sign()).sum(1),
    }


# %% wrong: the norm itself instead of the dual one | is 1-Lipschitz for ‖·‖₁
def lipschitz_constants(v):
    return {"l1": v.abs().sum(-1), "l2": v.norm(dim=-1), "linf": v.abs().amax(-1)}


# %% wrong: the norm itself for l1 | l1: the norm of v itself
def lipschitz_constants(v):
    return {"l1": v.abs().sum(-1), "l2": v.norm(dim=-1), "linf": v.abs().sum(-1)}


# %% wrong: the norm itself for linf | linf: the norm of v itself
def lipschitz_constants(v):
    return {"l1": v.abs().amax(-1), "l2": v.norm(dim=-1), "linf": v.abs().amax(-1)}


# %% wrong: no absolute values | take absolute values
def lipschitz_constants(v):
    return {"l1": v.amax(-1), "l2": v.norm(dim=-1), "linf": v.abs().sum(-1)}


# %% wrong: the square of the length | the length of v
def lipschitz_constants(v):
    return {"l1": v.abs().amax(-1), "l2": (v * v).sum(-1), "linf": v.abs().sum(-1)}


# %% wrong: the mean instead of the sum | linf: not the largest v·z
def lipschitz_constants(v):
    return {"l1": v.abs().amax(-1), "l2": v.norm(dim=-1), "linf": v.abs().mean(-1)}


# %% wrong: Euclidean for all | is 1-Lipschitz for ‖·‖₁
def lipschitz_constants(v):
    return {name: v.norm(dim=-1) for name in ("l1", "l2", "linf")}
