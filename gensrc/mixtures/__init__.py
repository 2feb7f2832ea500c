r"""Mixtures of normal densities, and expectation–maximisation (EM).

Notation. Data :math:`x_1, \dots, x_n \in \mathbb{R}^d`; components :math:`k = 1, \dots, K`
with weight :math:`\pi_k`, mean :math:`\mu_k` and covariance :math:`\Sigma_k`; the hidden label
:math:`z_i` says which component :math:`x_i` came from, and
:math:`r_{ik} = P(z_i = k \mid x_i)` is a responsibility. Logarithms are natural, so that
likelihoods are in nats. Sums of densities are taken in log-space throughout.

The floor. The likelihood has no maximum: a component that shrinks onto one example, or onto any
set of examples without volume, raises it without bound. Therefore a covariance is held open.
Measure each coordinate in standard deviations of the data; where a component's covariance then
has an eigenvalue below ``floor``, that eigenvalue is set to ``floor``, and a
:class:`CollapseWarning` says so. Every other covariance is left exactly as it is. The result is
the best among the covariances without variance below the floor, so that EM still never lowers the
likelihood once it is among these. The default floor is :math:`\epsilon^{2/3}`, with
:math:`\epsilon` the precision of the numbers: about 4e-11 in float64, 2e-5 in float32. For a
coordinate that is the same in all examples, the root mean square of the others' standard
deviations is taken (1 if nothing varies).
"""

from gensrc.mixtures.fit import EmResult as EmResult
from gensrc.mixtures.fit import em as em
from gensrc.mixtures.fit import initial_mixture as initial_mixture
from gensrc.mixtures.floor import CollapseWarning as CollapseWarning
from gensrc.mixtures.gaussian import Mixture as Mixture
from gensrc.mixtures.gaussian import lower_bound as lower_bound
from gensrc.mixtures.gaussian import m_step as m_step
from gensrc.mixtures.gaussian import responsibilities as responsibilities
