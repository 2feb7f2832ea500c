"""Breaks of ``book/chapters/12-optimal-transport.md``.

The solvers check what they return, so that a wrong constraint inside them raises an error before
any claim is made (``tests/test_transport.py`` shows that it does). The breaks are in what
surrounds the solvers, and in the cells.
"""

from tests.support.breaks import Break

EARTH_MOVER = "gensrc.transport.earth_mover"
DUAL = "gensrc.transport.earth_mover_dual"
LIPSCHITZ = "gensrc.transport.lipschitz_form"
TRANSFORM = "gensrc.transport.c_transform"
MATRICES = "gensrc.transport.lp_matrices"
OPTIMALITY = "gensrc.transport.optimality"
LINE = "gensrc.transport.wasserstein_1d"
CHECKED = "gensrc.transport.plans.transport_of"
COST = "cost * plan"
SQUARED = "cost.square() * plan"
EARNED = "weights[0] @ f + weights[1] @ g"

MARGINS = tuple(f"def-coupling ({n} sources, {m} targets)" for n, m in [(2, 3), (5, 4), (3, 7)])

PROGRAMMES = [
    Break("def-earth-mover (bakeries, by search)", EARTH_MOVER, COST, SQUARED),
    Break(MARGINS, "cell", "s.plan.sum(1), s.plan.sum(0)", "s.plan.sum(0), s.plan.sum(1)"),
    Break(MARGINS, CHECKED, "torch.from_numpy(part)", "2 * torch.from_numpy(part)"),
    Break(
        "def-linear-programme (the matrices, in a general solver)",
        MATRICES,
        "cost.flatten()",
        "cost.T.flatten()",
    ),
    Break("def-earth-mover (against POT)", EARTH_MOVER, COST, SQUARED, since="solved = ["),
    Break(
        "prop-weak-duality (any plan, any potentials)",
        "cell",
        "- torch.rand(len(q)",
        "+ 9 * torch.rand(len(q)",
    ),
    Break(
        "prop-weak-duality (the gap, term by term)",
        "cell",
        "- (p * f).sum() - (q * g)",
        "- (p * f).sum() + (q * g)",
    ),
    Break(
        "def-dual-programme (no route is exceeded)",
        CHECKED,
        "torch.from_numpy(part)",
        "2 * torch.from_numpy(part)",
    ),
    Break("def-dual-programme (slack in 25 of 36 routes)", "cell", "slack > 1e-9", "slack > -1e-9"),
    Break("lem-farkas (exactly one of two, 300 systems)", "cell", "beta - M @ x", "M @ x - beta"),
    Break("lem-farkas (exactly one of two, 300 systems)", "cell", "M.T @ y <=", "M.T @ y >="),
    Break("lem-farkas (both cases occur)", "cell", "draw(3, 5)", "draw(3, 5).abs()"),
    Break(
        "thm-strong-duality (20 problems, each solved twice)",
        DUAL,
        EARNED,
        "weights[0] @ f - weights[1] @ g",
    ),
    Break("eq-complementary-slackness (20 optimal plans)", OPTIMALITY, "- g", "+ g"),
    Break(
        "eq-complementary-slackness (what a bad plan costs more)",
        OPTIMALITY,
        "plan * slack",
        "slack",
    ),
]

ONE_FUNCTION = [
    Break(
        "thm-kantorovich-rubinstein (plan = prices = one function)",
        LIPSCHITZ,
        "(a - b) @ f",
        "(a + b) @ f",
    ),
    Break("thm-kantorovich-rubinstein (plan = prices = one function)", DUAL, " + ", " - "),
    Break("thm-kantorovich-rubinstein (two digits)", LIPSCHITZ, "(a - b) @ f", "(b - a) @ f"),
    Break(
        "lem-one-function (a transform is 1-Lipschitz)", TRANSFORM, "cost - f", "cost.square() - f"
    ),
    Break("eq-c-transform (its transform is its negative)", TRANSFORM, "amin", "amax"),
    Break("lem-one-function ((1, -7), (-5, 0) earn W)", "cell", "f[0] + g[1]", "f[1] + g[0]"),
    Break("lem-one-function (within the costs)", "cell", "numbers(-5, 0)", "numbers(5, 0)"),
    Break("lem-one-function (but g is not -f)", "cell", "numbers(-5, 0)", "numbers(-1, 7)"),
    Break(
        ("prop-squared-cost (one function, times k)", "prop-squared-cost (two potentials)"),
        "cell",
        "grid[:, None]) ** 2",
        "grid[:, None])",
    ),
    Break("prop-squared-cost (two potentials)", DUAL, EARNED, "weights[0] @ f"),
    Break("prop-norms (plan and function)", "cell", "form(d, *at)", "form(by_norm[2], *at)"),
    Break("prop-norms (plan and function)", EARTH_MOVER, COST, SQUARED),
]

LINES = [
    Break(
        ("thm-one-dimension (sorting and the programme)", "eq-quantile-formula (against POT)"),
        LINE,
        "mean.pow(1 / p)",
        "mean",
    ),
    Break(
        (
            "thm-one-dimension (sorting and the programme)",
            "eq-quantile-formula (against POT)",
            "eq-quantile-formula (W1 against SciPy)",
            "eq-cdf-formula (the area between F and G)",
        ),
        LINE,
        "y.sort().values",
        "y",
    ),
    Break("eq-cdf-formula (the area between F and G)", "cell", "(F - G).abs()", "(F - G)"),
    Break("prop-parallel-lines (W)", EARTH_MOVER, COST, SQUARED),
    Break("prop-parallel-lines (KL)", "gensrc.divergences.kl", "(p, q).sum", "(p, p).sum"),
    Break(
        "prop-parallel-lines (JSD)",
        "gensrc.divergences.jensen_shannon",
        "(kl_pm + kl_qm) / 2",
        "kl_pm + kl_qm",
    ),
    Break("prop-parallel-lines (TV)", "gensrc.divergences.total_variation", "/ 2", ""),
    Break(
        "prop-sample-rate (mean of eight pairs over the bound)",
        EARTH_MOVER,
        COST,
        "cost * plan / 2",
    ),
    Break(
        "prop-sample-rate (16 times the sample, one dimension)",
        "cell",
        "(16, 64, 256)",
        "(16, 64, 17)",
    ),
    Break(
        "prop-sample-rate (16 times the sample, ten dimensions)",
        "cell",
        "(16, 64, 256)",
        "(1, 64, 256)",
    ),
]

BREAKS = PROGRAMMES + ONE_FUNCTION + LINES
