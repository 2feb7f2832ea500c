"""One step of a variational autoencoder: gensrc beside the plain loop that a user would write.

Both train the same networks, 784-400-20-400-784, from the same weights on the same batches of 128
binary images, with the same noise and Adam. The plain loop is written out below: modules,
cross-entropy and divergence in one expression. After 20 steps the two must agree.
"""

import os
from collections.abc import Callable, Iterator

import torch
from _timing import interleaved, ms, ratio
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from gensrc.likelihoods import BERNOULLI
from gensrc.networks import mlp
from gensrc.training import fit, minimize
from gensrc.vae import VAE

PIXELS, HIDDEN, LATENT, BATCH = 784, 400, 20, 128
ROUNDS = int(os.environ.get("ROUNDS", "15"))
STEPS = int(os.environ.get("STEPS", "40"))
CHECK, TOLERANCE = 20, 1e-3


def networks() -> tuple[nn.Module, nn.Module]:
    draw = torch.Generator().manual_seed(0)
    return (
        mlp([PIXELS, HIDDEN, 2 * LATENT], generator=draw),
        mlp([LATENT, HIDDEN, PIXELS], generator=draw),
    )


def ours(x: Tensor) -> Callable[[int], float]:
    encoder, decoder = networks()
    draw = torch.Generator().manual_seed(1)
    vae = VAE(encoder, decoder, BERNOULLI, latent=LATENT, generator=draw)
    step = minimize(vae.loss, torch.optim.Adam(vae.parameters(), lr=1e-3))
    return lambda steps: float(fit(step, endless(x), steps=steps).curves["loss"][-1])


def plain(x: Tensor) -> Callable[[int], float]:
    encoder, decoder = networks()
    draw = torch.Generator().manual_seed(1)
    adam = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=1e-3)

    def run(steps: int) -> float:
        for _ in range(steps):
            mean, log_var = encoder(x).chunk(2, dim=1)
            noise = torch.randn(mean.shape, generator=draw)
            logits = decoder(mean + torch.exp(0.5 * log_var) * noise)
            entropy = binary_cross_entropy_with_logits(logits, x, reduction="sum")
            divergence = -0.5 * torch.sum(1 + log_var - mean.pow(2) - log_var.exp())
            loss = (entropy + divergence) / len(x)
            adam.zero_grad()
            loss.backward()
            adam.step()
            value = loss.item()
        return value

    return run


def endless(x: Tensor) -> Iterator[Tensor]:
    while True:
        yield x


def main() -> None:
    draw = torch.Generator().manual_seed(2)
    x = (torch.rand(BATCH, PIXELS, generator=draw) < 0.2).float()
    gap = abs(ours(x)(CHECK) - plain(x)(CHECK))
    if gap > TOLERANCE:
        raise SystemExit(f"the two losses differ by {gap:.1e} after {CHECK} steps")
    first, second = ours(x), plain(x)
    times = interleaved(
        {"gensrc": lambda: first(STEPS), "plain": lambda: second(STEPS)}, rounds=ROUNDS
    )
    each = {name: [t / STEPS for t in seconds] for name, seconds in times.items()}
    share = ratio(times["gensrc"], times["plain"])
    version = torch.__version__.split("+")[0]
    print(
        f"VAE step 784-400-20, batch {BATCH}, torch {version}, {torch.get_num_threads()} threads;"
    )
    print(f"{ROUNDS} rounds of {STEPS} steps; losses differ by {gap:.0e} after {CHECK} steps")
    print(f"  plain loop  {ms(each['plain'])} a step")
    print(f"  gensrc      {ms(each['gensrc'])} a step")
    low, middle, high = (100 * (value - 1) for value in share)
    print(f"  overhead    {middle:+7.1f} % ({low:+.1f} to {high:+.1f})")


if __name__ == "__main__":
    main()
