import pytest

from tokenizer import Token, TokenError, tokenize, unescape, vocabulary


def test_kinds_and_places():
    assert tokenize('set a = "x";\n  return 1.5;') == [
        Token("keyword", "set", 1, 1),
        Token("name", "a", 1, 5),
        Token("punct", "=", 1, 7),
        Token("string", "x", 1, 9),
        Token("punct", ";", 1, 12),
        Token("keyword", "return", 2, 3),
        Token("number", "1.5", 2, 10),
        Token("punct", ";", 2, 13),
    ]


def test_comments_and_blanks_vanish():
    assert tokenize("# one\n\n   # two\n") == []


def test_escapes():
    assert unescape(r'"a\t\"b\"\\"') == 'a\t"b"\\'


def test_errors_name_the_place():
    with pytest.raises(TokenError, match="line 2, column 3"):
        tokenize("a\n  $")


def test_vocabulary_is_sorted():
    assert vocabulary(tokenize("b a b c a b")) == [("b", 3), ("a", 2), ("c", 1)]
