"""Breaks of ``book/chapters/06-variational-autoencoders.md``."""

from tests.support.breaks import Break

ELBO = "gensrc.vae.elbo"
DIAGONAL = "gensrc.vae.kl_to_standard_normal"
FULL = "gensrc.vae.kl_full_to_standard_normal"
DRAW = "gensrc.vae.reparameterize"
SCORE = "gensrc.vae.reinforce_surrogate"
WEIGHTED = "gensrc.vae.importance_weighted_bound"
BOUND = "gensrc.vae.VAE.bound"
WEIGHTS = "gensrc.vae.VAE.log_weights"
BERNOULLI = "gensrc.likelihoods.Bernoulli.log_prob"
GREY = "gensrc.likelihoods.ContinuousBernoulli.log_prob"
GREY_MEAN = "gensrc.likelihoods.ContinuousBernoulli.mean"
MASS = "gensrc.likelihoods.cross_entropy_mass"
EVIDENCE = "gensrc.vae.linear_gaussian.LinearGaussian.log_prob"
POSTERIOR = "gensrc.vae.linear_gaussian.LinearGaussian.posterior"
LINEAR = "gensrc.vae.linear_gaussian.LinearGaussian.elbo"
COUPLE = "gensrc.vae.flows.couple"
UNCOUPLE = "gensrc.vae.flows.uncouple"
FLOW = "gensrc.vae.flows.CouplingFlow.log_prob"
LOG_K = " - math.log(log_weights.shape[-1])"

BOUNDS = [
    Break("eq-elbo (guesses)", ELBO, "- beta * kl", "+ beta * kl"),
    Break("eq-elbo (guesses)", DIAGONAL, "- log_var)", "+ log_var)"),
    Break("prop-prior-sampling (k = 3)", "cell", "x**2 / 6", "x**2 / 3"),
    Break("thm-elbo-bound (400 normal q)", ELBO, "- beta * kl", "+ beta * kl"),
    Break("thm-elbo-gap (400 normal q)", DIAGONAL, "/ 2", ""),
    Break(
        "thm-elbo-gap (400 normal q)", "gensrc.divergences.kl", "kl_terms(p, q)", "kl_terms(q, p)"
    ),
    Break("cor-encoder (slopes in mean and log-variance)", "cell", "-coin_gap", "coin_gap"),
    Break("cor-encoder (slopes in mean and log-variance)", DRAW, "log_var / 2", "log_var"),
]

NORMALS = [
    Break("prop-gaussian-kl (by integration)", "cell", "@ delta - 2", "@ delta - 1"),
    Break("prop-gaussian-kl (by integration)", "cell", "delta @ inverse @ delta", "delta @ delta"),
    Break("eq-kl-full (by integration)", FULL, "- log_var)", "+ log_var)"),
    Break("eq-kl-full (by integration)", FULL, "torch.expm1(", "torch.exp("),
    Break("eq-kl-full (by integration)", FULL, " + mixed / 2", ""),
    Break(  # as printed in a source
        ("eq-kl-diagonal (by integration)", "eq-kl-diagonal (σ = ½)"),
        DIAGONAL,
        "- log_var)",
        "- (log_var / 2).square())",
    ),
    Break("eq-kl-diagonal (by integration)", DIAGONAL, "mean.square()", "mean"),
]

GRADIENTS = [
    Break("eq-reparameterised (square)", DRAW, "log_var / 2", "log_var"),
    Break("eq-score-function (square)", SCORE, "* log_q", "+ log_q"),
    Break("prop-two-variances (square)", "cell", "14 * mu**2", "18 * mu**2"),
    Break("prop-two-variances (sine)", "cell", "(1 - 4 * omega**2)", "(1 - omega**2)"),
    Break("thm-pathwise-gradient (mean of the estimates)", DRAW, "log_var / 2", "log_var"),
    Break("eq-score-function (linear model)", SCORE, "* log_q", "+ log_q"),
    Break(
        (
            "thm-pathwise-gradient (REINFORCE over pathwise)",
            "thm-pathwise-gradient (the same with a baseline)",
        ),
        SCORE,
        "value.detach() *",
        "value.detach() / 10 *",
    ),
]

DECODERS = [
    Break("eq-cross-entropy-mass", MASS, "safe / 2", "safe"),
    Break("eq-cross-entropy-mass (λ = .5, .9, .99)", BERNOULLI, "-binary", "-2 * binary"),
    Break("eq-continuous-bernoulli (mass)", GREY, "expm1(-size) / size", "expm1(-size) / 2"),
    Break("eq-continuous-bernoulli (mass)", GREY, "x - 0.5", "x"),
    Break("eq-continuous-bernoulli (mean)", GREY, "output > 0, 1 - x, x", "output > 0, x, 1 - x"),
    Break("eq-continuous-bernoulli (mean)", GREY_MEAN, "- 1 / away", "+ 1 / away"),
    Break(
        "prop-continuous-bernoulli (normaliser)", GREY, "expm1(-size) / size", "expm1(-size) / 2"
    ),
    Break(
        "prop-one-draw (variance)",
        BOUND,
        "z = reparameterize(mean, log_var, noise)",
        "z = reparameterize(mean, log_var, noise[..., :1, :])",
    ),
    Break("prop-one-draw (mean)", "cell", ".log_likelihood.mean(1)", ".log_likelihood.sum(1)"),
    Break(
        "prop-one-draw (not that of one example)",
        "cell",
        "(average - means)",
        "(average - average)",
    ),
]

EXACT = [
    Break("eq-linear-evidence", EVIDENCE, "self.std**2", "self.std"),
    Break("thm-linear-tight", LINEAR, "error + spread", "error"),
    Break("thm-linear-tight", POSTERIOR, "eye + ", "2 * eye + "),
    Break("eq-linear-posterior (means)", POSTERIOR, "@ covariance / self.std**2", "@ covariance"),
    Break("eq-linear-posterior (Σ)", POSTERIOR, "self.weight / self.std**2", "self.weight"),
    Break("thm-elbo-gap (linear model)", FULL, "- log_var)", "+ log_var)"),
    Break("eq-linear-elbo (by integration)", LINEAR, "error + spread", "error"),
]

DIGITS = [
    Break(
        "alg-vae (held-out digits, nats over independent pixels)",
        BOUND,
        "reparameterize(mean,",
        "reparameterize(-mean,",
    ),
    Break("thm-elbo-gap (50 held-out digits)", DIAGONAL, "/ 2", ""),
    Break("thm-elbo-bound (50 held-out digits)", ELBO, "- beta * kl", "+ beta * kl"),
]

DRAWS = [
    Break("eq-importance-weighted (K = 1)", WEIGHTED, "shape[-1])", "shape[-1] + 1)"),
    Break(
        (
            "thm-importance-weighted (K = 1 to 7, all outcomes)",
            "thm-importance-weighted (digits, K = 1, 5, 50)",
        ),
        WEIGHTED,
        "logsumexp(-1)",
        "amax(-1)",
    ),
    Break("thm-importance-weighted (below log p)", WEIGHTED, LOG_K, ""),
    Break("eq-importance-weighted (K = 50 to log p)", WEIGHTED, LOG_K, ""),
    Break("eq-importance-weighted (K = 50 to log p)", WEIGHTS, "- z.square()", "+ z.square()"),
]

FLOWS = [
    Break(
        ("thm-elbo-gap (normal and flow)", "eq-flow-density (mass of q)"),
        FLOW,
        "return log_det -",
        "return -log_det -",
    ),
    Break(
        "prop-flow (nats, flow over normal)", COUPLE, "log_scale.sum(-1)", "3 * log_scale.sum(-1)"
    ),
    Break("eq-coupling (determinant)", COUPLE, "log_scale.sum(-1)", "log_scale.sum(-1) / 2"),
    Break("eq-coupling (inverse)", UNCOUPLE, "moved - shift", "moved + shift"),
]

COLLAPSE = [
    Break("prop-collapse (by search)", "cell", "v - beta * noise_var", "v - noise_var"),
    Break(
        "prop-collapse (largest variance of the digits)", "cell", "(data.T))[-1]", "(data.T))[0]"
    ),
    Break(
        "prop-collapse (nats told by z, s = 1 and β = 8)",
        DIAGONAL,
        "torch.expm1(log_var)",
        "log_var.exp()",
    ),
    Break("prop-collapse (nats told by z, s = ⅕)", DIAGONAL, "- log_var)", ")"),
]

BREAKS = BOUNDS + NORMALS + GRADIENTS + DECODERS + EXACT + DIGITS + DRAWS + FLOWS + COLLAPSE
