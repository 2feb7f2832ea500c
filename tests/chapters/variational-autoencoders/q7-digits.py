# %% right: reference
from gensrc.likelihoods import BERNOULLI
from gensrc.vae import VAE


def train_digits(images: Tensor, seed: int, steps: int) -> list[Tensor]:
    draw = torch.Generator().manual_seed(seed)
    encoder = mlp([64, 128, 16], generator=draw, activation=nn.Tanh)
    decoder = mlp([8, 128, 64], generator=draw, activation=nn.Tanh)
    vae = VAE(encoder, decoder, BERNOULLI, latent=8, generator=draw)
    step = minimize(vae.loss, torch.optim.Adam(vae.parameters(), lr=0.003))
    fit(step, batches(images, 64, generator=draw), steps=steps)
    return [p.detach() for p in [*encoder.parameters(), *decoder.parameters()]]


# %% right: the loss by hand
def train_digits(images, seed, steps):
    draw = torch.Generator().manual_seed(seed)
    encoder = mlp([64, 128, 16], generator=draw, activation=nn.Tanh)
    decoder = mlp([8, 128, 64], generator=draw, activation=nn.Tanh)

    def loss(x):
        m, v = encoder(x).chunk(2, 1)
        z = m + (v / 2).exp() * torch.randn(len(m), 8, generator=draw)
        l = decoder(z)
        likelihood = (x * l - nn.functional.softplus(l)).sum(-1)
        kl = (v.exp() + m**2 - 1 - v).sum(-1) / 2
        return {"loss": (kl - likelihood).mean()}

    step = minimize(loss, torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=0.003))
    fit(step, batches(images, 64, generator=draw), steps=steps)
    return [p.detach() for p in [*encoder.parameters(), *decoder.parameters()]]


# %% right: PyTorch alone, other sizes, global random numbers
def train_digits(images, seed, steps):
    torch.manual_seed(seed)
    encoder = nn.Sequential(nn.Linear(64, 100), nn.Tanh(), nn.Linear(100, 12))
    decoder = nn.Sequential(nn.Linear(6, 80), nn.Tanh(), nn.Linear(80, 64))
    weights = [*encoder.parameters(), *decoder.parameters()]
    adam = torch.optim.Adam(weights, lr=0.004)
    for _ in range(steps):
        x = images[torch.randint(len(images), (64,))]
        m, v = encoder(x).chunk(2, dim=1)
        z = m + torch.exp(0.5 * v) * torch.randn_like(m)
        bce = nn.functional.binary_cross_entropy_with_logits(decoder(z), x, reduction="sum")
        kl = -0.5 * torch.sum(1 + v - m.pow(2) - v.exp())
        adam.zero_grad()
        ((bce + kl) / len(x)).backward()
        adam.step()
    return weights


# %% wrong: never trained | below −21.0
def train_digits(images, seed, steps):
    draw = torch.Generator().manual_seed(seed)
    encoder = mlp([64, 128, 16], generator=draw, activation=nn.Tanh)
    decoder = mlp([8, 128, 64], generator=draw, activation=nn.Tanh)

    def loss(x):
        m, v = encoder(x).chunk(2, 1)
        z = m + (v / 2).exp() * torch.randn(len(m), 8, generator=draw)
        l = decoder(z)
        likelihood = (x * l - nn.functional.softplus(l)).sum(-1)
        kl = (v.exp() + m**2 - 1 - v).sum(-1) / 2
        return {"loss": (kl - likelihood).mean()}

    step = minimize(loss, torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=0.003))
    fit(step, batches(images, 64, generator=draw), steps=1)
    return [p.detach() for p in [*encoder.parameters(), *decoder.parameters()]]


# %% wrong: a mean over the pixels | below −21.0
def train_digits(images, seed, steps):
    draw = torch.Generator().manual_seed(seed)
    encoder = mlp([64, 128, 16], generator=draw, activation=nn.Tanh)
    decoder = mlp([8, 128, 64], generator=draw, activation=nn.Tanh)

    def loss(x):
        m, v = encoder(x).chunk(2, 1)
        z = m + (v / 2).exp() * torch.randn(len(m), 8, generator=draw)
        l = decoder(z)
        likelihood = (x * l - nn.functional.softplus(l)).mean(-1)
        kl = (v.exp() + m**2 - 1 - v).sum(-1) / 2
        return {"loss": (kl - likelihood).mean()}

    step = minimize(loss, torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=0.003))
    fit(step, batches(images, 64, generator=draw), steps=steps)
    return [p.detach() for p in [*encoder.parameters(), *decoder.parameters()]]


# %% wrong: no divergence | below −21.0
def train_digits(images, seed, steps):
    draw = torch.Generator().manual_seed(seed)
    encoder = mlp([64, 128, 16], generator=draw, activation=nn.Tanh)
    decoder = mlp([8, 128, 64], generator=draw, activation=nn.Tanh)

    def loss(x):
        m, v = encoder(x).chunk(2, 1)
        z = m + (v / 2).exp() * torch.randn(len(m), 8, generator=draw)
        l = decoder(z)
        likelihood = (x * l - nn.functional.softplus(l)).sum(-1)
        kl = (v.exp() + m**2 - 1 - v).sum(-1) / 2
        return {"loss": (-likelihood).mean()}

    step = minimize(loss, torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=0.003))
    fit(step, batches(images, 64, generator=draw), steps=steps)
    return [p.detach() for p in [*encoder.parameters(), *decoder.parameters()]]


# %% wrong: eight times the divergence | below −21.0
def train_digits(images, seed, steps):
    draw = torch.Generator().manual_seed(seed)
    encoder = mlp([64, 128, 16], generator=draw, activation=nn.Tanh)
    decoder = mlp([8, 128, 64], generator=draw, activation=nn.Tanh)

    def loss(x):
        m, v = encoder(x).chunk(2, 1)
        z = m + (v / 2).exp() * torch.randn(len(m), 8, generator=draw)
        l = decoder(z)
        likelihood = (x * l - nn.functional.softplus(l)).sum(-1)
        kl = (v.exp() + m**2 - 1 - v).sum(-1) / 2
        return {"loss": (8 * kl - likelihood).mean()}

    step = minimize(loss, torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=0.003))
    fit(step, batches(images, 64, generator=draw), steps=steps)
    return [p.detach() for p in [*encoder.parameters(), *decoder.parameters()]]


# %% wrong: e^v for σ | below −21.0
def train_digits(images, seed, steps):
    draw = torch.Generator().manual_seed(seed)
    encoder = mlp([64, 128, 16], generator=draw, activation=nn.Tanh)
    decoder = mlp([8, 128, 64], generator=draw, activation=nn.Tanh)

    def loss(x):
        m, v = encoder(x).chunk(2, 1)
        z = m + v.exp() * torch.randn(len(m), 8, generator=draw)
        l = decoder(z)
        likelihood = (x * l - nn.functional.softplus(l)).sum(-1)
        kl = (v.exp() + m**2 - 1 - v).sum(-1) / 2
        return {"loss": (kl - likelihood).mean()}

    step = minimize(loss, torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=0.003))
    fit(step, batches(images, 64, generator=draw), steps=steps)
    return [p.detach() for p in [*encoder.parameters(), *decoder.parameters()]]


# %% wrong: the seed is not used | use the argument seed
def train_digits(images, seed, steps):
    draw = torch.Generator().manual_seed(0)
    encoder = mlp([64, 128, 16], generator=draw, activation=nn.Tanh)
    decoder = mlp([8, 128, 64], generator=draw, activation=nn.Tanh)

    def loss(x):
        m, v = encoder(x).chunk(2, 1)
        z = m + (v / 2).exp() * torch.randn(len(m), 8, generator=draw)
        l = decoder(z)
        likelihood = (x * l - nn.functional.softplus(l)).sum(-1)
        kl = (v.exp() + m**2 - 1 - v).sum(-1) / 2
        return {"loss": (kl - likelihood).mean()}

    step = minimize(loss, torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=0.003))
    fit(step, batches(images, 64, generator=draw), steps=steps)
    return [p.detach() for p in [*encoder.parameters(), *decoder.parameters()]]


# %% wrong: unseeded noise | Two runs with one seed
def train_digits(images, seed, steps):
    draw = torch.Generator().manual_seed(seed)
    encoder = mlp([64, 128, 16], generator=draw, activation=nn.Tanh)
    decoder = mlp([8, 128, 64], generator=draw, activation=nn.Tanh)

    def loss(x):
        m, v = encoder(x).chunk(2, 1)
        z = m + (v / 2).exp() * torch.randn(len(m), 8)
        l = decoder(z)
        likelihood = (x * l - nn.functional.softplus(l)).sum(-1)
        kl = (v.exp() + m**2 - 1 - v).sum(-1) / 2
        return {"loss": (kl - likelihood).mean()}

    step = minimize(loss, torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=0.003))
    fit(step, batches(images, 64, generator=draw), steps=steps)
    return [p.detach() for p in [*encoder.parameters(), *decoder.parameters()]]


# %% wrong: the decoder's weights only | must return eight tensors
def train_digits(images, seed, steps):
    draw = torch.Generator().manual_seed(seed)
    encoder = mlp([64, 128, 16], generator=draw, activation=nn.Tanh)
    decoder = mlp([8, 128, 64], generator=draw, activation=nn.Tanh)

    def loss(x):
        m, v = encoder(x).chunk(2, 1)
        z = m + (v / 2).exp() * torch.randn(len(m), 8, generator=draw)
        l = decoder(z)
        likelihood = (x * l - nn.functional.softplus(l)).sum(-1)
        kl = (v.exp() + m**2 - 1 - v).sum(-1) / 2
        return {"loss": (kl - likelihood).mean()}

    step = minimize(loss, torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=0.003))
    fit(step, batches(images, 64, generator=draw), steps=steps)
    return [p.detach() for p in decoder.parameters()]


# %% wrong: transposed weights | for each part
def train_digits(images, seed, steps):
    draw = torch.Generator().manual_seed(seed)
    encoder = mlp([64, 128, 16], generator=draw, activation=nn.Tanh)
    decoder = mlp([8, 128, 64], generator=draw, activation=nn.Tanh)

    def loss(x):
        m, v = encoder(x).chunk(2, 1)
        z = m + (v / 2).exp() * torch.randn(len(m), 8, generator=draw)
        l = decoder(z)
        likelihood = (x * l - nn.functional.softplus(l)).sum(-1)
        kl = (v.exp() + m**2 - 1 - v).sum(-1) / 2
        return {"loss": (kl - likelihood).mean()}

    step = minimize(loss, torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=0.003))
    fit(step, batches(images, 64, generator=draw), steps=steps)
    return [p.detach().T for p in [*encoder.parameters(), *decoder.parameters()]]
