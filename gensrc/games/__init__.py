r"""The adversarial game between a discriminator D and a generator G.

Notation: :math:`p_{data}` is the density of the data and :math:`p_g` that of the generated
:math:`x = G(z)`, :math:`z \sim p(z)`. The discriminator gives a real example the probability
:math:`D(x) = \sigma(l(x))`, where :math:`l` is its logit and :math:`\sigma` the logistic
function. The order is always (real, fake). Losses take logits and are to be minimised. They
use :math:`\log D = \log \sigma(l)` and :math:`\log(1 - D) = \log \sigma(-l)`, which
``logsigmoid`` computes without forming D, so that they stay finite when D rounds to 0 or 1.
"""

from gensrc.games.discriminator import LogitGradients as LogitGradients
from gensrc.games.discriminator import density_ratio as density_ratio
from gensrc.games.discriminator import game_value as game_value
from gensrc.games.discriminator import generator_logit_gradients as generator_logit_gradients
from gensrc.games.discriminator import optimal_discriminator as optimal_discriminator
from gensrc.games.discriminator import virtual_criterion as virtual_criterion
from gensrc.games.losses import HINGE as HINGE
from gensrc.games.losses import LEAST_SQUARES as LEAST_SQUARES
from gensrc.games.losses import MAXIMUM_LIKELIHOOD as MAXIMUM_LIKELIHOOD
from gensrc.games.losses import MINIMAX as MINIMAX
from gensrc.games.losses import NON_SATURATING as NON_SATURATING
from gensrc.games.losses import WASSERSTEIN as WASSERSTEIN
from gensrc.games.losses import GanLoss as GanLoss
from gensrc.games.losses import cross_entropy_discriminator as cross_entropy_discriminator
from gensrc.games.losses import hinge_discriminator as hinge_discriminator
from gensrc.games.losses import least_squares_discriminator as least_squares_discriminator
from gensrc.games.losses import least_squares_generator as least_squares_generator
from gensrc.games.losses import maximum_likelihood_generator as maximum_likelihood_generator
from gensrc.games.losses import minimax_generator as minimax_generator
from gensrc.games.losses import non_saturating_generator as non_saturating_generator
from gensrc.games.losses import wasserstein_critic as wasserstein_critic
from gensrc.games.losses import wasserstein_generator as wasserstein_generator
from gensrc.games.zero_sum import solve_matrix_game as solve_matrix_game
