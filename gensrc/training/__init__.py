"""One training loop, and the kinds of steps that it runs.

A *step* is a function from a batch to a dictionary of scalars with the key ``"loss"``. It
updates the parameters as a side effect. :func:`minimize` makes the step of a model with one
loss, :func:`alternate` that of two players in turn, :func:`simultaneous` that of two players at
once. :func:`fit` runs a step on batch after batch and knows nothing else.
"""

from gensrc.training.loop import Callback as Callback
from gensrc.training.loop import History as History
from gensrc.training.loop import Step as Step
from gensrc.training.loop import batches as batches
from gensrc.training.loop import fit as fit
from gensrc.training.steps import Optimizers as Optimizers
from gensrc.training.steps import alternate as alternate
from gensrc.training.steps import minimize as minimize
from gensrc.training.steps import simultaneous as simultaneous
