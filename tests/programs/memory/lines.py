"""Lines with a planted order of cost: CALL is the hottest, as it holds INNER, the next.

Run by kernprof -l, which brings `profile`.
"""


@profile
def inner(n):
    total = 0
    for i in range(n):
        total += sum(range(i % 50))  # INNER
    return total


@profile
def outer(n):
    found = []
    for i in range(n):
        found.append(inner(i))  # CALL
    return found


@profile
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def make():
    @profile
    def closure(x):
        return x + 1

    return closure


outer(150)
fib(8)
for number in range(3):
    make()(number)
