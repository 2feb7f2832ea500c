# %% right: reference
def gan_iteration(
    theta: Tensor, w: Tensor, b: Tensor, real: Tensor, noise: Tensor, lr: float
) -> tuple[Tensor, Tensor, Tensor]:
    for x, z in zip(real, noise):
        fake = theta + z
        pull, push = torch.sigmoid(-(w * x + b)), torch.sigmoid(w * fake + b)
        w, b = (
            w + lr * ((pull * x).mean() - (push * fake).mean()),
            b + lr * (pull.mean() - push.mean()),
        )
    d_fake = torch.sigmoid(w * (theta + noise[-1]) + b)
    return theta + lr * w * d_fake.mean(), w, b


# %% right: one example at a time
def gan_iteration(theta, w, b, real, noise, lr):
    import math

    def d(x):
        return 1 / (1 + math.exp(-(weight * x + bias)))

    shift, weight, bias = float(theta), float(w), float(b)
    k, m = real.shape
    for i in range(k):
        dw = db = 0.0
        for x, z in zip(real[i].tolist(), noise[i].tolist()):
            fake = shift + z
            dw += ((1 - d(x)) * x - d(fake) * fake) / m
            db += (1 - d(x) - d(fake)) / m
        weight += lr * dw
        bias += lr * db
    dtheta = -sum(weight * d(shift + z) for z in noise[k].tolist()) / m
    new = torch.tensor([shift - lr * dtheta, weight, bias], dtype=theta.dtype)
    return new[0], new[1], new[2]


# %% right: automatic differentiation
def gan_iteration(theta, w, b, real, noise, lr):
    logsigmoid = nn.functional.logsigmoid
    for i in range(len(real)):
        w = w.detach().clone().requires_grad_()
        b = b.detach().clone().requires_grad_()
        value = logsigmoid(w * real[i] + b).mean()
        value = value + logsigmoid(-(w * (theta + noise[i]) + b)).mean()
        dw, db = torch.autograd.grad(value, [w, b])
        w, b = w + lr * dw, b + lr * db
    shift = theta.detach().clone().requires_grad_()
    cost = logsigmoid(-(w * (shift + noise[-1]) + b)).mean()
    return shift - lr * torch.autograd.grad(cost, shift)[0], w, b


# %% right: NumPy, real and fake in one array with labels 1 and 0
def gan_iteration(theta, w, b, real, noise, lr):
    import numpy as np

    shift, parameters = float(theta), np.array([float(w), float(b)])
    labels = np.repeat([1.0, 0.0], real.shape[1])
    for x, z in zip(real.numpy(), noise.numpy()[:-1]):
        both = np.concatenate([x, shift + z])
        features = np.stack([both, np.ones_like(both)])
        d = 1 / (1 + np.exp(-parameters @ features))
        parameters = parameters + lr * 2 * (features * (labels - d)).mean(axis=1)
    d = 1 / (1 + np.exp(-(parameters[0] * (shift + noise.numpy()[-1]) + parameters[1])))
    shift = shift + lr * parameters[0] * d.mean()
    return tuple(torch.tensor(float(v), dtype=theta.dtype) for v in (shift, *parameters))


# %% wrong: the generator meets the old discriminator | against the old discriminator
def gan_iteration(theta, w, b, real, noise, lr):
    old_w, old_b = w, b
    for x, z in zip(real, noise):
        fake = theta + z
        pull, push = torch.sigmoid(-(w * x + b)), torch.sigmoid(w * fake + b)
        w, b = (
            w + lr * ((pull * x).mean() - (push * fake).mean()),
            b + lr * (pull.mean() - push.mean()),
        )
    d_fake = torch.sigmoid(old_w * (theta + noise[-1]) + old_b)
    return theta + lr * old_w * d_fake.mean(), w, b


# %% wrong: the non-saturating cost | it is asked for log(1 − D)
def gan_iteration(theta, w, b, real, noise, lr):
    for x, z in zip(real, noise):
        fake = theta + z
        pull, push = torch.sigmoid(-(w * x + b)), torch.sigmoid(w * fake + b)
        w, b = (
            w + lr * ((pull * x).mean() - (push * fake).mean()),
            b + lr * (pull.mean() - push.mean()),
        )
    d_fake = torch.sigmoid(w * (theta + noise[-1]) + b)
    return theta + lr * w * (1 - d_fake).mean(), w, b


# %% wrong: the generator ascends | it descends its cost
def gan_iteration(theta, w, b, real, noise, lr):
    for x, z in zip(real, noise):
        fake = theta + z
        pull, push = torch.sigmoid(-(w * x + b)), torch.sigmoid(w * fake + b)
        w, b = (
            w + lr * ((pull * x).mean() - (push * fake).mean()),
            b + lr * (pull.mean() - push.mean()),
        )
    d_fake = torch.sigmoid(w * (theta + noise[-1]) + b)
    return theta - lr * w * d_fake.mean(), w, b


# %% wrong: the discriminator descends | w must grow from 0 to ½
def gan_iteration(theta, w, b, real, noise, lr):
    for x, z in zip(real, noise):
        fake = theta + z
        pull, push = torch.sigmoid(-(w * x + b)), torch.sigmoid(w * fake + b)
        w, b = (
            w - lr * ((pull * x).mean() - (push * fake).mean()),
            b - lr * (pull.mean() - push.mean()),
        )
    d_fake = torch.sigmoid(w * (theta + noise[-1]) + b)
    return theta + lr * w * d_fake.mean(), w, b


# %% wrong: the generator moves after each update | The generator moved after each update
def gan_iteration(theta, w, b, real, noise, lr):
    for i, x in enumerate(real):
        fake = theta + noise[i]
        pull, push = torch.sigmoid(-(w * x + b)), torch.sigmoid(w * fake + b)
        w, b = (
            w + lr * ((pull * x).mean() - (push * fake).mean()),
            b + lr * (pull.mean() - push.mean()),
        )
        z = noise[-1] if i == len(real) - 1 else noise[i]
        theta = theta + lr * w * torch.sigmoid(w * (theta + z) + b).mean()
    return theta, w, b


# %% wrong: k − 1 updates | The first row of real is not used
def gan_iteration(theta, w, b, real, noise, lr):
    for i in range(1, len(real)) if len(real) > 1 else [0]:
        fake = theta + noise[i]
        pull, push = torch.sigmoid(-(w * real[i] + b)), torch.sigmoid(w * fake + b)
        w, b = (
            w + lr * ((pull * real[i]).mean() - (push * fake).mean()),
            b + lr * (pull.mean() - push.mean()),
        )
    d_fake = torch.sigmoid(w * (theta + noise[-1]) + b)
    return theta + lr * w * d_fake.mean(), w, b


# %% wrong: one update, whatever k | The discriminator was updated once
def gan_iteration(theta, w, b, real, noise, lr):
    fake, x = theta + noise[0], real[0]
    pull, push = torch.sigmoid(-(w * x + b)), torch.sigmoid(w * fake + b)
    w, b = (
        w + lr * ((pull * x).mean() - (push * fake).mean()),
        b + lr * (pull.mean() - push.mean()),
    )
    d_fake = torch.sigmoid(w * (theta + noise[-1]) + b)
    return theta + lr * w * d_fake.mean(), w, b


# %% wrong: the same noise for each update | used the first row of noise
def gan_iteration(theta, w, b, real, noise, lr):
    fake = theta + noise[0]
    for x in real:
        pull, push = torch.sigmoid(-(w * x + b)), torch.sigmoid(w * fake + b)
        w, b = (
            w + lr * ((pull * x).mean() - (push * fake).mean()),
            b + lr * (pull.mean() - push.mean()),
        )
    d_fake = torch.sigmoid(w * (theta + noise[-1]) + b)
    return theta + lr * w * d_fake.mean(), w, b


# %% wrong: the generator takes noise that was used before | must take the last row of the noise
def gan_iteration(theta, w, b, real, noise, lr):
    for x, z in zip(real, noise):
        fake = theta + z
        pull, push = torch.sigmoid(-(w * x + b)), torch.sigmoid(w * fake + b)
        w, b = (
            w + lr * ((pull * x).mean() - (push * fake).mean()),
            b + lr * (pull.mean() - push.mean()),
        )
    z = z if len(real) > 1 else noise[-1]
    return theta + lr * w * torch.sigmoid(w * (theta + z) + b).mean(), w, b


# %% wrong: b moves with the new w | update both from the same gradients
def gan_iteration(theta, w, b, real, noise, lr):
    for x, z in zip(real, noise):
        fake = theta + z
        w = w + lr * ((torch.sigmoid(-(w * x + b)) * x).mean())
        w = w - lr * ((torch.sigmoid(w * fake + b) * fake).mean())
        b = b + lr * (torch.sigmoid(-(w * x + b)).mean() - torch.sigmoid(w * fake + b).mean())
    d_fake = torch.sigmoid(w * (theta + noise[-1]) + b)
    return theta + lr * w * d_fake.mean(), w, b


# %% wrong: real and fake pull on b in one direction | b must stay 0
def gan_iteration(theta, w, b, real, noise, lr):
    for x, z in zip(real, noise):
        fake = theta + z
        pull, push = torch.sigmoid(-(w * x + b)), torch.sigmoid(w * fake + b)
        w, b = (
            w + lr * ((pull * x).mean() - (push * fake).mean()),
            b + lr * (pull.mean() + push.mean()),
        )
    d_fake = torch.sigmoid(w * (theta + noise[-1]) + b)
    return theta + lr * w * d_fake.mean(), w, b


# %% wrong: one tensor of three numbers | must return 3 parts (theta, w, b)
def gan_iteration(theta, w, b, real, noise, lr):
    for x, z in zip(real, noise):
        fake = theta + z
        pull, push = torch.sigmoid(-(w * x + b)), torch.sigmoid(w * fake + b)
        w, b = (
            w + lr * ((pull * x).mean() - (push * fake).mean()),
            b + lr * (pull.mean() - push.mean()),
        )
    d_fake = torch.sigmoid(w * (theta + noise[-1]) + b)
    return torch.stack([theta + lr * w * d_fake.mean(), w, b])


# %% wrong: sums in place of means | computed with means over the minibatch
def gan_iteration(theta, w, b, real, noise, lr):
    for x, z in zip(real, noise):
        fake = theta + z
        pull, push = torch.sigmoid(-(w * x + b)), torch.sigmoid(w * fake + b)
        w, b = (
            w + lr * ((pull * x).sum() - (push * fake).sum()),
            b + lr * (pull.sum() - push.sum()),
        )
    d_fake = torch.sigmoid(w * (theta + noise[-1]) + b)
    return theta + lr * w * d_fake.sum(), w, b


# %% wrong: the generator's mean forgotten | theta is wrong although w and b are right
def gan_iteration(theta, w, b, real, noise, lr):
    for x, z in zip(real, noise):
        fake = theta + z
        pull, push = torch.sigmoid(-(w * x + b)), torch.sigmoid(w * fake + b)
        w, b = (
            w + lr * ((pull * x).mean() - (push * fake).mean()),
            b + lr * (pull.mean() - push.mean()),
        )
    d_fake = torch.sigmoid(w * (theta + noise[-1]) + b)
    return theta + lr * w * d_fake.sum(), w, b


# %% wrong: the slope by D in place of the logit | theta must become 0.4088
def gan_iteration(theta, w, b, real, noise, lr):
    for x, z in zip(real, noise):
        fake = theta + z
        pull, push = torch.sigmoid(-(w * x + b)), torch.sigmoid(w * fake + b)
        w, b = (
            w + lr * ((pull * x).mean() - (push * fake).mean()),
            b + lr * (pull.mean() - push.mean()),
        )
    d_fake = torch.sigmoid(w * (theta + noise[-1]) + b)
    return theta + lr * w * (1 / (1 - d_fake)).mean(), w, b


# %% wrong: changes its arguments | changed its arguments in place
def gan_iteration(theta, w, b, real, noise, lr):
    for x, z in zip(real, noise):
        fake = theta + z
        pull, push = torch.sigmoid(-(w * x + b)), torch.sigmoid(w * fake + b)
        w += lr * ((pull * x).mean() - (push * fake).mean())
        b += lr * (pull.mean() - push.mean())
    theta += lr * w * torch.sigmoid(w * (theta + noise[-1]) + b).mean()
    return theta, w, b


# %% wrong: another order of the results | w must grow from 0 to ½
def gan_iteration(theta, w, b, real, noise, lr):
    for x, z in zip(real, noise):
        fake = theta + z
        pull, push = torch.sigmoid(-(w * x + b)), torch.sigmoid(w * fake + b)
        w, b = (
            w + lr * ((pull * x).mean() - (push * fake).mean()),
            b + lr * (pull.mean() - push.mean()),
        )
    d_fake = torch.sigmoid(w * (theta + noise[-1]) + b)
    return w, b, theta + lr * w * d_fake.mean()
