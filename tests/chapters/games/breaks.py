"""Wrong formulas that the claims of chapter 8, games, must notice."""

from tests.support.breaks import Break

SOLVE = "gensrc.games.zero_sum.solve_matrix_game"
PROGRAMME = "gensrc.games.zero_sum._programme"
EXPECTED = "gensrc.games.zero_sum.expected_payoff"
GAP = "gensrc.games.zero_sum.exploitability"
WEIGHTS = "gensrc.games.repeated.multiplicative_weights"
REGRET = "gensrc.games.repeated.regret"
AVERAGE = "gensrc.games.repeated.running_average"
PURE = "gensrc.games.bimatrix.pure_equilibria"
MIXED = "gensrc.games.bimatrix.mixed_equilibria"
GAINS = "gensrc.games.bimatrix.deviation_gains"
INDIFFERENT = "gensrc.games.bimatrix._indifferent"
FIELD = "gensrc.games.dynamics.xy_field"
ORBIT = "gensrc.games.dynamics.xy_orbit"
SIMULTANEOUS = "gensrc.games.dynamics.simultaneous"
ALTERNATING = "gensrc.games.dynamics.alternating"
EXTRAGRADIENT = "gensrc.games.dynamics.extragradient"
PROXIMAL = "gensrc.games.dynamics.xy_proximal"

EQUILIBRIA = [
    Break("eq-game-programme (fingers, by search)", SOLVE, "least + (most", "least.abs() + (most"),
    Break(
        (
            "eq-game-programme (hands, fingers, kicks)",
            "thm-minimax (40 games, players exchanged)",
        ),
        SOLVE,
        "least + (most",
        "least.abs() + (most",
    ),
    Break("eq-game-programme (fingers, the strategy)", SOLVE, "row.to", "row.flip(0).to"),
    Break(
        "eq-game-programme (hands)", SOLVE, "row.to(", "(row.cumsum(0) / row.cumsum(0).sum()).to("
    ),
    Break(
        ("eq-game-programme (fingers, by search)", "eq-game-programme (fingers, the strategy)"),
        "cell",
        "[2, -3], [-3, 4]",
        "[2, -3], [-4, 4]",
    ),
    Break("prop-maxmin ((a - b)^2)", "cell", ") ** 2", ").abs()"),
    Break(
        "prop-maxmin (400 random matrices)",
        "cell",
        "highest_row - lowest_column",
        "lowest_column - highest_row",
    ),
    Break("prop-maxmin (hands, one action each)", "cell", "[1, 0, -1]", "[1, 0, 1]"),
    Break("thm-saddle-value (numbers of saddle points)", PURE, "b.amax(1", "b.amin(1"),
    Break("def-nash (prisoners)", PURE, "a.amax(0", "a.amin(0"),
    Break("def-nash (sides)", "cell", "[10, 0], [0, 10]", "[0, 10], [10, 0]"),
    Break("def-nash (hands)", "cell", "(hands, -hands)", "(hands, hands)"),
    Break("def-nash (prisoners as printed)", "cell", "numbers([1, 2], [0, 0])", "prisoners.T"),
    Break("prop-indifference (friends)", MIXED, "_strategy(row, row", "_strategy(row[::-1], row"),
    Break("def-mixed-payoff (friends)", EXPECTED, "* column", "* row"),
    Break(
        "prop-indifference (no gain from leaving, 60 random games)",
        INDIFFERENT,
        "gain > 0",
        "gain > 10**99",
    ),
    Break("prop-indifference (kicks)", SOLVE, "row.to", "row.flip(0).to"),
    Break("def-exploitability (kicks as observed)", GAP, "payoff.mT", "payoff"),
    Break(
        "def-exploitability (kicks as observed)", GAINS, "by_column) * column", "by_column) * row"
    ),
]

THEOREM = [
    Break("lem-exponential-mean (500 distributions, R = 1)", "cell", "eta**2 / 8", "eta**2 / 16"),
    Break("prop-regret (20 games, both players)", WEIGHTS, "+ rate * gains", "- rate * gains"),
    Break("prop-regret (20 games, both players)", REGRET, " / len(gains)", ""),
    Break(
        ("cor-average-play (gap = sum of regrets)", "cor-average-play (20 games)"),
        AVERAGE,
        "cumsum(0) / rounds[:, None]",
        "cummax(0).values.softmax(1)",
    ),
    Break("cor-average-play (20 games)", WEIGHTS, "- rate * losses", "+ rate * losses"),
    Break("thm-minimax (40 games, players exchanged)", "cell", "-game.T", "game.T"),
    Break("prop-certificate (40 solutions)", SOLVE, "row.to", "row.flip(0).to"),
    Break(
        ("prop-certificate (40 solutions)", "prop-certificate (5,000 other pairs)"),
        GAP,
        "amin(-1)",
        "amax(-1)",
    ),
    Break(
        ("prop-idealised-game (equilibria)", "prop-idealised-game (D = 0.6 off the data)"),
        "gensrc.games.virtual_criterion",
        "xlogy(p_data, d_star) +",
        "xlogy(p_data, d_star) / 2 +",
    ),
    Break("prop-idealised-game (D = 0.6 off the data)", "cell", "amin(-1)", "amax(-1)"),
    Break("prop-idealised-game (no other pair is one)", "cell", "- worst", "+ worst"),
    Break(
        ("prop-own-payoffs (D = q/p, by search)", "prop-own-payoffs (KL(q || p))"),
        "cell",
        "* (1 - tried)",
        "* (1 - tried.square())",
    ),
    Break(
        ("prop-own-payoffs (KL(q || p))", "prop-own-payoffs (as printed: -KL(q || p))"),
        "gensrc.divergences.kl",
        "kl_terms(p, q)",
        "kl_terms(q, p)",
    ),
    Break(
        "prop-own-payoffs (as printed: a minimum)",
        "cell",
        "p * (d - 1) - q * d.log()",
        "p * (1 - d) + q * d.log()",
    ),
    Break("prop-own-payoffs (one objective: no bound)", "cell", "numbers(k)", "numbers(0.1)"),
]

FLOWS = [
    Break("def-xy-flow (by differentiation)", FIELD, "-point[..., 1]", "point[..., 1]"),
    Break(
        ("eq-xy-orbit (differential equation)", "eq-xy-orbit (constant radius)"),
        ORBIT,
        "x * cos - y * sin",
        "x * cos + y * sin",
    ),
    Break(
        ("eq-simultaneous-radius (relative)", "eq-simultaneous-radius (step 0.1, n = 100)"),
        SIMULTANEOUS,
        "size * field",
        "size / 2 * field",
    ),
    Break(
        "eq-alternating-invariant (relative, step 0.9)",
        ALTERNATING,
        "field(moved)",
        "field(point)",
    ),
    Break("eq-alternating-invariant (radius)", ALTERNATING, "field(moved)", "field(point)"),
    Break("eq-simultaneous-radius (step 0.1, n = 100)", "cell", "numbers(1, 0), size", "z, size"),
    Break(
        "eq-extragradient-radius (relative)",
        EXTRAGRADIENT,
        "point + size * field(point + size",
        "point + size * field(point - size",
    ),
    Break("eq-extragradient-radius (relative)", "cell", "1 - eta**2 + eta**4", "1 - eta**2"),
    Break("eq-proximal-radius (relative)", PROXIMAL, "return cos * (", "return ("),
    Break("prop-last-play (hands: farther every round)", "cell", "1 / 3, 1 / 3", "1 / 2, 1 / 6"),
    Break(
        "prop-last-play (hands: the last round is exploitable)",
        WEIGHTS,
        "log_row.exp() @ a",
        "(log_row + rate * a @ log_column.exp()).softmax(0) @ a",
    ),
]

BREAKS = EQUILIBRIA + THEOREM + FLOWS
