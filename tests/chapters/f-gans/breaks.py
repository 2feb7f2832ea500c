"""Breaks of ``book/chapters/10-f-gans.md``."""

from tests.support.breaks import Break

ROWS = "gensrc.fgan.rows."
TERMS = "gensrc.numerics.alpha_terms"
BOUND = "gensrc.fgan.variational_bound"
LOSS = "gensrc.fgan.fgan_loss"
STEP = "gensrc.training.simultaneous"
DIVERGENCE = "gensrc.divergences.f_divergence"

TWO_COINS = [
    Break(
        "eq-variational-bound (two coins, by search)", ROWS + "pearson_conjugate", "- 1", "- 0.9"
    ),
    Break(
        "eq-variational-bound (two coins, tosses in proportion)",
        BOUND,
        "critic_p.mean() - paid",
        "critic_p.sum() - paid",
    ),
    Break(
        "eq-variational-bound (two coins, tosses in proportion)",
        BOUND,
        "divergence.conjugate(critic_q)",
        "divergence.conjugate(critic_p)",
    ),
]

DIVERGENCES = [
    Break("prop-jensen-zero (every named row but GAN)", ROWS + "reverse_kl_generator", "-u", "u"),
    Break("prop-jensen-zero (equal distributions)", ROWS + "kl_generator", "xlogy(u, u)", "u"),
    Break(
        "prop-jensen-zero (equal distributions)",
        ROWS + "alpha_generator",
        "alpha_terms(",
        "a + alpha_terms(",
    ),
    *(
        Break("def-f-ratio (nine rows)", ROWS + name, old, new)
        for name, old, new in (
            ("kl_generator", "xlogy(u, u)", "2 * xlogy(u, u)"),
            ("pearson_generator", ".square()", ".abs()"),
            ("neyman_generator", "(1 - 1 / u)", "(u - 1)"),
            ("squared_hellinger_generator", ".square()", ".square() / 2"),
            ("jeffrey_generator", "(u - 1)", "(u + 1)"),
            ("jensen_shannon_generator", "w * kl_terms(u, m)", "2 * w * kl_terms(u, m)"),
            ("total_variation_generator", "/ 2", ""),
            ("gan_generator", "- torch.log1p(u)", "+ torch.log1p(u)"),
        )
    ),
    Break(
        "prop-affine (alpha = 1 and 0)",
        ROWS + "alpha_generator",
        "(u), a)",
        "(u), 1 - a)",
    ),
    Break(
        "prop-affine (alpha = 1 and 0)",
        ROWS + "alpha_generator",
        "alpha_terms(",
        "2 * alpha_terms(",
    ),
    Break("def-weighted-generator", ROWS + "jensen_shannon_generator", "= w *", "= (1 - w) *"),
    Break("def-weighted-generator", ROWS + "jensen_shannon_generator", "+ (1 - w) *", "+ w *"),
    Break("def-alpha-generator (alpha = 2, 1/2, -1)", TERMS, "alpha == 1", "alpha >= 1"),
    Break("prop-reversed (every row)", "cell", "u * row.f(1 / u)", "row.f(1 / u)"),
    Break("prop-reversed (every row)", ROWS + "alpha_generator", "(u), a)", "(u), 2 * a)"),
    Break("prop-ceiling (disjoint supports)", DIVERGENCE, "exact_p * (slope", "exact_q * (slope"),
    Break(
        "prop-ceiling (disjoint supports)", DIVERGENCE, "exact_q * (at_zero", "exact_p * (at_zero"
    ),
    Break("prop-ceiling (any supports)", ROWS + "total_variation_generator", "/ 2", "* 4"),
]

CONJUGATES = [
    *(
        Break("prop-conjugates (15 rows, on their domains)", ROWS + name, old, new)
        for name, old, new in (
            ("kl_conjugate", "(t - 1)", "t"),
            ("reverse_kl_conjugate", "-1 -", "1 -"),
            ("pearson_conjugate", "t.clamp(min=-2)", "t"),
            ("neyman_conjugate", "2 - 2 *", "1 - 2 *"),
            ("squared_hellinger_conjugate", "(1 - distance) / distance", "1 / distance"),
            ("jeffrey_conjugate", "torch.expm1(-x) - x", "torch.expm1(-x) + x"),
            ("jensen_shannon_conjugate", "(t - high) / w", "t - high"),
            ("jensen_shannon_conjugate", "value = (1 - w) *", "value = w *"),
            ("total_variation_conjugate", "t.clamp(min=-0.5)", "t"),
            ("gan_conjugate", "-(-torch", "(-torch"),
            ("alpha_conjugate", "a / (a - 1)", "1 / (a - 1)"),
            ("alpha_conjugate", "-1 / a if a > 1 else math.inf", "math.inf"),
        )
    ),
    Break("prop-conjugates (beyond the domain)", ROWS + "gan_conjugate", "math.inf", "0.0"),
    Break(
        "prop-conjugates (the printed parabola below -2)",
        "cell",
        "low + low**2 / 4",
        "PEARSON.conjugate(low)",
    ),
    Break(
        "lem-fenchel-young (every slope)",
        ROWS + "kl_conjugate",
        "(t - 1).exp()",
        "(t - 1).exp() / 2",
    ),
    Break("lem-fenchel-young (t = f'(u))", ROWS + "neyman_critic", "u**-2", "u**-1"),
    Break("lem-fenchel-young (t = f'(u))", ROWS + "alpha_critic", "/ (a - 1)", "/ a"),
    Break("thm-biconjugate (15 rows)", ROWS + "jeffrey_conjugate", "(x + x.exp() - z)", "(x - z)"),
    Break("thm-biconjugate (15 rows)", ROWS + "pearson_conjugate", "- 1", "- 0.9"),
]

BOUNDS = [
    *(
        Break("thm-variational-bound (tight at T*, 15 rows)", ROWS + name, old, new)
        for name, old, new in (
            ("kl_critic", "1 + u.log()", "u.log()"),
            ("reverse_kl_critic", "-1 / u", "-u"),
            ("pearson_critic", "2 *", ""),
            ("squared_hellinger_critic", "u.rsqrt()", "u.sqrt()"),
            ("jeffrey_critic", "+ 1 - 1 / u", "+ 1"),
            ("jensen_shannon_critic", "(1 - w) / u", "(1 - w) * u"),
            ("total_variation_critic", "/ 2", "/ -2"),
            ("gan_critic", "-torch", "-2 * torch"),
            ("alpha_critic", "u.log() if a == 1", "1 + u.log() if a == 1"),
        )
    ),
    *(
        Break("thm-variational-bound (100 random critics, 15 rows)", ROWS + name, old, new)
        for name, old, new in (
            ("kl_conjugate", "(t - 1).exp()", "(t - 1)"),
            ("reverse_kl_conjugate", "-1 -", "-2 -"),
            ("squared_hellinger_conjugate", "1 / distance - 1)", "1 / distance - 2)"),
            ("jensen_shannon_conjugate", "-torch.expm1(gap)", "1 + gap.exp()"),
        )
    ),
    Break("thm-variational-bound (T = f(1) for KL)", ROWS + "kl_conjugate", "(t - 1)", "t"),
    Break(
        "thm-variational-bound (trained critics, exact expectations)",
        ROWS + "reverse_kl_cost",
        "v - 1",
        "v - 2",
    ),
    Break(
        "thm-variational-bound (trained critics, middle copies)",
        LOSS,
        "divergence.cost(fake).mean() - divergence",
        "2 * divergence.cost(fake).mean() - divergence",
    ),
    Break("eq-variational-bound (20 examples, p = q)", "cell", "(eager(few[0])", "(eager(few[1])"),
    Break(
        "eq-variational-bound (the same critic, exact expectations)",
        ROWS + "pearson_conjugate",
        "- 1",
        "- 2",
    ),
]

ACTIVATIONS = [
    Break("prop-activations (they increase)", ROWS + "reverse_kl_activation", "(-v)", "(v)"),
    Break("prop-activations (they increase)", ROWS + "below_one_activation", "(-v)", "(v)"),
    Break("prop-activations (they increase)", ROWS + "gan_activation", "(v)", "(-v)"),
    Break(
        "prop-activations (inside the domain, v up to 240)",
        ROWS + "total_variation_activation",
        "/ 2",
        "",
    ),
    *(
        Break("prop-activations (one after the other)", ROWS + name, old, new)
        for name, old, new in (
            ("reverse_kl_cost", "v - 1", "v"),
            ("neyman_cost", "-v / 2", "-v"),
            ("squared_hellinger_cost", "expm1(v)", "exp(v)"),
            ("gan_cost", "(-v)", "(v)"),
            ("jensen_shannon_cost", "math.log(1 - w)", "math.log(w)"),
            ("alpha_cost", "rate * v", "v"),
        )
    ),
    Break("prop-activations (best outputs)", ROWS + "below_one_activation", "(-v)", "(-v / 2)"),
    Break(
        "prop-activations (best outputs)",
        ROWS + "jensen_shannon_activation",
        "high + w",
        "high + 1",
    ),
    Break(
        "prop-activations (float32, far out)",
        ROWS + "squared_hellinger_cost",
        "torch.expm1(v)",
        "1 / (1 - (1 - (-v).exp())) - 1",
    ),
    Break("prop-activations (float32, g rounded to 1)", "cell", "([20.0, 60.0])", "([5.0, 9.0])"),
]

GAMES = [
    Break(
        "def-f-gan-objective (the minimax game)", LOSS, "return -divergence", "return divergence"
    ),
    Break("def-f-gan-objective (the minimax game)", ROWS + "gan_cost", "-logsigmoid", "logsigmoid"),
    Break(
        "def-f-gan-objective (the bound, nine rows)", LOSS, "activation(real)", "activation(fake)"
    ),
    Break("def-f-gan-objective (the bound, nine rows)", LOSS, ".mean() -", ".mean() +"),
    Break(
        "def-f-gan-objective (KL overflows at 90 in float32)",
        ROWS + "kl_conjugate",
        "(t - 1)",
        "(t / 2)",
    ),
    Break("def-f-gan-objective (KL at 89 in float32)", ROWS + "kl_conjugate", "(t - 1)", "(t + 1)"),
    Break(
        "thm-single-step (50 quadratic games, 100 steps)",
        "cell",
        "1, 1, 1, -1, -1, -1",
        "1, 1, 1, 1, 1, 1",
    ),
    Break(
        "thm-single-step (50 quadratic games, 100 steps)",
        "cell",
        "delta / smoothness)[",
        "3 / delta)[",
    ),
    Break(
        "alg-single-step (one step from the slopes of F)",
        STEP,
        "fake.detach()",
        "2 * fake.detach()",
    ),
    Break(
        "alg-single-step (one step from the slopes of F)",
        LOSS,
        "return -divergence",
        "return divergence",
    ),
    Break(
        "prop-flat-saddle (eight rows, any generator)", ROWS + "kl_critic", "1 + u.log()", "u.log()"
    ),
    Break(
        "prop-flat-saddle (eight rows, any generator)", ROWS + "neyman_conjugate", "2 - 2", "1 - 2"
    ),
]

FITS = [
    Break("prop-kl-moments (separation 2)", ROWS + "kl_generator", "xlogy(u, u)", "-u.log()"),
    Break(
        "def-best-normal (three rows seek, s = 2)",
        ROWS + "reverse_kl_generator",
        "-u.log()",
        "u * u.log()",
    ),
    Break(
        "def-best-normal (three rows seek, s = 2)",
        ROWS + "neyman_generator",
        "(1 - 1 / u)",
        "(u - 1)",
    ),
    Break(
        "def-best-normal (three rows cover, s = 2)",
        ROWS + "pearson_generator",
        "(u - 1).square()",
        "-u.log()",
    ),
    Break(
        ("def-best-normal (Jensen-Shannon covers, s = 2.5)",),
        ROWS + "jensen_shannon_generator",
        "value = w * kl_terms(u, m) + (1 - w) * kl_terms(torch.ones_like(u), m)",
        "value = -u.log()",
    ),
    Break(
        "def-best-normal (Jensen-Shannon seeks, s = 3)",
        ROWS + "jensen_shannon_generator",
        "value = w * kl_terms(u, m) + (1 - w) * kl_terms(torch.ones_like(u), m)",
        "value = xlogy(u, u)",
    ),
    Break(
        (
            "def-f-gan-objective (KL and JSD, each copy)",
            "def-f-gan-objective (reverse KL, each copy)",
            "def-f-gan-objective (reverse KL is narrower than KL)",
        ),
        STEP,
        "optimizers.generator.step()",
        "pass",
    ),
    Break("prop-ceiling (KL: the bound climbs)", ROWS + "kl_conjugate", "(t - 1)", "(1 - t)"),
    Break(
        "prop-ceiling (Jensen-Shannon: log 2)",
        ROWS + "jensen_shannon_conjugate",
        "value = (1 - w) *",
        "value = w / 2 *",
    ),
]

BREAKS = [*TWO_COINS, *DIVERGENCES, *CONJUGATES, *BOUNDS, *ACTIVATIONS, *GAMES, *FITS]
