"""A tokenizer for a small configuration language.

    server "main" {
        listen = 8080;          # a comment
        motd = "hello\\tworld";
    }

Each token knows its line and column, so that error messages can point at it.
"""

import re
from dataclasses import dataclass

KEYWORDS = ["server", "location", "include", "if", "else", "set", "return", "true", "false"]

PATTERN = re.compile(
    r"""
      (?P<space>[ \t\r\n]+)
    | (?P<comment>\#[^\n]*)
    | (?P<number>\d+(?:\.\d+)?)
    | (?P<string>"(?:[^"\\\n]|\\.)*")
    | (?P<name>[A-Za-z_][A-Za-z0-9_.-]*)
    | (?P<punct>[{}()=;,])
    """,
    re.VERBOSE,
)

ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\"}


class TokenError(ValueError):
    """Text that is no token; the message names line and column."""


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    line: int
    column: int


def position(text, offset):
    """Line and column, both from 1, of an offset."""
    line = text.count("\n", 0, offset) + 1
    column = offset - text.rfind("\n", 0, offset)
    return line, column


def unescape(literal):
    """The value of a quoted string."""
    value = []
    chars = iter(literal[1:-1])
    for char in chars:
        if char == "\\":
            char = next(chars)
            char = ESCAPES.get(char, char)
        value.append(char)
    return "".join(value)


def tokenize(text):
    """All tokens of the text, without blanks and comments."""
    tokens = []
    offset = 0
    while offset < len(text):
        match = PATTERN.match(text, offset)
        if match is None:
            line, column = position(text, offset)
            raise TokenError(f"line {line}, column {column}: unexpected {text[offset]!r}")
        kind = match.lastgroup
        if kind not in ("space", "comment"):
            line, column = position(text, offset)
            word = match.group()
            if kind == "string":
                word = unescape(word)
            elif kind == "name" and word in KEYWORDS:
                kind = "keyword"
            tokens.append(Token(kind, word, line, column))
        offset = match.end()
    return tokens


def vocabulary(tokens):
    """How often each name occurs, most frequent first."""
    counts = {}
    for token in tokens:
        if token.kind == "name":
            counts[token.text] = counts.get(token.text, 0) + 1
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
