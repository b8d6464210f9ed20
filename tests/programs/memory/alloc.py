"""At its peak most memory comes from the line PEAK; TEMP makes more, but gives it back before."""


class Holder:
    def __init__(self, n):
        self.rows = [
            bytearray(n) for _ in range(40)]  # PEAK


def build(n):
    return Holder(n)  # CALL


for _ in range(30):
    temporary = bytearray(3000000)  # TEMP
    del temporary
keep = build(200000)
