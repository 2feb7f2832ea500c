r"""Variational autoencoders: a lower bound on log p(x) for models with a latent vector.

Notation: the latent vector :math:`z` has k entries and the prior :math:`p(z) = \mathcal N(0, I)`.
The decoder gives :math:`p_\theta(x|z)`, a :class:`~gensrc.likelihoods.Likelihood`. The encoder
gives :math:`q_\phi(z|x) = \mathcal N(\mu, \mathrm{diag}\,\sigma^2)`, as the mean :math:`\mu` and
``log_var`` :math:`= \log \sigma^2`, any real number whose variance does not overflow. Functions
return one number for each example; only :meth:`VAE.loss` takes the mean over a batch.
"""

from gensrc.vae.bound import elbo as elbo
from gensrc.vae.bound import importance_weighted_bound as importance_weighted_bound
from gensrc.vae.bound import kl_full_to_standard_normal as kl_full_to_standard_normal
from gensrc.vae.bound import kl_to_standard_normal as kl_to_standard_normal
from gensrc.vae.bound import reinforce_surrogate as reinforce_surrogate
from gensrc.vae.bound import reparameterize as reparameterize
from gensrc.vae.model import VAE as VAE
from gensrc.vae.model import Bound as Bound
from gensrc.vae.model import Posterior as Posterior
