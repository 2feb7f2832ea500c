# %% right: reference
def final_radii(radius: Tensor, a: Tensor, rate: Tensor, steps: int) -> tuple[Tensor, Tensor]:
    b = (a * rate) ** 2
    return radius * (1 + b) ** (steps / 2), radius * ((1 - b) ** 2 + b) ** (steps / 2)


# %% right: complex numbers
def final_radii(radius, a, rate, steps):
    turn = 1j * a * rate
    return radius * (1 + turn).abs() ** steps, radius * (1 + turn * (1 + turn)).abs() ** steps


# %% right: the steps themselves, in NumPy
def final_radii(radius, a, rate, steps):
    import numpy as np

    radius, b = radius.numpy(), (a * rate).numpy()
    z = w = np.stack([radius, 0 * radius])

    def field(p):
        return np.stack([-b * p[1], b * p[0]])

    for _ in range(steps):
        z = z + field(z)
        w = w + field(w + field(w))
    return np.hypot(*z), np.hypot(*w)


# %% wrong: a forgotten | does a multiply the step?
def final_radii(radius, a, rate, steps):
    b = rate**2
    return radius * (1 + b) ** (steps / 2), radius * (1 - b + b**2) ** (steps / 2)


# %% wrong: the power n | raised the factor of the squared radius to the power n
def final_radii(radius, a, rate, steps):
    b = (a * rate) ** 2
    return radius * (1 + b) ** steps, radius * (1 - b + b**2) ** steps


# %% wrong: a not squared | The radius after simultaneous steps is wrong
def final_radii(radius, a, rate, steps):
    b = a.abs() * rate**2
    return radius * (1 + b) ** (steps / 2), radius * (1 - b + b**2) ** (steps / 2)


# %% wrong: a sign in the extragradient step | A sign is wrong in the extragradient step
def final_radii(radius, a, rate, steps):
    b = (a * rate) ** 2
    return radius * (1 + b) ** (steps / 2), radius * (1 + b + b**2) ** (steps / 2)


# %% wrong: the implicit step | The radius after extragradient steps is wrong
def final_radii(radius, a, rate, steps):
    b = (a * rate) ** 2
    return radius * (1 + b) ** (steps / 2), radius * (1 + b) ** (-steps / 2)


# %% wrong: the trial point only | After the two extragradient steps of the test the radius is 1
def final_radii(radius, a, rate, steps):
    b = (a * rate) ** 2
    return radius * (1 + b) ** (steps / 2), radius * (1 + b) ** (steps / 2)


# %% wrong: one step | The radius after simultaneous steps is wrong
def final_radii(radius, a, rate, steps):
    b = (a * rate) ** 2
    return radius * (1 + b).sqrt(), radius * (1 - b + b**2).sqrt()
