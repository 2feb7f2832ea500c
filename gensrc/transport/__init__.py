r"""Optimal transport between finite distributions: plans, potentials and one Lipschitz function.

Notation: :math:`a` (n,) and :math:`b` (m,) are distributions, :math:`c_{ij}` the cost of moving a
unit of mass from place :math:`i` to place :math:`j`, and :math:`\gamma_{ij}` the mass that a plan
moves. An infinite cost forbids a route. The potentials are :math:`f` (n,) and :math:`g` (m,).
Costs and distances carry the unit of length of the problem; mass has none.

The solvers work in float64 on the CPU, and a result has the dtype and device of its inputs.
Weights are first divided by their sum, which may differ from one by 1e-5. A :class:`Transport`
leaves these functions with a proof: its marginals are right up to 1e-12, its potentials within
the costs, and what it uses is tight, both up to 1e-9 of the cost of the plan itself and the
rounding of the costs that it needs, before the result is rounded to float32. So a large finite
cost may stand for a forbidden route. What cannot be proved is a RuntimeError.
"""

from gensrc.transport.line import wasserstein_1d as wasserstein_1d
from gensrc.transport.lipschitz import c_transform as c_transform
from gensrc.transport.lipschitz import lipschitz_form as lipschitz_form
from gensrc.transport.plans import LinearProgramme as LinearProgramme
from gensrc.transport.plans import Optimality as Optimality
from gensrc.transport.plans import Potentials as Potentials
from gensrc.transport.plans import Transport as Transport
from gensrc.transport.plans import earth_mover as earth_mover
from gensrc.transport.plans import earth_mover_dual as earth_mover_dual
from gensrc.transport.plans import lp_matrices as lp_matrices
from gensrc.transport.plans import optimality as optimality
