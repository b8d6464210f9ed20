"""The benchmark: one configuration file as it stands in production."""

import pathlib

from tokenizer import tokenize, vocabulary

CORPUS = (pathlib.Path(__file__).parent.parent / "data" / "corpus.conf").read_text()


def test_tokenize(benchmark):
    tokens = benchmark(lambda: vocabulary(tokenize(CORPUS)))
    assert tokens[0][0] == "listen"
