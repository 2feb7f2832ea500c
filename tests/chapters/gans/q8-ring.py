# %% right: reference
def train_ring(seed: int, steps: int) -> Tensor:
    draw = torch.Generator().manual_seed(seed)
    generator = mlp([8, 64, 64, 2], generator=draw, activation=nn.Tanh)
    critic = mlp([2, 64, 64, 1], generator=draw, activation=nn.Tanh)

    def noise(n):
        return torch.randn(n, 8, generator=draw)

    optimizers = Optimizers(
        generator=torch.optim.Adam(generator.parameters(), lr=0.004, betas=(0.0, 0.999)),
        critic=torch.optim.Adam(critic.parameters(), lr=0.004, betas=(0.0, 0.999)),
    )
    step = alternate(generator, critic, NON_SATURATING, noise=noise, optimizers=optimizers)
    fit(step, (ring(128, generator=draw, std=0.2) for _ in range(steps)), steps=steps)
    return generator(noise(2000)).detach()


# %% right: the loops by hand, networks of PyTorch and its global random numbers
def train_ring(seed, steps):
    torch.manual_seed(seed)
    data = torch.Generator().manual_seed(seed + 1)
    generator = nn.Sequential(
        nn.Linear(8, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 2)
    )
    critic = nn.Sequential(
        nn.Linear(2, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 1)
    )
    adam_g = torch.optim.Adam(generator.parameters(), lr=0.004, betas=(0.0, 0.999))
    adam_d = torch.optim.Adam(critic.parameters(), lr=0.004, betas=(0.0, 0.999))
    cost, ones, zeros = nn.BCEWithLogitsLoss(), torch.ones(128, 1), torch.zeros(128, 1)
    for _ in range(steps):
        fake = generator(torch.randn(128, 8)).detach()
        adam_d.zero_grad()
        real_cost = cost(critic(ring(128, generator=data, std=0.2)), ones)
        (real_cost + cost(critic(fake), zeros)).backward()
        adam_d.step()
        adam_g.zero_grad()
        cost(critic(generator(torch.randn(128, 8))), ones).backward()
        adam_g.step()
    return generator(torch.randn(2000, 8))


# %% right: two updates of the critic for each of the generator
def train_ring(seed, steps):
    draw = torch.Generator().manual_seed(seed)
    generator = mlp([8, 64, 64, 2], generator=draw, activation=nn.Tanh)
    critic = mlp([2, 64, 64, 1], generator=draw, activation=nn.Tanh)
    noise = lambda n: torch.randn(n, 8, generator=draw)
    adams = [
        torch.optim.Adam(n.parameters(), lr=0.004, betas=(0.0, 0.999)) for n in (generator, critic)
    ]
    step = alternate(
        generator,
        critic,
        NON_SATURATING,
        noise=noise,
        optimizers=Optimizers(*adams),
        critic_steps=2,
    )
    batches = iter(lambda: ring(256, generator=draw, std=0.2), None)
    fit(step, batches, steps=steps)
    with torch.no_grad():
        return generator(noise(2000))


# %% right: a fixed data set in shuffled batches, Adam as in the DCGAN, noise of two numbers
from gensrc.training import batches as shuffled


def train_ring(seed, steps):
    draw = torch.Generator().manual_seed(seed)
    nets = [mlp(s, generator=draw, activation=nn.Tanh) for s in ([2, 64, 64, 2], [2, 64, 64, 1])]
    adams = [torch.optim.Adam(net.parameters(), lr=0.004, betas=(0.5, 0.999)) for net in nets]
    step = alternate(
        *nets,
        NON_SATURATING,
        noise=lambda n: torch.randn(n, 2, generator=draw),
        optimizers=Optimizers(*adams),
    )
    data = ring(5000, generator=draw, std=0.2)
    fit(step, shuffled(data, 128, generator=draw), steps=steps)
    return nets[0](torch.randn(2000, 2, generator=draw)).detach()


# %% wrong: never trained | Fewer than 60% of the samples lie near a centre
def train_ring(seed, steps):
    draw = torch.Generator().manual_seed(seed)
    generator = mlp([8, 64, 64, 2], generator=draw, activation=nn.Tanh)
    return generator(torch.randn(2000, 8, generator=draw)).detach()


# %% wrong: both optimizers hold the critic | Fewer than 60% of the samples lie near a centre
def train_ring(seed, steps):
    draw = torch.Generator().manual_seed(seed)
    generator = mlp([8, 64, 64, 2], generator=draw, activation=nn.Tanh)
    critic = mlp([2, 64, 64, 1], generator=draw, activation=nn.Tanh)
    adams = [torch.optim.Adam(critic.parameters(), lr=0.004, betas=(0.0, 0.999)) for _ in "GD"]
    noise = lambda n: torch.randn(n, 8, generator=draw)
    step = alternate(
        generator, critic, NON_SATURATING, noise=noise, optimizers=Optimizers(*adams)
    )
    fit(step, (ring(128, generator=draw, std=0.2) for _ in range(steps)), steps=steps)
    return generator(noise(2000)).detach()


# %% wrong: a tenth of the steps | is every step run?
def train_ring(seed, steps):
    draw = torch.Generator().manual_seed(seed)
    generator = mlp([8, 64, 64, 2], generator=draw, activation=nn.Tanh)
    critic = mlp([2, 64, 64, 1], generator=draw, activation=nn.Tanh)
    adams = [
        torch.optim.Adam(n.parameters(), lr=0.004, betas=(0.0, 0.999)) for n in (generator, critic)
    ]
    noise = lambda n: torch.randn(n, 8, generator=draw)
    step = alternate(
        generator, critic, NON_SATURATING, noise=noise, optimizers=Optimizers(*adams)
    )
    short = -(-steps // 10)
    fit(step, (ring(128, generator=draw, std=0.2) for _ in range(short)), steps=short)
    return generator(noise(2000)).detach()


# %% wrong: one of the eight modes missing from the data | neglects a part of the ring
def train_ring(seed, steps):
    draw = torch.Generator().manual_seed(seed)
    generator = mlp([8, 64, 64, 2], generator=draw, activation=nn.Tanh)
    critic = mlp([2, 64, 64, 1], generator=draw, activation=nn.Tanh)
    adams = [
        torch.optim.Adam(n.parameters(), lr=0.004, betas=(0.0, 0.999)) for n in (generator, critic)
    ]
    noise = lambda n: torch.randn(n, 8, generator=draw)
    step = alternate(
        generator, critic, NON_SATURATING, noise=noise, optimizers=Optimizers(*adams)
    )
    points = (ring(200, generator=draw, std=0.2) for _ in range(steps))
    data = (x[(x - ring_modes()[0]).norm(dim=1) > 0.7][:128] for x in points)
    fit(step, data, steps=steps)
    return generator(noise(2000)).detach()


# %% wrong: noise outside the seed | Two runs with one seed give different samples
def train_ring(seed, steps):
    draw = torch.Generator().manual_seed(seed)
    generator = mlp([8, 64, 64, 2], generator=draw, activation=nn.Tanh)
    critic = mlp([2, 64, 64, 1], generator=draw, activation=nn.Tanh)
    adams = [
        torch.optim.Adam(n.parameters(), lr=0.004, betas=(0.0, 0.999)) for n in (generator, critic)
    ]
    noise = lambda n: torch.randn(n, 8)
    step = alternate(
        generator, critic, NON_SATURATING, noise=noise, optimizers=Optimizers(*adams)
    )
    fit(step, (ring(128, generator=draw, std=0.2) for _ in range(steps)), steps=steps)
    return generator(noise(2000)).detach()


# %% wrong: always the seed 0 | use the argument seed
def train_ring(seed, steps):
    draw = torch.Generator().manual_seed(0)
    generator = mlp([8, 64, 64, 2], generator=draw, activation=nn.Tanh)
    critic = mlp([2, 64, 64, 1], generator=draw, activation=nn.Tanh)
    adams = [
        torch.optim.Adam(n.parameters(), lr=0.004, betas=(0.0, 0.999)) for n in (generator, critic)
    ]
    noise = lambda n: torch.randn(n, 8, generator=draw)
    step = alternate(
        generator, critic, NON_SATURATING, noise=noise, optimizers=Optimizers(*adams)
    )
    fit(step, (ring(128, generator=draw, std=0.2) for _ in range(steps)), steps=steps)
    return generator(noise(2000)).detach()


# %% wrong: one draw of the noise for all samples | draw new noise for each sample
def train_ring(seed, steps):
    draw = torch.Generator().manual_seed(seed)
    generator = mlp([8, 64, 64, 2], generator=draw, activation=nn.Tanh)
    critic = mlp([2, 64, 64, 1], generator=draw, activation=nn.Tanh)
    adams = [
        torch.optim.Adam(n.parameters(), lr=0.004, betas=(0.0, 0.999)) for n in (generator, critic)
    ]
    noise = lambda n: torch.randn(1, 8, generator=draw).expand(n, 8)
    step = alternate(
        generator, critic, NON_SATURATING, noise=noise, optimizers=Optimizers(*adams)
    )
    fit(step, (ring(128, generator=draw, std=0.2) for _ in range(steps)), steps=steps)
    return generator(noise(2000)).detach()


# %% wrong: one minibatch of samples | must return shape (2000, 2) here
def train_ring(seed, steps):
    draw = torch.Generator().manual_seed(seed)
    generator = mlp([8, 64, 64, 2], generator=draw, activation=nn.Tanh)
    critic = mlp([2, 64, 64, 1], generator=draw, activation=nn.Tanh)
    adams = [
        torch.optim.Adam(n.parameters(), lr=0.004, betas=(0.0, 0.999)) for n in (generator, critic)
    ]
    noise = lambda n: torch.randn(n, 8, generator=draw)
    step = alternate(
        generator, critic, NON_SATURATING, noise=noise, optimizers=Optimizers(*adams)
    )
    fit(step, (ring(128, generator=draw, std=0.2) for _ in range(steps)), steps=steps)
    return generator(noise(128)).detach()


# %% wrong: nothing returned | did you forget to return
def train_ring(seed, steps):
    draw = torch.Generator().manual_seed(seed)
    generator = mlp([8, 64, 64, 2], generator=draw, activation=nn.Tanh)
    samples = generator(torch.randn(2000, 8, generator=draw)).detach()
