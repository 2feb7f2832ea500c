r"""Divergences between two probability distributions.

Notation: :math:`p` and :math:`q` are distributions over :math:`K` outcomes, given as tensors
of shape ``(..., K)`` whose last axis sums to one. Every function returns one number per pair,
shape ``(...)``, in nats. The conventions are those of the limits: :math:`0 \log 0 = 0`, and
a term with :math:`q_k = 0 < p_k` takes its limit as :math:`q_k \to 0`. An outcome with
:math:`p_k = 0` contributes no gradient with respect to :math:`p_k`: the formulas have slope
:math:`-\infty` or a kink there, and behind a softmax the slope is multiplied by
:math:`p_k = 0`.

Densities need no functions of their own. With nodes :math:`x_i` and weights :math:`w_i` from
:func:`quadrature`, the numbers :math:`p(x_i) w_i` are probabilities, and a divergence of
them is the quadrature of the integral, because the weights cancel in each ratio
:math:`p(x_i) w_i / (q(x_i) w_i)`. On a wide grid q may be rounded to 0 before p is: then take
:func:`kl_from_logs` of the log-densities. A zero is taken for a zero; an infinite divergence that
rests on numbers at the end of the floats is refused.

Where p and q are nearly equal the sums are written with terms that are not negative, see
:func:`gensrc.numerics.kl_terms`: a small divergence keeps its digits in every dtype, and is
never negative. If the sums of p and q differ from 1 by rounding, only the square of it is added.
"""

from gensrc.checks import SUM_TOLERANCE as SUM_TOLERANCE
from gensrc.checks import check_densities as check_densities
from gensrc.checks import check_distributions as check_distributions
from gensrc.divergences.estimates import Estimate as Estimate
from gensrc.divergences.estimates import estimate_jensen_shannon as estimate_jensen_shannon
from gensrc.divergences.estimates import estimate_kl as estimate_kl
from gensrc.divergences.estimates import estimate_mean as estimate_mean
from gensrc.divergences.estimates import estimate_total_variation as estimate_total_variation
from gensrc.divergences.estimates import plug_in_bias as plug_in_bias
from gensrc.divergences.general import f_divergence as f_divergence
from gensrc.divergences.kullback_leibler import jeffreys as jeffreys
from gensrc.divergences.kullback_leibler import jensen_shannon as jensen_shannon
from gensrc.divergences.kullback_leibler import jensen_shannon_weighted as jensen_shannon_weighted
from gensrc.divergences.kullback_leibler import kl as kl
from gensrc.divergences.kullback_leibler import kl_from_logs as kl_from_logs
from gensrc.divergences.kullback_leibler import reverse_kl as reverse_kl
from gensrc.divergences.normal import kl_multivariate_normal as kl_multivariate_normal
from gensrc.divergences.normal import kl_normal as kl_normal
from gensrc.divergences.power import alpha_divergence as alpha_divergence
from gensrc.divergences.power import neyman as neyman
from gensrc.divergences.power import pearson as pearson
from gensrc.divergences.power import squared_hellinger as squared_hellinger
from gensrc.divergences.variation import maximal_coupling as maximal_coupling
from gensrc.divergences.variation import total_variation as total_variation
from gensrc.numerics import Quadrature as Quadrature
from gensrc.numerics import quadrature as quadrature
from gensrc.numerics import xlogy as xlogy
