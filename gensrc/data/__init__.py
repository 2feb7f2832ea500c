"""Data: small sets that come with the package, and MNIST.

Images are float32 in [0, 1], 0 for the background. What is drawn is drawn from the
``generator`` that is passed in.
"""

from gensrc.data.downloads import MNIST_SHA256 as MNIST_SHA256
from gensrc.data.downloads import MNIST_URL as MNIST_URL
from gensrc.data.downloads import DataError as DataError
from gensrc.data.downloads import mnist as mnist
from gensrc.data.embedded import CRAB_COUNTS as CRAB_COUNTS
from gensrc.data.embedded import Crabs as Crabs
from gensrc.data.embedded import Images as Images
from gensrc.data.embedded import crabs as crabs
from gensrc.data.embedded import digits as digits
from gensrc.data.synthetic import ring as ring
from gensrc.data.synthetic import ring_modes as ring_modes
