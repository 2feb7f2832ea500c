"""Deep generative models: formulas, models and the few lines that run them.

Every public function names the equation of the book that it implements; the
book's chapters check that the two agree (see :mod:`gensrc.verify`).
"""

__version__ = "0.1.0"
