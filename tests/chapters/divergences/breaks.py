"""Breaks of ``book/chapters/02-divergences.md``."""

from tests.support.breaks import Break

MAIN = "gensrc.divergences."
TABLE = "gensrc.divergences."
KL, JSD, TV = MAIN + "kl", MAIN + "jensen_shannon", MAIN + "total_variation"
REVERSE, JEFFREYS = TABLE + "reverse_kl", TABLE + "jeffreys"
HELLINGER, PEARSON, NEYMAN = TABLE + "squared_hellinger", TABLE + "pearson", TABLE + "neyman"
ALPHA_TERMS = "gensrc.numerics.alpha_terms"
ALPHA, WEIGHTED = TABLE + "alpha_divergence", TABLE + "jensen_shannon_weighted"
COUPLING = TABLE + "maximal_coupling"
NORMAL = "gensrc.divergences.normal.kl_normal"
NORMALS = "gensrc.divergences.normal.kl_multivariate_normal"
MEAN = "gensrc.divergences.estimates.estimate_mean"
ESTIMATES = "gensrc.divergences.estimates."
HALVES = "(kl_pm + kl_qm) / 2"
KL_SUM, SWAPPED = "kl_terms(p, q)", "kl_terms(q, p)"

BEGINNING = [
    Break("def-divergence (A and B judged)", KL, KL_SUM, SWAPPED),
    Break("def-reverse-kl (A and B speak)", REVERSE, SWAPPED, KL_SUM),
    Break("def-divergence (the third judge)", JSD, HALVES, "kl_pm + kl_qm"),
    Break(
        ("thm-maximum-likelihood (sum)", "thm-maximum-likelihood (the same parameter)"),
        KL,
        KL_SUM,
        SWAPPED,
    ),
    Break("thm-maximum-likelihood (sum)", KL, KL_SUM, "kl_terms(p, 0 * q + 1)"),
    Break(
        "prop-unit-invariance (metres and centimetres)",
        KL,
        KL_SUM,
        "p * kl_terms(p, q)",
    ),
    Break(
        "prop-unit-invariance (printed form, metres to centimetres)",
        "cell",
        "w * p * p *",
        "w * p *",
    ),
]

NORMAL_DISTRIBUTIONS = [
    Break(
        "eq-kl-normal (three pairs, by quadrature)",
        NORMAL,
        "distance.square() / 2",
        "distance.square()",
    ),
    Break("eq-kl-normal (three pairs, by quadrature)", NORMAL, "e - (std_p", "e + (std_p"),
    Break(
        "eq-kl-normal (three pairs, by quadrature)",
        NORMAL,
        "/ std_q\n    return",
        "/ std_p\n    return",
    ),
    Break("eq-kl-multivariate-normal (by quadrature)", NORMALS, "- d +", "+"),
    Break(
        "eq-kl-multivariate-normal (by quadrature)",
        NORMALS,
        "log_dets[1] - log_dets[0]",
        "log_dets[0] - log_dets[1]",
    ),
    Break(
        "eq-kl-multivariate-normal (by quadrature)",
        NORMALS,
        "log_dets[1] - log_dets[0]",
        "(log_dets[1] - log_dets[0]) / 2",
    ),
    Break(
        "eq-kl-multivariate-normal (by quadrature)",
        NORMALS,
        "(factor_q, offset",
        "(factor_p, offset",
    ),
]

FITS = [
    Break(
        "prop-moment-matching (found by search)",
        "cell",
        "return (p * (log_p - log_q)).sum()",
        "return (log_q.exp() * w * (log_q - log_p)).sum()",
    ),
    Break("prop-one-bump (both bumps)", "cell", "numbers(0.6, 0.4)", "numbers(0.9, 0.1)"),
    Break(
        (
            "prop-one-bump (best reverse fit)",
            "prop-one-bump (each reverse fit sits on a bump)",
        ),
        "cell",
        "fit_normal(backward",
        "fit_normal(forward",
    ),
]

PROCESSING = [
    Break("prop-kl-chain-rule (random joints)", "cell", "(marginals[0] * kl", "(marginals[1] * kl"),
    Break("prop-kl-chain-rule (random joints)", KL, ".sum(-1)", ".mean(-1)"),
    Break(
        "thm-data-processing (random rules)",
        "cell",
        "@ rule).squeeze(1) for p in (P, Q)]",
        "@ rule.roll(int(p is Q), 2)).squeeze(1) for p in (P, Q)]",
    ),
    Break("thm-data-processing (random rules)", JSD, HALVES, "-(kl_pm + kl_qm)"),
    Break("cor-joint-convexity (midpoints of random pairs)", TV, ".abs()", ".abs().sqrt()"),
    Break(
        "cor-joint-convexity (midpoints of random pairs)", PEARSON, "(p - q)", "(p + q - 2 * p * q)"
    ),
    Break(
        "thm-data-processing (digits on coarse pixels, all pairs)",
        JSD,
        HALVES,
        "(kl_pm - 2 * kl_qm)",
    ),
]

SYMMETRIC = [
    Break("def-jeffreys (random pairs)", JEFFREYS, " + kl_terms(q, p)", ""),
    Break("def-jeffreys (random pairs)", JEFFREYS, "kl_terms(q, p)", "2 * kl_terms(q, p)"),
    Break(
        (
            "def-jensen-shannon-weighted (entropies, w = 0.3)",
            "prop-jsd-information (entropies, w = 0.3)",
        ),
        WEIGHTED,
        "weight * kl_pm + (1 - weight) * kl_qm",
        "(1 - weight) * kl_pm + weight * kl_qm",
    ),
    Break(
        (
            "prop-jsd-information (bounds, w = 0.3)",
            "prop-jsd-information (disjoint supports, w = 0.3)",
            "prop-jsd-information (w = 1/2)",
        ),
        WEIGHTED,
        "weight * kl_pm + (1 - weight) * kl_qm",
        "kl_pm + kl_qm",
    ),
    Break(
        "prop-jsd-metric (roots, random triples)",
        "cell",
        "jensen_shannon(*pair).sqrt()",
        "jensen_shannon(*pair)",
    ),
    Break("prop-jsd-metric (without the root it fails)", JSD, HALVES, f"({HALVES}).sqrt()"),
]

VARIATION = [
    Break(
        (
            "thm-tv-three-forms (all 32 events)",
            "thm-tv-three-forms (best coupling, by programme)",
            "eq-maximal-coupling (x differs)",
        ),
        TV,
        "/ 2",
        "",
    ),
    Break("eq-maximal-coupling (x differs)", COUPLING, "+ moved", "+ 2 * moved"),
    Break("eq-maximal-coupling (rows)", COUPLING, "torch.minimum(p, q)", "p"),
    Break("eq-maximal-coupling (columns)", COUPLING, "less / torch.where(tv > 0, tv, 1)", "less"),
    Break("eq-maximal-coupling (not negative)", COUPLING, "(p - q).clamp(min=0)", "(p - q)"),
]


def row(name: str, target: str, old: str, new: str) -> Break:
    return Break(f"prop-divergence-table ({name})", target, old, new)


FAMILIES = [
    row("KL", KL, KL_SUM, SWAPPED),
    row("reverse KL", REVERSE, SWAPPED, KL_SUM),
    row("Jeffreys", JEFFREYS, " + kl_terms(q, p)", ""),
    row("JSD", JSD, HALVES, "kl_pm + kl_qm"),
    row("JSD", "cell", "((u + 1) / 2).log()) / 2)", "((u + 1) / 2).log()))"),
    row("weighted JSD", WEIGHTED, "weight * p + (1 - weight) * q", "(1 - weight) * p + weight * q"),
    row("total variation", TV, "/ 2", ""),
    row("squared Hellinger", HELLINGER, ".sum(-1)", ".sum(-1) / 2"),
    row("Pearson", PEARSON, "torch.where(some, q, 1)", "p"),
    row("Neyman", NEYMAN, "pearson(q, p)", "pearson(p, q)"),
    Break(
        "prop-divergence-table (disjoint supports)",
        PEARSON,
        "torch.where(some, q, 1)",
        "torch.where(q > 0, q, 1)",
    ),
    Break("prop-divergence-table (disjoint supports)", HELLINGER, ".sum(-1)", ".sum(-1) / 2"),
    Break("def-squared-hellinger", HELLINGER, ".sum(-1)", ".sum(-1) / 2"),
    Break("def-squared-hellinger", HELLINGER, "(p - q) / roots", "roots"),
    Break("def-pearson (ratio)", PEARSON, "torch.where(some, q, 1)", "p"),
    Break("def-neyman (ratio)", NEYMAN, "pearson(q, p)", "pearson(p, q)"),
    Break(
        "def-alpha-divergence (four values, ratio)",
        ALPHA_TERMS,
        "(q, p, 1 - alpha)",
        "(p, q, 1 - alpha)",
    ),
    Break(
        (
            "def-alpha-divergence (four values, ratio)",
            "prop-alpha-members (both chi-squares and Hellinger, ratio)",
        ),
        ALPHA_TERMS,
        "/ alpha",
        "",
    ),
    Break("eq-alpha-limits (alpha near 1)", ALPHA_TERMS, "power / delta", "power"),
    Break("eq-alpha-limits (alpha near 1)", ALPHA, "(p, q, alpha)", "(q, p, alpha)"),
    Break("eq-alpha-limits (alpha near 0)", ALPHA_TERMS, "(q, p, 1 - alpha)", "(p, q, 1 - alpha)"),
]

INEQUALITIES = [
    Break("thm-pinsker (random pairs)", TV, "/ 2", ""),
    Break("thm-pinsker (the half is reached)", KL, ".sum(-1)", ".sum(-1) / 2"),
    Break(
        "prop-hellinger-sandwich (random pairs)",
        HELLINGER,
        "(p - q) / roots).square()",
        "(p - q) / roots).abs()",
    ),
    Break("prop-hellinger-sandwich (random pairs)", TV, "/ 2", ""),
    Break("prop-kl-chi-square (random pairs)", PEARSON, ".sum(-1)", ".sum(-1) / 4"),
]

LINES = [
    Break("thm-parallel-lines (KL, ten distances)", KL, KL_SUM, "kl_terms(p, (p + q) / 2)"),
    Break(
        (
            "thm-parallel-lines (JSD)",
            "prop-null-set (random disjoint pairs)",
        ),
        JSD,
        HALVES,
        "kl_pm + kl_qm",
    ),
    Break("thm-parallel-lines (TV)", TV, "/ 2", ""),
    Break("thm-parallel-lines (JSD, theta = 0)", JSD, HALVES, "kl_pm + kl_qm + 0.1"),
    Break("thm-parallel-lines (W, plane)", "cell", "numbers(theta, 0)", "numbers(theta, 0.3)"),
    Break("thm-parallel-lines (W, first coordinate)", "cell", "abs(theta) for", "theta**2 for"),
]

SAMPLES = [
    Break(
        (
            "def-estimate (KL: two errors cover)",
            "def-estimate (TV: two errors cover)",
            "def-estimate (JSD: two errors cover)",
        ),
        MEAN,
        "math.sqrt(values.shape[-1])",
        "values.shape[-1]",
    ),
    Break(
        "def-estimate (KL: two errors cover)",
        ESTIMATES + "estimate_kl",
        "log_p - log_q",
        "log_q - log_p",
    ),
    Break(
        "def-estimate (JSD: two errors cover)",
        ESTIMATES + "estimate_jensen_shannon",
        "(of_x.value + of_y.value) / 2, error / 2",
        "of_x.value + of_y.value, error",
    ),
    Break(
        "eq-plug-in-bias (all sequences of six)",
        ESTIMATES + "plug_in_bias",
        "expected) - xlogy",
        "expected) + xlogy",
    ),
    Break(
        "prop-plug-in (bounds, 10 and 100 outcomes)",
        ESTIMATES + "plug_in_bias",
        "count / n",
        "count / (n + 1)",
    ),
    Break(
        "prop-plug-in ((K - 1)/2n, 2000 draws)",
        ESTIMATES + "plug_in_bias",
        "n - count + 1",
        "n - count",
    ),
    Break(
        "prop-blind-error (standard error)",
        MEAN,
        "values, 0).std(-1)",
        "values + 1, 0).amax(-1)",
    ),
    Break("prop-blind-error (and it is far off)", KL, KL_SUM, "kl_terms(p, p)"),
    Break("prop-blind-error (how often)", "cell", "< epsilon", "< 2 * epsilon"),
]

BREAKS = (
    BEGINNING
    + NORMAL_DISTRIBUTIONS
    + FITS
    + PROCESSING
    + SYMMETRIC
    + VARIATION
    + FAMILIES
    + INEQUALITIES
    + LINES
    + SAMPLES
)
