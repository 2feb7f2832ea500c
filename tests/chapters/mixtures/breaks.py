"""Breaks of ``book/chapters/04-mixtures.md``."""

from tests.support.breaks import Break

JOINT = "gensrc.mixtures.Mixture.joint_log_prob"
RESPONSIBILITIES = "gensrc.mixtures.responsibilities"
BOUND = "gensrc.mixtures.lower_bound"
M_STEP = "gensrc.mixtures.m_step"
SCORES = "gensrc.mixtures.expectation.Features.__init__"  # the E step inside `em`
MOMENTS = "gensrc.mixtures.expectation.Features.moments"  # the M step inside `em`
CLASSES = "gensrc.mixtures.truncated.bin_moments"
BINNED_M_STEP = "gensrc.mixtures.binned._binned_m_step"
PEARSON = "gensrc.mixtures.pearson.pearson_moments"
NONIC = "gensrc.mixtures.pearson._candidates"
STEP = "gensrc.mixtures.population.population_em"
TANH = "torch.tanh(steep * x)"
FITS = "one = em_binned(torch.ones(1), mean[None], std[None], edges, counts, steps=200)"

DENSITY = [
    Break("def-mixture-density (Σ = ½I)", JOINT, "white], 1) / 2", "white], 1)"),
    Break("def-mixture-density (Σ = ½I)", JOINT, "math.tau", "math.pi"),
    Break("eq-responsibilities (the question)", JOINT, "white], 1) / 2", "white], 1)"),
    Break("eq-responsibilities (the question)", JOINT, "(x - mean)", "(x + mean)"),
    Break("eq-responsibilities (the question)", RESPONSIBILITIES, "softmax(1)", "softmax(0)"),
    Break(
        "eq-responsibilities (far away)",
        RESPONSIBILITIES,
        ".softmax(1)",
        ".exp() / mixture.log_prob(x).exp()[:, None]",
    ),
    Break("prop-score", "cell", "p * score for p", "score / 3 for p"),
]

LOWER_BOUND = [
    Break("lem-log (61 tangents)", "cell", "+ (u - m) / m", "- (u - m) / m"),
    Break("cor-kl (1000 pairs)", "gensrc.divergences.kl", "kl_terms(p, q)", "-kl_terms(p, q)"),
    Break("eq-jensen-bound (300 random q)", BOUND, "resp * joint", "resp.square() * joint"),
    Break(
        ("eq-bound-gap (300 random q)", "cor-tight (posterior)"), BOUND, "energy - ", "energy + "
    ),
    Break(
        "eq-bound-gap (300 random q)",
        "cell",
        "kl(q, posterior.expand_as(q))",
        "kl(posterior.expand_as(q), q)",
    ),
    Break("cor-tight (best shared q)", "cell", ".mean(0).softmax(0)", ".softmax(1).mean(0)"),
    Break("cor-tight (leaves a gap)", "cell", "shared.expand(20, 3)", "posterior"),
    Break("prop-bound-touches (values)", BOUND, "energy - ", "energy + "),
    Break("prop-bound-touches (slopes)", BOUND, "resp * joint", "joint / 2"),
]

M_STEPS = [
    Break(
        (
            "eq-m-step (the question)",
            "eq-m-step (stationary)",
            "eq-m-step (200 other mixtures)",
        ),
        M_STEP,
        "torch.mv(x.T, r) / r.sum()",
        "torch.mv(x.T, r) * 3 / len(x)",
    ),
    Break(
        "eq-m-step (stationary)", M_STEP, "@ (x - mean) / r.sum()", "@ (x - mean) / (r.sum() + 1)"
    ),
    Break(
        "eq-m-step (stationary)",
        "gensrc.mixtures.floor.reset_empty",
        "torch.where(empty, 0.0, counts) / counts.sum()",
        "torch.softmax(counts / counts.sum(), 0)",
    ),
    Break("eq-m-step (one step of em)", MOMENTS, "means[:, :, None] * means[:, None]", "0"),
    Break(
        ("eq-m-step (mid-points)", "thm-em-monotone (crabs, mid-points)"),
        MOMENTS,
        "second - ",
        "1.001 * second - ",
    ),
    Break("thm-em-monotone (digits)", MOMENTS, "second - ", "1.1 * second - "),
    Break(
        "def-log-likelihood (nats per held-out digit)",
        "cell",
        "initial_mixture(train, 10",
        "initial_mixture(train, 1",
    ),
]

CRABS = [
    Break("eq-truncated-moments (29 classes)", CLASSES, "at_low - at_high", "at_low + at_high"),
    Break("eq-truncated-moments (29 classes)", CLASSES, "1 + (low", "1 - (low"),
    Break(
        (
            "eq-binned-m-step (π)",
            "eq-binned-m-step (μ)",
            "eq-binned-m-step (σ)",
        ),
        BINNED_M_STEP,
        "total / total.sum(-1, keepdim=True)",
        "torch.softmax(total / total.sum(-1, keepdim=True), -1)",
    ),
    Break(
        ("eq-binned-m-step (one normal)", "thm-em-monotone (crabs, classes)"),
        BINNED_M_STEP,
        "(share * moments.second)",
        "(1.01 * share * moments.second)",
    ),
    Break(
        ("def-binned-likelihood (two normals)", "def-binned-likelihood (one normal)"),
        CLASSES,
        "math.log(math.tau) / 2",
        "math.log(math.tau)",
    ),
    Break(
        (
            "def-binned-likelihood (search: height)",
            "eq-binned-m-step (search: place)",
        ),
        BINNED_M_STEP,
        "(share * moments.second)",
        "(1.01 * share * moments.second)",
        since=FITS,
    ),
    Break("prop-binned-bounded", CLASSES, "- math.log(math.tau) / 2", "+ math.log(math.tau) / 2"),
    Break("def-likelihood-ratio (crabs)", "cell", "observed = 2 * (", "observed = ("),
    Break(
        "def-likelihood-ratio (299 tables)",
        "cell",
        "bin_moments(one.means, one.stds, edges).log_mass.exp()[:, 0]",
        "bin_moments(two.means, two.stds, edges).log_mass.exp() @ two.weights",
    ),
    Break("def-likelihood-ratio (not 5%)", "cell", "chi2(3)", "chi2(7)"),
    Break(
        "eq-pearson-nonic (crabs: admissible roots)",
        NONIC,
        "- 8 * m3 * p**3",
        "+ 8 * m3 * p**3",
    ),
    Break("eq-pearson-nonic (crabs: admissible roots)", NONIC, "2 * top**2 + 4", "2 * top**2 - 4"),
    Break(
        ("eq-pearson-nonic (a known mixture)", "eq-pearson-nonic (crabs: five moments)"),
        PEARSON,
        "unit * table[:, 4:6]",
        "table[:, 4:6]",
    ),
    Break("eq-pearson-nonic (crabs: shares)", PEARSON, "table[:, 0:2]", "table[:, 0:2].flip(1)"),
    Break("eq-pearson-nonic (crabs: means)", PEARSON, "mean + unit *", "mean - unit *"),
]

TEN_STEPS = [
    Break("eq-population-em (a grid)", STEP, TANH, "torch.tanh(2 * steep * x)"),
    Break(
        ("prop-contraction (a)", "prop-contraction (b: limits)", "prop-contraction (c)"),
        STEP,
        TANH,
        "torch.tanh(2 * steep * x)",
    ),
    Break("prop-contraction (b: one side)", STEP, "lam.sign() * sigma", "sigma"),
    Break(
        (
            "thm-ten-steps (falls with Δ, 30 steps)",
            "thm-ten-steps (Δ = 0.9743: above 1%)",
            "thm-ten-steps (Δ = 1)",
            "thm-ten-steps (Δ = 0.5)",
        ),
        STEP,
        TANH,
        "torch.tanh(steep * x / 2)",
    ),
    Break("thm-ten-steps (Δ = 0.9744: below 1%)", STEP, TANH, "torch.tanh(2 * steep * x)"),
]

FAILURES = [
    Break("prop-unbounded (per tenth of s)", JOINT, "- log_det", "- log_det / 2"),
    Break(
        "prop-unbounded (nats above the sensible fit)",
        "gensrc.mixtures.floor.check_floor",
        "2 / 3",
        "1 / 30",
    ),
    Break(
        "prop-unbounded (CollapseWarning)", "gensrc.mixtures.em", "held and not warned", "warned"
    ),
    Break(
        "def-log-likelihood (nats between two summits)",
        "cell",
        "in (centres, crowded)",
        "in (centres, centres)",
        since="centres = torch",
    ),
    Break("prop-bound-touches (EM rests)", MOMENTS, "second - ", "1.1 * second - "),
    Break(
        ("prop-label-switching (means)", "prop-label-switching (density)"),
        SCORES,
        "(linear * means).sum(1) / 2",
        "(linear * means).sum(1) / 2 + torch.arange(len(weights))",
    ),
    Break(
        ("prop-equal-start (means)", "prop-equal-start (variances)"),
        MOMENTS,
        "means = mean_of[:, -d:]",
        "means = mean_of[:, -d:] + 0.01",
    ),
    Break(
        "prop-equal-start (nats won after a nudge)",
        "cell",
        "[[0.6 - 1e-6], [0.6 + 1e-6]]",
        "[[0.6], [0.6]]",
    ),
]

BREAKS = [*DENSITY, *LOWER_BOUND, *M_STEPS, *CRABS, *TEN_STEPS, *FAILURES]
