"""A program with four hot lines, of which the change makes one cheap. The lines are marked."""

import sys


def checksum(words):
    total = 0
    for word in words:
        total += sum(map(ord, word)) % 97  # STEADY
    return total


def longest(words):
    return max(len(word.strip()) for word in words)  # STEADY TOO


def distinct(words):
    seen = []
    for word in words:
        if word not in seen:  # SLOW
            seen.append(word)
    return len(seen)


def main(rounds):
    words = [f"word{i % 40:05d}" for i in range(3000)]
    print(sum(checksum(words) + longest(words) + distinct(words) for _ in range(rounds)))


if __name__ == "__main__":
    main(int(sys.argv[1]))
