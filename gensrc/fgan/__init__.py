r"""f-divergences by their convex conjugates: the variational bound and the losses of f-GANs.

Notation: :math:`p` is the density of the data and :math:`q` that of the generated examples. A
convex function :math:`f` on :math:`[0, \infty)` gives the divergence
:math:`D_f(p \| q) = \sum_x q(x)\, f(u(x))` with the ratio :math:`u = p/q`. Its conjugate is
:math:`f^*(t) = \sup_{u \ge 0} (ut - f(u))`. A critic :math:`T(x)` has values t in the domain of
:math:`f^*`, where this is finite; a network puts out any real :math:`v`, and the activation
:math:`t = g(v)` maps it there. The order is always (p, q), (real, fake).
"""

from gensrc.fgan.bound import fgan_loss as fgan_loss
from gensrc.fgan.bound import variational_bound as variational_bound
from gensrc.fgan.table import GAN as GAN
from gensrc.fgan.table import JEFFREY as JEFFREY
from gensrc.fgan.table import JENSEN_SHANNON as JENSEN_SHANNON
from gensrc.fgan.table import KL as KL
from gensrc.fgan.table import NEYMAN as NEYMAN
from gensrc.fgan.table import PEARSON as PEARSON
from gensrc.fgan.table import REVERSE_KL as REVERSE_KL
from gensrc.fgan.table import SQUARED_HELLINGER as SQUARED_HELLINGER
from gensrc.fgan.table import TOTAL_VARIATION as TOTAL_VARIATION
from gensrc.fgan.table import Elementwise as Elementwise
from gensrc.fgan.table import FDivergence as FDivergence
from gensrc.fgan.table import alpha as alpha
from gensrc.fgan.table import jensen_shannon_weighted as jensen_shannon_weighted
