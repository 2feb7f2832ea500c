"""Breaks of ``book/chapters/09-gans.md``."""

from tests.support.breaks import Break

BEST = "gensrc.games.optimal_discriminator"
CRITERION = "gensrc.games.virtual_criterion"
VALUE = "gensrc.games.game_value"
RATIO = "gensrc.games.density_ratio"
SLOPES = "gensrc.games.generator_logit_gradients"
CROSS_ENTROPY = "gensrc.games.cross_entropy_discriminator"
MINIMAX = "gensrc.games.minimax_generator"
NON_SATURATING = "gensrc.games.non_saturating_generator"
LIKELIHOOD = "gensrc.games.maximum_likelihood_generator"
KL = "gensrc.divergences.kl"
JSD = "gensrc.divergences.jensen_shannon"
HALVES = "(kl_pm + kl_qm) / 2"
MODES = "gensrc.metrics.modes_covered"
TEST = "gensrc.metrics.classifier_two_sample_test"

DISCRIMINATOR = [
    Break("eq-optimal-discriminator (stamps)", BEST, "return p_data /", "return p_g /"),
    Break("eq-optimal-discriminator (stamps)", BEST, "p_data + p_g", "2 * p_g"),
    Break(
        "def-game-value (a batch of stamps, once and three times)",
        VALUE,
        "log1p(-d_fake).mean()",
        "log1p(-d_fake).sum()",
    ),
    Break(
        "def-game-value (a batch of stamps, once and three times)",
        VALUE,
        "log1p(-d_fake)",
        "log1p(d_fake)",
    ),
    Break("lem-pointwise-maximum (by search)", "cell", "a / (a + b)", "b / (a + b)"),
    Break("lem-pointwise-maximum (a = b = -1)", "cell", ").argmin()", ").argmax()"),
    Break(
        "thm-optimal-discriminator (stationary: two densities)",
        BEST,
        "return p_data /",
        "return p_g /",
    ),
    Break(
        "thm-optimal-discriminator (no random discriminator is better)",
        BEST,
        "return p_data /",
        "return p_g /",
    ),
    Break("cor-value-gap (ten thousand discriminators)", KL, "(p, q).sum", "(q, p).sum"),
    Break("cor-value-gap (ten thousand discriminators)", "cell", "(p_data + p_g) *", "p_data *"),
]

DIVERGENCES = [
    Break("def-kl (N(0, 1) and N(1, 1))", KL, "kl_terms(p, q)", "p * kl_terms(p, q)"),
    Break("def-kl (infinite: no forged stamp is blue)", KL, "(p, q).sum", "(p, p).sum"),
    Break("prop-kl-nonnegative (random distributions)", KL, "kl_terms(p, q)", "-kl_terms(p, q)"),
    Break("prop-kl-nonnegative (equal ones)", KL, "kl_terms(p, q)", "kl_terms(2 * p, q)"),
    Break("def-jensen-shannon (against SciPy)", JSD, HALVES, "kl_pm + kl_qm"),
    Break("def-jensen-shannon (against SciPy)", JSD, "(p + q) / 2", "p + q"),
    Break("prop-jsd-bounds (random distributions)", JSD, HALVES, "kl_pm + kl_qm"),
    Break("prop-jsd-bounds (random distributions)", JSD, HALVES, "-(kl_pm + kl_qm) / 2"),
    Break("eq-jsd-disjoint (disjoint supports)", JSD, HALVES, "kl_pm + kl_qm"),
    Break("eq-jsd-disjoint (disjoint supports)", JSD, HALVES, "(kl_pm - kl_qm) / 2"),
    Break(
        "def-kl (both ways, disjoint supports)",
        KL,
        "kl_terms(p, q)",
        "kl_terms(p, (p + q) / 2)",
    ),
    Break("eq-virtual-criterion", CRITERION, "+ xlogy", "- xlogy"),
    Break(
        "eq-virtual-criterion",
        CRITERION,
        "r(p_g, p_data)",
        "r(p_g, 0 * p_g)",
    ),
    Break(
        "prop-virtual-criterion",
        BEST,
        "return p_data /",
        "return p_g /",
    ),
    Break(
        (
            "def-f-divergence (the criterion)",
            "def-f-divergence (equal distributions)",
        ),
        "cell",
        "- (u + 1) * (u + 1).log()",
        "- (u + 1) * ((u + 1) / 2).log()",
    ),
    Break(
        "def-f-divergence (the criterion)",
        "gensrc.divergences.f_divergence",
        "exact_q * (_values",
        "exact_p * (_values",
    ),
]

OPTIMUM = [
    Break(
        (
            "thm-global-optimum (lowest value, twenty starts)",
            "thm-global-optimum (p_g there)",
        ),
        CRITERION,
        "xlogy(p_data, d_star)",
        "xlogy(p_g, d_star)",
    ),
    Break(
        "prop-saddle (any D against p_data)",
        "cell",
        "value(target, target, near_half)",
        "value(target, target.flip(0), near_half)",
    ),
    Break(
        "prop-saddle (any p_g against D = 1/2)",
        "cell",
        "numbers(1 / 2)",
        "numbers(3 / 5)",
    ),
    Break("prop-convexity (random midpoints)", CRITERION, "xlogy(p_data", "-xlogy(p_data"),
    Break(
        "prop-convexity (derivative, D* held fixed)",
        CRITERION,
        "xlogy(p_data, d_star) + ",
        "",
    ),
    Break("thm-function-space (the distance halves)", BEST, "return p_data /", "return p_g /"),
    Break("thm-function-space (the distance halves)", "cell", "0.5 ** torch", "0.6 ** torch"),
    Break("prop-dropped-modes (seven kinds of eight)", "cell", "- (1 + s) *", "- (1 - s) *"),
    Break("prop-dropped-modes (seven kinds of eight)", CRITERION, "+ xlogy", "- xlogy"),
    Break(
        "prop-convexity (not convex in a parameter)",
        CRITERION,
        "return (",
        "return -(",
    ),
    Break("prop-simultaneous-steps", MINIMAX, "logsigmoid(-fake)", "-logsigmoid(-fake)"),
]

GAMES = [
    Break("eq-generator-logit-gradients (three games)", MINIMAX, "(-fake)", "(fake)"),
    Break("eq-generator-logit-gradients (three games)", NON_SATURATING, "(fake)", "(-fake)"),
    Break("eq-generator-logit-gradients (three games)", LIKELIHOOD, "-fake.exp", "fake.exp"),
    Break(
        "eq-generator-logit-gradients (three games)",
        SLOPES,
        "non_saturating=-torch.sigmoid(-logits)",
        "non_saturating=-torch.sigmoid(logits)",
    ),
    Break("eq-generator-logit-gradients (by D itself)", "cell", "(-d).log1p()", "d.log1p()"),
    Break(
        "def-non-saturating-game (merged: no bound)",
        "cell",
        "- xlogy(p_g, numbers(d))",
        "+ xlogy(p_g, 1 - numbers(d))",
    ),
    Break(
        ("prop-fake-mean (formulas)", "prop-fake-mean (the table)"),
        MINIMAX,
        "(-fake)",
        "(fake)",
    ),
    Break(
        ("prop-fake-mean (formulas)", "prop-fake-mean (the table)"),
        NON_SATURATING,
        "(fake)",
        "(-fake)",
    ),
    Break(
        ("prop-fake-mean (formulas)", "prop-fake-mean (the table)"),
        LIKELIHOOD,
        ".exp()",
        ".sigmoid().square()",
    ),
    Break(
        (
            "prop-fake-mean (five trained, minimax)",
            "prop-fake-mean (five trained, non-saturating)",
        ),
        CROSS_ENTROPY,
        "-logsigmoid(real).mean()",
        "-2 * logsigmoid(-real).mean()",
    ),
    Break("prop-frozen-discriminator", MINIMAX, "(-fake)", "(fake)"),
    Break("prop-frozen-discriminator", NON_SATURATING, "-logsigmoid", "-2 * logsigmoid"),
    Break("prop-frozen-discriminator", JSD, HALVES, "kl_pm + kl_qm"),
    Break("prop-frozen-discriminator", KL, "(p, q).sum", "(q, p).sum"),
    Break(
        (
            "eq-maximum-likelihood-gradient (of two normals)",
            "eq-maximum-likelihood-gradient (D re-optimised)",
        ),
        LIKELIHOOD,
        "fake.exp()",
        "fake.sigmoid()",
    ),
    Break(
        "eq-maximum-likelihood-gradient (of two normals)",
        LIKELIHOOD,
        "-fake",
        "fake",
    ),
]

TRAINED = [
    Break(
        (
            "thm-optimal-discriminator (five trained)",
            "thm-optimal-discriminator (five trained, value)",
        ),
        CROSS_ENTROPY,
        "logsigmoid(-fake).mean()",
        "2 * logsigmoid(-fake).mean()",
    ),
    Break("eq-density-ratio (best discriminator)", RATIO, "logits.exp", "logits.sigmoid"),
    Break(
        (
            "eq-density-ratio (best discriminator)",
            "eq-density-ratio (relative, five trained)",
        ),
        RATIO,
        "return logits",
        "return (-logits)",
    ),
    Break(
        "alg-adversarial (ring, modes of each copy)",
        MODES,
        "distance <= radius",
        "distance > radius",
    ),
    Break(
        "alg-adversarial (ring, quality of each copy)",
        MODES,
        "distance <= radius",
        "distance <= 9 * radius",
    ),
    Break(
        "prop-two-sample (all 64 classifiers)",
        "gensrc.divergences.total_variation",
        "/ 2",
        "",
    ),
    Break(
        (
            "alg-adversarial (digits, real against real)",
            "alg-adversarial (digits, network)",
        ),
        TEST,
        "right / len(calls)",
        "right / len(y_test)",
    ),
    Break(
        "alg-adversarial (digits, real against real)",
        "cell",
        "judges(unknown[:, 0]) > 0",
        "judges(unknown[:, 0]) > -99",
    ),
    Break(
        "alg-adversarial (digits, margin over one normal)",
        TEST,
        "hits + len(y_test) - (r - hits)",
        "len(calls) - hits - len(y_test) + (r - hits)",
    ),
    Break("prop-best-reply (linear programme)", "cell", "d.max()", "d.min()"),
    Break(
        "prop-best-reply (hasty, modes of each copy)",
        "cell",
        "range(10)",
        "range(1)",
    ),
]

BREAKS = DISCRIMINATOR + DIVERGENCES + OPTIMUM + GAMES + TRAINED
