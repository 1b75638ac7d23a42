#!/usr/bin/env python3
"""Arbitrary-precision switching probabilities and eigenvalues of the axial Fokker-Planck equation.

Independent of the finite volumes in every respect: Legendre moments a_l = <P_l(z)> with

  d a_l/dt = -l(l+1)/(2 Delta) a_l + l(l+1)/(2l+1) < (P_{l-1} - P_{l+1}) (c + kappa z) >,

integrated by the Taylor series of the exponential in fixed point of 320 bits. Start: thermal
equilibrium at c = h, kappa = 1 in the half sphere z < 0. Read-out: sign of z after a relaxation at
c = h, kappa = 1. Time unit: tau_D. Needs mpmath only. Usage:

  python3 legendre.py > legendre.csv          # about a minute
  python3 legendre.py --check > /dev/null     # also prints the change from 24 moments more
"""

import sys
from mpmath import mp, mpf

BITS = 320
ONE = 1 << BITS
mp.prec = BITS + 32


def fixed(x):
    return int(mp.nint(mpf(x) * ONE))


def legendre_values(z, count):
    values = [mpf(1), mpf(z)]
    for l in range(1, count):
        values.append(((2 * l + 1) * z * values[l] - l * values[l - 1]) / (l + 1))
    return values


def gauss_legendre(n):
    """Nodes and weights on [-1, 1]."""
    found = []
    for k in range(n):
        z = mp.cos(mp.pi * (k + mpf(3) / 4) / (n + mpf(1) / 2))
        for _ in range(12):
            p = legendre_values(z, n)
            slope = n * (z * p[n] - p[n - 1]) / (z * z - 1)
            change = p[n] / slope
            z -= change
            if abs(change) < mpf(2) ** (-BITS // 2 - 20):
                break
        p = legendre_values(z, n)
        slope = n * (z * p[n] - p[n - 1]) / (z * z - 1)
        found.append((z, 2 / ((1 - z * z) * slope * slope)))
    return found


NODES = gauss_legendre(160)


def initial_moments(delta, h, count):
    moments = [mpf(0)] * count
    for x, w in NODES:
        z = (x - 1) / 2
        density = w * mp.exp(delta * (z * z + 2 * h * z))
        for l, p in enumerate(legendre_values(z, count)[:count]):
            moments[l] += density * p
    return [fixed(m / moments[0]) for m in moments]


def rates(delta, c, kappa, count):
    """Rows of the generator: five diagonals, row l couples to l-2 ... l+2 (fixed point)."""
    rows = []
    for l in range(count):
        row = {}

        def add(k, value):
            if 0 <= k < count and value:
                row[k] = row.get(k, mpf(0)) + value

        add(l, -mpf(l * (l + 1)) / (2 * delta))
        f = mpf(l * (l + 1)) / (2 * l + 1)
        for k, sign in ((l - 1, 1), (l + 1, -1)):
            if k < 0:
                continue
            add(k, sign * f * c)
            add(k + 1, sign * f * kappa * mpf(k + 1) / (2 * k + 1))
            add(k - 1, sign * f * kappa * mpf(k) / (2 * k + 1))
        rows.append([(k, fixed(v)) for k, v in sorted(row.items())])
    return rows


def transpose(rows):
    columns = [[] for _ in rows]
    for l, row in enumerate(rows):
        for k, v in row:
            columns[k].append((l, v))
    return columns


def evolve(rows, vector, time):
    """exp(time A) vector."""
    norm = max(sum(abs(v) for _, v in row) for row in rows) / ONE
    steps = max(1, int(float(time) * norm / 16) + 1)
    s = fixed(mpf(time) / steps)
    scaled = [[(k, (v * s) >> BITS) for k, v in row] for row in rows]
    for _ in range(steps):
        term, order = vector, 0
        total = list(vector)
        while any(abs(t) > 4 for t in term):
            order += 1
            term = [(sum(v * term[k] for k, v in row) >> BITS) // order for row in scaled]
            total = [a + b for a, b in zip(total, term)]
        vector = total
    return vector


def below_zero(count):
    """Weights that give the integral of the density over z < 0."""
    at_zero = legendre_values(mpf(0), count + 1)
    return [fixed(mpf(1) / 2)] + [fixed((at_zero[l + 1] - at_zero[l - 1]) / 2) for l in range(1, count)]


def dot(a, b):
    return sum(x * y for x, y in zip(a, b)) >> BITS


def switching(delta, h, torque, kappa, relaxation, times, count):
    delta, h, torque, kappa = mpf(delta), mpf(h), mpf(torque), mpf(kappa)
    read = evolve(transpose(rates(delta, h, mpf(1), count)), below_zero(count), relaxation)
    pulse = rates(delta, h + torque, kappa, count)
    moments, now = initial_moments(delta, h, count), mpf(0)
    for time in times:
        moments = evolve(pulse, moments, mpf(time) - now)
        now = mpf(time)
        kept = dot(moments, read)
        yield time, mpf(ONE - kept) / ONE, mpf(kept) / ONE


def eigenvalue(delta, count=120):
    """Smallest non-zero eigenvalue: inverse iteration on the odd moments (tridiagonal)."""
    delta = mpf(delta)
    rows = rates(delta, mpf(0), mpf(1), count)
    odd = [l for l in range(count) if l % 2]
    entry = [{k: mpf(v) / ONE for k, v in rows[l]} for l in odd]
    n = len(odd)
    x, value = [mpf(1)] * n, None
    for _ in range(60):
        d, r = [None] * n, list(x)
        for j in range(n):
            d[j] = -entry[j][odd[j]]
            if j:
                f = -entry[j][odd[j - 1]] / d[j - 1]
                d[j] -= f * -entry[j - 1].get(odd[j], mpf(0))
                r[j] -= f * r[j - 1]
        y = [None] * n
        for j in reversed(range(n)):
            y[j] = (r[j] - (-entry[j][odd[j + 1]] * y[j + 1] if j + 1 < n else 0)) / d[j]
        new = x[0] / y[0]
        x = [v / y[0] for v in y]
        if value is not None and abs(new - value) < mpf(10) ** -40 * abs(value):
            return new
        value = new
    raise SystemExit("inverse iteration did not settle")


CASES = [
    # delta, h, torque, kappa, relaxation, times, moments
    (40, "0", "2", "1", 10, ["1", "2", "3", "4", "6", "8", "10", "12", "14", "16", "18", "24", "28"], 120),
    (40, "0", "2", "1", 0, ["4", "8", "12", "14", "18", "22", "24", "28"], 220),
    (80, "0", "2", "1", 10, ["4", "10", "14", "18", "24"], 160),
    (40, "0", "1.6", "1.5", 10, ["1", "2", "4", "6", "8", "10", "12", "14"], 120),
    (40, "0", "0.5", "1", 10, ["0.25", "0.5", "1", "2", "5", "10", "20"], 120),
    (40, "0", "0.2", "1", 10, ["0.5", "1", "2", "5", "10"], 120),
    (60, "0.05", "0.3", "1", 10, ["1", "2", "5", "10"], 140),
    (60, "-0.1", "1.8", "0.9", 6, ["1", "2", "4", "8", "12"], 140),
    (10, "0.1", "0.9", "1.1", 5, ["0.5", "1", "2", "5", "10"], 100),
]


def main():
    check = "--check" in sys.argv
    print("# Axial Fokker-Planck equation by Legendre moments in 320 bits; made by legendre.py.")
    print("# kind,delta,h,torque,kappa,relaxation,time,switched,kept")
    print("# (times in tau_D; kind eigenvalue: `switched` is lambda_1 tau_D / (2 sqrt(delta/pi) exp(-delta)), `kept` is lambda_1 tau_D)")
    for delta in (4, 6, 8, 10, 20, 40, 60):
        value = eigenvalue(delta)
        ratio = value / (2 * mp.sqrt(mpf(delta) / mp.pi) * mp.exp(-delta))
        print(f"eigenvalue,{delta},0,0,1,0,0,{mp.nstr(ratio, 16)},{mp.nstr(value, 16)}")
    for delta, h, torque, kappa, relaxation, times, count in CASES:
        rows = list(switching(delta, h, torque, kappa, relaxation, times, count))
        for time, switched, kept in rows:
            print(f"switching,{delta},{h},{torque},{kappa},{relaxation},{time},{mp.nstr(switched, 16)},{mp.nstr(kept, 16)}", flush=True)
        if check:
            for (time, a, b), (_, c, d) in zip(rows, switching(delta, h, torque, kappa, relaxation, times, count + 24)):
                print(f"{delta} {torque} {time}: {mp.nstr(c / a - 1, 3)} {mp.nstr(d / b - 1, 3)}", file=sys.stderr)


if __name__ == "__main__":
    main()
