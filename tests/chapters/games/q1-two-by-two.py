# %% right: reference
def solve_two_by_two(payoff: Tensor) -> tuple[float, float, float]:
    (a, b), (c, d) = payoff.tolist()
    for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)):
        entry = float(payoff[i, j])
        if entry == float(payoff[i].min()) and entry == float(payoff[:, j].max()):
            return entry, 1.0 - i, 1.0 - j
    total = a - b - c + d
    return (a * d - b * c) / total, (d - c) / total, (d - b) / total


# %% right: the best of three candidates for each player
def solve_two_by_two(payoff):
    a, b, c, d = payoff.flatten().tolist()
    total = a - b - c + d
    xs, ys = [0.0, 1.0], [0.0, 1.0]
    if total != 0:
        xs += [v for v in [(d - c) / total] if 0 <= v <= 1]
        ys += [v for v in [(d - b) / total] if 0 <= v <= 1]
    earned = {x: min(x * a + (1 - x) * c, x * b + (1 - x) * d) for x in xs}
    paid = {y: max(y * a + (1 - y) * b, y * c + (1 - y) * d) for y in ys}
    x, y = max(earned, key=earned.get), min(paid, key=paid.get)
    return earned[x], x, y


# %% right: max-min and min-max compared, tensors in float32
def solve_two_by_two(payoff):
    payoff = payoff.float()
    lowest, highest = payoff.amin(1), payoff.amax(0)
    if lowest.max() == highest.min():
        return lowest.max(), 1.0 - lowest.argmax().float(), 1.0 - highest.argmin().float()
    difference = payoff[0] - payoff[1]
    x = (payoff[1, 1] - payoff[1, 0]) / (difference[0] - difference[1])
    y = (payoff[1, 1] - payoff[0, 1]) / (difference[0] - difference[1])
    return x * payoff[0, 0] + (1 - x) * payoff[1, 0], x, y


# %% wrong: saddle points forgotten | A probability lies outside [0, 1]
def solve_two_by_two(payoff):
    (a, b), (c, d) = payoff.tolist()
    total = a - b - c + d
    return (a * d - b * c) / total, (d - c) / total, (d - b) / total


# %% wrong: saddle points forgotten, in tensors | in a game with a saddle point the players do not mix
def solve_two_by_two(payoff):
    (a, b), (c, d) = payoff
    total = a - b - c + d
    return (a * d - b * c) / total, (d - c) / total, (d - b) / total


# %% wrong: the players exchanged | You exchanged the two players
def solve_two_by_two(payoff):
    (a, b), (c, d) = payoff.tolist()
    for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)):
        entry = float(payoff[i, j])
        if entry == float(payoff[i].min()) and entry == float(payoff[:, j].max()):
            return entry, 1.0 - i, 1.0 - j
    total = a - b - c + d
    return (a * d - b * c) / total, (d - b) / total, (d - c) / total


# %% wrong: the second row and column | probabilities of the second row
def solve_two_by_two(payoff):
    (a, b), (c, d) = payoff.tolist()
    for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)):
        entry = float(payoff[i, j])
        if entry == float(payoff[i].min()) and entry == float(payoff[:, j].max()):
            return entry, 1.0 - i, 1.0 - j
    total = a - b - c + d
    return (a * d - b * c) / total, (a - b) / total, (a - c) / total


# %% wrong: probabilities cut off at 0 and 1 | The value is wrong in a game with a saddle point
def solve_two_by_two(payoff):
    a, b, c, d = payoff.flatten().tolist()
    total = a - b - c + d or 1.0
    x, y = (min(max(v / total, 0.0), 1.0) for v in (d - c, d - b))
    value = x * (y * a + (1 - y) * b) + (1 - x) * (y * c + (1 - y) * d)
    return value, x, y


# %% wrong: always the first row where there is a saddle point | your row strategy earns less
def solve_two_by_two(payoff):
    (a, b), (c, d) = payoff.tolist()
    lowest, highest = payoff.amin(1), payoff.amax(0)
    if lowest.max() == highest.min():
        return lowest.max(), 1.0, 1.0 - highest.argmin()
    total = a - b - c + d
    return (a * d - b * c) / total, (d - c) / total, (d - b) / total


# %% wrong: the column of the largest entry | your column strategy pays more
def solve_two_by_two(payoff):
    (a, b), (c, d) = payoff.tolist()
    lowest, highest = payoff.amin(1), payoff.amax(0)
    if lowest.max() == highest.min():
        return lowest.max(), 1.0 - lowest.argmax(), 1.0 - highest.argmax()
    total = a - b - c + d
    return (a * d - b * c) / total, (d - c) / total, (d - b) / total


# %% wrong: the sign of the value | The value of the first test is 1/13
def solve_two_by_two(payoff):
    (a, b), (c, d) = payoff.tolist()
    total = a - b - c + d
    return (b * c - a * d) / total, (d - c) / total, (d - b) / total


# %% wrong: no mixing at all | With x = 8/13 both columns cost 1/13
def solve_two_by_two(payoff):
    lowest, highest = payoff.amin(1), payoff.amax(0)
    return lowest.max(), 1.0 - lowest.argmax(), 1.0 - highest.argmin()


# %% wrong: the first column of a dominated game missed | the first column 1
def solve_two_by_two(payoff):
    (a, b), (c, d) = payoff.tolist()
    total = a - b - c + d
    if total == 0:
        return max(a, c), float(a > c), 0.0
    return (a * d - b * c) / total, (d - c) / total, (d - b) / total


# %% wrong: the value as a list of one number | must return shape () here, got (1,) for value
def solve_two_by_two(payoff):
    (a, b), (c, d) = payoff.tolist()
    total = a - b - c + d
    return [(a * d - b * c) / total], (d - c) / total, (d - b) / total


# %% wrong: the value only | must return 3 parts
def solve_two_by_two(payoff):
    (a, b), (c, d) = payoff.tolist()
    return (a * d - b * c) / (a - b - c + d)
