r"""Boltzmann machines: sampling, exact sums, annealing, mean field and learning.

The layers are :math:`s_0 = v` (visible) and :math:`s_1, \dots, s_L` (hidden), with units in
{0, 1}. Layer l has the biases :math:`b_l`, and :math:`W_l`, of shape
:math:`(n_{l-1}, n_l)`, joins it to the layer below. Units of one layer are not joined, so the
odd layers and the even ones are the two sides of a bipartite graph.
"""

from gensrc.boltzmann.annealing import AisEstimate as AisEstimate
from gensrc.boltzmann.annealing import EqualWeightsWarning as EqualWeightsWarning
from gensrc.boltzmann.annealing import annealed_importance_sampling as annealed_importance_sampling
from gensrc.boltzmann.annealing import base_rates as base_rates
from gensrc.boltzmann.deep_belief import DBN as DBN
from gensrc.boltzmann.exact import configurations as configurations
from gensrc.boltzmann.exact import free_energy as free_energy
from gensrc.boltzmann.exact import log_likelihood as log_likelihood
from gensrc.boltzmann.exact import log_partition as log_partition
from gensrc.boltzmann.gaussian import GaussianRBM as GaussianRBM
from gensrc.boltzmann.learning import Statistics as Statistics
from gensrc.boltzmann.learning import StochasticMaximumLikelihood as StochasticMaximumLikelihood
from gensrc.boltzmann.learning import pretrained as pretrained
from gensrc.boltzmann.learning import statistics as statistics
from gensrc.boltzmann.machines import DBM as DBM
from gensrc.boltzmann.machines import RBM as RBM
from gensrc.boltzmann.machines import conditional as conditional
from gensrc.boltzmann.machines import gibbs as gibbs
from gensrc.boltzmann.machines import uniform_states as uniform_states
from gensrc.boltzmann.stochastic_network import (
    stochastic_network_transition as stochastic_network_transition,
)
from gensrc.boltzmann.variational import mean_field as mean_field
from gensrc.boltzmann.variational import variational_bound as variational_bound
