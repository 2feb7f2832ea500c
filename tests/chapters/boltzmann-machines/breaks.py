"""Breaks of ``book/chapters/16-boltzmann-machines.md``."""

from tests.support.breaks import Break

LOGITS = "gensrc.boltzmann.layers.logits"
SUM = "gensrc.boltzmann.layers.log_sum"
SWEEP = "gensrc.boltzmann.layers.sweep"
DRAW = "gensrc.boltzmann.layers.draw"
CONDITIONAL = "gensrc.boltzmann.machines.conditional"
STATISTICS = "gensrc.boltzmann.learning.statistics"
FREE = "gensrc.boltzmann.exact.free_energy"
LIKELIHOOD = "gensrc.boltzmann.exact.log_likelihood"
PARTITION = "gensrc.boltzmann.exact.log_partition"
AIS = "gensrc.boltzmann.annealing.annealed_importance_sampling"
ANNEAL = "gensrc.boltzmann.annealing._anneal"
MEAN_FIELD = "gensrc.boltzmann.mean_field"
BOUND = "gensrc.boltzmann.variational_bound"
STEP = "gensrc.boltzmann.StochasticMaximumLikelihood.forward"
FANTASIES = "gensrc.boltzmann.StochasticMaximumLikelihood._fantasies"
PRETRAINED = "gensrc.boltzmann.pretrained"
NETWORK = "gensrc.boltzmann.stochastic_network.stochastic_network_transition"

RESTRICTED = [
    Break("eq-log-partition (lamps)", PARTITION, "return _log", "return 2 * _log"),
    Break(
        ("eq-log-partition (lamps)", "eq-boltzmann-likelihood (lamps)"),
        SUM,
        "softplus(logits(",
        "torch.exp(logits(",
    ),
    Break("eq-boltzmann-likelihood (lamps)", LIKELIHOOD, "- log_partition", "+ log_partition"),
    Break("eq-rbm-conditionals (lamps, both on)", LOGITS, "biases[layer]", "-biases[layer]"),
    Break(
        (
            "eq-rbm-conditionals (all states of 4 + 3 units)",
            "thm-rbm-conditionals (given v = 0000)",
        ),
        CONDITIONAL,
        "torch.sigmoid(",
        "torch.sigmoid(2 * ",
    ),
    Break("eq-rbm-conditionals (all states of 4 + 3 units)", LOGITS, "above @", "2 * above @"),
    Break("eq-boltzmann-likelihood (all visible states)", LIKELIHOOD, "-free", "free"),
    Break("eq-free-energy", FREE, "return -_log", "return _log"),
    Break("eq-free-energy", SUM, "softplus(logits(", "torch.exp(logits("),
    Break(
        ("eq-two-phases (lamps)", "eq-two-phases (an RBM)", "thm-two-phases (two hidden layers)"),
        LIKELIHOOD,
        " - log_partition(model)",
        "",
    ),
    Break(
        ("eq-two-phases (an RBM)", "thm-two-phases (two hidden layers)"),
        STATISTICS,
        "s * probabilities[:, None]",
        "s / len(s)",
    ),
]

SAMPLING = [
    Break("prop-gibbs (p is invariant)", CONDITIONAL, "torch.sigmoid(", "torch.sigmoid(2 * "),
    Break("prop-gibbs (any start, 60 sweeps)", "cell", "(chain, 60)", "(chain, 2)"),
    Break("prop-gibbs (gensrc: 20,000 chains, five times)", DRAW, " < p)", " > p)"),
    Break("prop-gibbs (gensrc: 20,000 chains, five times)", SWEEP, "torch.sigmoid(", "torch.tanh("),
    Break("lem-means (the same expectation)", CONDITIONAL, "sigmoid(", "sigmoid(2 * "),
    Break(
        "lem-means (less variance)", "cell", "for t in (drawn, meant)", "for t in (meant, drawn)"
    ),
]

DEEP = [
    Break("eq-dbm-conditional", LOGITS, "above @ weights[layer].T", "2 * above @ weights[layer].T"),
    Break("prop-posterior (joint, product)", SUM, "s @ biases[place]", "-(s @ biases[place])"),
    Break("prop-posterior (a random machine)", "cell", "+ seen_row @ deep.weights[0]", ""),
    Break(
        "eq-mean-field (fixed points of three machines)",
        MEAN_FIELD,
        "torch.sigmoid(",
        "torch.sigmoid(2 * ",
    ),
    Break("eq-dbm-bound (bound + divergence = log p(v))", BOUND, "+ entropy", "- entropy"),
    Break(
        "eq-dbm-bound (bound + divergence = log p(v))", BOUND, " + torch.special.entr(1 - h)", ""
    ),
    Break(
        "thm-mean-field (no step lowers the bound)",
        MEAN_FIELD,
        "torch.sigmoid(",
        "1 - torch.sigmoid(",
    ),
    Break("thm-mean-field (no step lowers the bound)", BOUND, "-model.energy", "model.energy"),
    Break("thm-dbm-bound (never above log p(v))", BOUND, "- log_z", "- log_z + 1"),
    Break("thm-dbm-bound (an RBM: no gap)", MEAN_FIELD, "torch.sigmoid(", "torch.sigmoid(0.9 * "),
]

LEARNING = [
    Break("prop-bound-gradient (means fixed)", STATISTICS, "a.T @ b", "2 * a.T @ b"),
    Break("prop-bound-gradient (means move along)", MEAN_FIELD, "sigmoid(", "sigmoid(2 * "),
    Break(
        "prop-bound-gradient (log p(v) after a step up)", "cell", "length * part", "-length * part"
    ),
    Break(
        "prop-bound-gradient (log p(v) after the printed step)",
        "cell",
        "s in (0.5, -0.5)",
        "s in (0.5, 0.5)",
    ),
    Break("prop-perfect-model (zero at a perfect model)", STATISTICS, "a.T @ b", "a.T @ b / 2"),
    Break(
        "prop-perfect-model (printed: not zero, once or twice)",
        "cell",
        "printed = perfect.sum(0)[:, None] * (p @ h)",
        "printed = negative",
    ),
    Break(
        "alg-sml (one step against the exact gradient, three times)",
        STEP,
        "fantasy - data",
        "data - fantasy",
    ),
    Break(
        "alg-sml (one step against the exact gradient, three times)",
        FANTASIES,
        "mixed[1::2] = odd_means",
        "mixed[0] = layers[0] * 0.5",
    ),
]

ANNEALING = [
    Break("thm-ais (all runs, K = 2)", "cell", "(b - a).exp()", "(a - b).exp()"),
    Break("thm-ais (all runs, K = 2)", CONDITIONAL, "sigmoid(", "sigmoid(2 * "),
    Break("eq-ais (standard errors, 16 units)", AIS, " / math.sqrt(runs)", ""),
    Break(
        (
            "eq-ais (60 estimates, in standard errors)",
            "eq-ais (share within two standard errors)",
        ),
        AIS,
        "scaled.mean().log()",
        "scaled.sum().log()",
    ),
    Break(
        "eq-ais (share within two standard errors)",
        ANNEAL,
        "sweep(*machine(beta)",
        "sweep(*machine(0.0)",
    ),
    Break(
        ("eq-ais (60 estimates, in standard errors)", "eq-ais (share within two standard errors)"),
        ANNEAL,
        "log_sum(*machine(beta), state) - log_sum(*machine(before), state)",
        "log_sum(*machine(before), state) - log_sum(*machine(beta), state)",
    ),
    Break("eq-ais (a trained RBM, in standard errors)", AIS, "scaled.mean().log()", "0"),
]

DIGITS = [
    Break(
        "eq-pretraining (both inner layers)",
        PRETRAINED,
        "bias /= share",
        "bias *= 1",
    ),
    Break(
        "eq-pretraining (both inner layers)",
        PRETRAINED,
        "mean / 2 if middle else mean",
        "mean",
    ),
    Break("alg-sml (digits: RBM over pixels)", "cell", "held[1] - held[0]", "held[0] - held[1]"),
    Break(
        (
            "alg-sml (digits: RBM over pixels)",
            "alg-sml (digits: deep over pixels)",
            "eq-pretraining (digits: by layers over at once)",
        ),
        STEP,
        "fantasy - data",
        "data - fantasy",
        since="binary = (digits()",
    ),
    Break(
        (
            "eq-pretraining (digits: by layers over at once)",
            "eq-pretraining (digits: upper weights, by layers and at once)",
        ),
        "cell",
        "learn_layer, generator",
        "lambda rbm, data: None, generator",
        since="binary = (digits()",
    ),
]

BEYOND = [
    Break(
        "prop-tied-layer (all 16 states)", "cell", "copy_(rbm.biases[1])", "copy_(-rbm.biases[1])"
    ),
    Break(
        "prop-tied-layer (all 16 states)",
        "gensrc.boltzmann.deep_belief.DBN._log_probability",
        "- softplus(logits).sum(-1)",
        "",
    ),
    Break(
        "eq-gaussian-conditional (v given h, by quadrature)",
        "gensrc.boltzmann.gaussian.GaussianRBM.visible_mean",
        "self.visible_bias +",
        "self.visible_bias + 2 *",
    ),
    Break(
        ("eq-gaussian-conditional (h given v)",),
        "gensrc.boltzmann.gaussian.GaussianRBM.hidden_probability",
        " / self.sigma**2",
        "",
    ),
    Break(
        "eq-stochastic-network (the data stay)",
        NETWORK,
        "p_data[:, None] * corruption",
        "corruption",
    ),
    Break(
        "eq-stochastic-network (rows sum to one)",
        NETWORK,
        "return corruption",
        "return 2 * corruption",
    ),
    Break(
        "prop-slow-mixing (n = 4, 8, 12)", "cell", "0.5 / (strengths / 4)", "0.1 / (strengths / 2)"
    ),
    Break(
        "prop-slow-mixing (n = 12, w = 6)",
        "cell",
        "(w, -w / 2, -n * w / 2)",
        "(w / 4, -w / 8, -n * w / 8)",
    ),
    Break(
        ("alg-sml (CD-1: nats lost again)", "alg-sml (CD-1: p(all off), true 0.2)"),
        "cell",
        "cd = [follow(False,",
        "cd = [follow(True,",
    ),
    Break("alg-sml (PCD: best of each run)", "cell", "pcd = [follow(True,", "pcd = [follow(False,"),
]

BREAKS = RESTRICTED + SAMPLING + DEEP + LEARNING + ANNEALING + DIGITS + BEYOND
