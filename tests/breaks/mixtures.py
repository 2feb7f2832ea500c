"""Breaks of ``book/chapters/04-mixtures.md``."""

from tests.breaks import Break

JOINT = "gensrc.mixtures.Mixture.joint_log_prob"
BOUND = "gensrc.mixtures.lower_bound"
M_STEP = "gensrc.mixtures.m_step"
CLASSES = "gensrc.binned.class_moments"
EM_BINNED = "gensrc.binned.em_binned"
PEARSON = "gensrc.moments.pearson_moments"
STEP = "gensrc.population.population_em"
SWEEP = "gensrc._quadratic.Features.moments"

BREAKS = [
    # the mixture and its responsibilities
    Break("def-mixture-density (Σ = ½I)", JOINT, ".sum(0) for z in white], 1) / 2", ".sum(0) for z in white], 1)"),
    Break("def-mixture-density (Σ = ½I)", JOINT, "math.tau", "math.pi"),
    Break("eq-responsibilities (the question)", JOINT, "], 1) / 2", "], 1)"),
    Break("eq-responsibilities (the question)", "gensrc.mixtures.responsibilities", "softmax(1)", "softmax(0)"),
    Break("eq-responsibilities (far away)", "gensrc.mixtures.responsibilities", ".softmax(1)", ".exp() / mixture.log_prob(x).exp()[:, None]"),
    Break("prop-score", "cell", "p * score for p", "score / 3 for p"),
    # the bound
    Break("lem-log (61 tangents)", "cell", "torch.log(m) + (u - m) / m", "torch.log(m) - (u - m) / m"),
    Break("cor-kl (1000 pairs)", "gensrc.divergences.kl", "xlogy(p, p) - xlogy(p, q)", "xlogy(p, p) - xlogy(q, q)"),
    Break("eq-jensen-bound (300 random q)", BOUND, "energy - torch.xlogy(resp, resp)", "energy - 2 * torch.xlogy(resp, resp)"),
    Break(("eq-bound-gap (300 random q)", "cor-tight (posterior)"), BOUND, "energy - torch", "energy + torch"),
    Break("cor-tight (the best shared q)", "cell", "joint_log_prob(x).mean(0).softmax(0)", "joint_log_prob(x).softmax(1).mean(0)"),
    Break("cor-tight (leaves a gap)", "cell", "lower_bound(mixture, x, shared.expand(20, 3))", "lower_bound(mixture, x, posterior)"),
    Break("prop-bound-touches (values)", BOUND, "energy - torch", "energy + torch"),
    Break("prop-bound-touches (slopes)", BOUND, "resp * joint", "joint / 2"),
    Break("prop-bound-touches (EM rests on the lower)", SWEEP, "second - means", "1.1 * second - means"),
    # the M step
    Break(("eq-m-step (stationary)", "eq-m-step (200 other mixtures)"), M_STEP, "/ r.sum()\n", "/ (r.sum() - 9)\n"),
]
