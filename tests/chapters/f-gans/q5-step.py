# %% right: reference
def single_step(theta, w, b, real, z, lr):
    fake = theta + z
    slope = (1 + (w * fake + b) / 2).clamp(min=0)
    return {
        "theta": theta + lr * (slope * w).mean(),
        "w": w + lr * (real.mean() - (slope * fake).mean()),
        "b": b + lr * (1 - slope.mean()),
    }


# %% right: automatic differentiation
def single_step(theta, w, b, real, z, lr):
    theta, w, b = (number.detach().clone().requires_grad_() for number in (theta, w, b))
    t = w * (theta + z) + b
    paid = torch.where(t >= -2, t + t**2 / 4, -1)
    value = (w * real + b).mean() - paid.mean()
    slopes = torch.autograd.grad(value, (theta, w, b))
    return {
        "theta": (theta - lr * slopes[0]).detach(),
        "w": (w + lr * slopes[1]).detach(),
        "b": (b + lr * slopes[2]).detach(),
    }


# %% right: plain Python
def single_step(theta, w, b, real, z, lr):
    th, u, c = theta.item(), w.item(), b.item()
    d_theta = d_w = d_b = 0.0
    for noise in z.tolist():
        x = th + noise
        slope = max(0.0, 1 + (u * x + c) / 2)
        d_theta -= slope * u / len(z)
        d_w -= slope * x / len(z)
        d_b -= slope / len(z)
    d_w += sum(real.tolist()) / len(real)
    d_b += 1
    new = {"theta": th - lr * d_theta, "w": u + lr * d_w, "b": c + lr * d_b}
    return {name: torch.tensor(value) for name, value in new.items()}


# %% wrong: the parabola everywhere | Below −2 the conjugate is constant
def single_step(theta, w, b, real, z, lr):
    fake = theta + z
    slope = 1 + (w * fake + b) / 2
    return {
        "theta": theta + lr * (slope * w).mean(),
        "w": w + lr * (real.mean() - (slope * fake).mean()),
        "b": b + lr * (1 - slope.mean()),
    }


# %% wrong: in turn | theta moved after the critic
def single_step(theta, w, b, real, z, lr):
    fake = theta + z
    slope = (1 + (w * fake + b) / 2).clamp(min=0)
    w, b = w + lr * (real.mean() - (slope * fake).mean()), b + lr * (1 - slope.mean())
    slope = (1 + (w * fake + b) / 2).clamp(min=0)
    return {"theta": theta + lr * (slope * w).mean(), "w": w, "b": b}


# %% wrong: the critic descends | The critic must go up its slope
def single_step(theta, w, b, real, z, lr):
    fake = theta + z
    slope = (1 + (w * fake + b) / 2).clamp(min=0)
    return {
        "theta": theta + lr * (slope * w).mean(),
        "w": w - lr * (real.mean() - (slope * fake).mean()),
        "b": b - lr * (1 - slope.mean()),
    }


# %% wrong: the generator climbs | The generator must go down its slope
def single_step(theta, w, b, real, z, lr):
    fake = theta + z
    slope = (1 + (w * fake + b) / 2).clamp(min=0)
    return {
        "theta": theta - lr * (slope * w).mean(),
        "w": w + lr * (real.mean() - (slope * fake).mean()),
        "b": b + lr * (1 - slope.mean()),
    }


# %% wrong: the inner derivative forgotten | differs from the gradients of F
def single_step(theta, w, b, real, z, lr):
    fake = theta + z
    slope = (1 + (w * fake + b) / 2).clamp(min=0)
    return {
        "theta": theta + lr * slope.mean(),
        "w": w + lr * (real.mean() - (slope * fake).mean()),
        "b": b + lr * (1 - slope.mean()),
    }


# %% wrong: no conjugate | theta goes from 0 to 0.2
def single_step(theta, w, b, real, z, lr):
    fake = theta + z
    return {"theta": theta + lr * w, "w": w + lr * (real.mean() - fake.mean()), "b": b}


# %% wrong: b without the real examples | b goes from 0 to −0.1
def single_step(theta, w, b, real, z, lr):
    fake = theta + z
    slope = (1 + (w * fake + b) / 2).clamp(min=0)
    return {
        "theta": theta + lr * (slope * w).mean(),
        "w": w + lr * (real.mean() - (slope * fake).mean()),
        "b": b - lr * slope.mean(),
    }


# %% wrong: w by the noise | w goes from 1 to 0.9
def single_step(theta, w, b, real, z, lr):
    fake = theta + z
    slope = (1 + (w * fake + b) / 2).clamp(min=0)
    return {
        "theta": theta + lr * (slope * w).mean(),
        "w": w + lr * (real.mean() - slope.mean() * z.std(correction=0)),
        "b": b + lr * (1 - slope.mean()),
    }
