"""A loop in Python. For tests/e2e/run_nsys_real.sh."""


def hot(rounds):
    x = 0
    for i in range(rounds):
        x = (x * 31 + i) % 1000003
    return x


print(hot(2000000))
