"""The whole loop through the protocol, as an editor with nothing but the basics does it: baseline,
an unsaved change measured faster, kept once saved; a bad one measured slower and taken back by an
edit; all of it with the real program, pytest and git."""
import os
import pathlib
import sqlite3
import subprocess
import tempfile

from session import PERFLOOP, Session, run_tests

SOURCE = pathlib.Path(os.environ.get("PERFLOOP_SOURCE", "."))
PROGRAM = SOURCE / "tests/programs/tokenize"
LONG_S = 300


def git(root, *args):
    return subprocess.run(["git", "-C", root, *args], check=True, capture_output=True, text=True).stdout


def patched(root, name):
    """The text of tokenizer.py with a change, the file itself untouched."""
    git(root, "apply", str((PROGRAM / "changes" / name).resolve()))
    text = pathlib.Path(root, "tokenizer.py").read_text()
    git(root, "checkout", "-q", "tokenizer.py")
    return text


class Editor:
    """Remembers the one open document and does what the server asks for."""

    def __init__(self, root, env):
        self.client = Session(env=env)
        self.path = pathlib.Path(root, "tokenizer.py")
        self.uri = self.path.as_uri()
        self.version = 0
        self.text = self.path.read_text()
        self.client.answers["workspace/applyEdit"] = self.apply
        self.client.answers["window/showMessageRequest"] = lambda params: params["actions"][0]
        self.client.initialize(root=root, capabilities={"window": {"workDoneProgress": True}})
        self.client.open(self.uri, self.text)

    def apply(self, params):
        for edit in params["edit"]["changes"][self.uri]:
            lines = self.text.splitlines(keepends=True) + [""]
            offset = lambda at: sum(map(len, lines[: at["line"]])) + at["character"]
            start, end = offset(edit["range"]["start"]), offset(edit["range"]["end"])
            self.change(self.text[:start] + edit["newText"] + self.text[end:])
        return {"applied": True}

    def change(self, text):
        self.text = text
        self.version += 1
        self.client.notify(
            "textDocument/didChange",
            {
                "textDocument": {"uri": self.uri, "version": self.version},
                "contentChanges": [{"text": text}],
            },
        )

    def save(self):
        self.path.write_text(self.text)
        self.client.notify("textDocument/didSave", {"textDocument": {"uri": self.uri}})

    def command(self, name, **arguments):
        """Runs a command of the loop and gives its last message."""
        answer = self.client.request(
            "workspace/executeCommand", {"command": "perfloop." + name, "arguments": [arguments]}
        )
        assert answer["result"]["job"], answer
        message = self.client.wait(lambda m: m.get("method") == "window/showMessage", LONG_S)["params"]
        print("       %-9s %s" % (name, message["message"]))
        return message


def measure(editor):
    """Measures until the verdict is clear; a busy machine needs more pairs."""
    message = editor.command("measure")
    for _ in range(4):
        if "unclear" not in message["message"]:
            break
        message = editor.command("measureMore")
    return message


def told_of_benchmarks(root):
    """Origin → how many benchmarks have a number of it in the ledger."""
    ledger = sqlite3.connect(pathlib.Path(root, ".git/perfloop/ledger.db"))
    rows = ledger.execute(
        "SELECT r.origin, count(DISTINCT b.name) FROM report r JOIN benchmark b ON b.report = r.id GROUP BY r.origin"
    )
    return dict(rows.fetchall())


def test_the_loop():
    with tempfile.TemporaryDirectory() as folder:
        root = folder + "/repo"
        subprocess.run(["bash", str(PROGRAM / "make_repo.sh"), root], check=True)
        env = {"XDG_STATE_HOME": folder + "/state", "XDG_CACHE_HOME": folder + "/cache"}
        good = patched(root, "good.patch")
        trust = [PERFLOOP, "trust", "--yes"]
        subprocess.run(trust, cwd=root, check=True, capture_output=True, env={**os.environ, **env})
        editor = Editor(root, env)
        with editor.client:
            assert editor.command("baseline")["type"] == 3
            editor.change(good)
            assert "faster" in measure(editor)["message"]
            refused = editor.command("keep")
            assert refused["type"] == 1 and "save tokenizer.py first" in refused["message"], refused
            editor.save()
            assert editor.command("keep")["type"] == 3
            assert "Perfloop-Verdict" in git(root, "log", "-1", "--format=%B")
            editor.change(patched(root, "bad.patch"))
            slower = measure(editor)
            assert slower["type"] == 2 and "slower" in slower["message"], slower
            assert editor.command("revert")["type"] == 3
            assert editor.text == good, "the edit did not bring the text back"
            assert told_of_benchmarks(root) == {"baseline": 1, "measured": 1}, "a number of each benchmark is kept"
            assert editor.command("status")["type"] == 3
            assert editor.client.end() == 0
            editor.client.finish_log()


if __name__ == "__main__":
    run_tests(globals())
