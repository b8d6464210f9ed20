"""Time and memory go to native code, called from one line."""

import sys
import time
import zlib

DATA = bytes(range(256)) * 2000
END = time.monotonic() + float(sys.argv[1])


def pack():
    return zlib.compress(DATA, 9)  # NATIVE


while time.monotonic() < END:
    kept = pack()
