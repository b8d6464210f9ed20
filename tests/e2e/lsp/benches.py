"""Benchmarks where they are defined: Run as a lens and as a code action, the number beside it when it
has run, what pytest saved by itself; with the real program and pytest-benchmark."""
import json
import os
import pathlib
import subprocess
import tempfile

from session import PERFLOOP, Session, run_tests

LONG_S = 120
BENCH = """\
import pytest


@pytest.mark.parametrize("n", [10, 1000])
def test_sum(benchmark, n):
    benchmark.pedantic(sum, (range(n),), rounds=20)


def test_broken(benchmark):
    raise ValueError("this benchmark is broken")


class TestSort:
    def test_sorted(self, benchmark):
        benchmark.pedantic(sorted, ([3, 1, 2],), rounds=20)


open("ran", "w").close()
"""
REFRESH = {"workspace": {"codeLens": {"refreshSupport": True}}, "window": {"workDoneProgress": True}}


class Workspace:
    def __init__(self, folder, answer=0):
        self.root = folder + "/repo"
        self.path = pathlib.Path(self.root, "benches/test_speed.py")
        self.path.parent.mkdir(parents=True)
        self.path.write_text(BENCH)
        subprocess.run(["git", "init", "-q", self.root], check=True)
        self.env = {"XDG_STATE_HOME": folder + "/state", "XDG_CACHE_HOME": folder + "/cache"}
        self.asked = []
        self.client = Session(env=self.env)
        self.client.answers["window/showMessageRequest"] = lambda params: self.ask(params, answer)
        self.uri = self.path.as_uri()

    def ask(self, params, answer):
        self.asked.append(params["message"])
        return params["actions"][answer]

    def begin(self):
        self.client.initialize(root=self.root, capabilities=REFRESH)
        self.client.open(self.uri, BENCH)

    def lenses(self):
        """Line → [(title, command)]"""
        found = {}
        answer = self.client.request("textDocument/codeLens", {"textDocument": {"uri": self.uri}})
        for lens in answer["result"]:
            line = lens["range"]["start"]["line"]
            found.setdefault(line, []).append((lens["command"]["title"], lens["command"]))
        return found

    def actions(self, line):
        at = {"line": line, "character": 0}
        params = {"textDocument": {"uri": self.uri}, "range": {"start": at, "end": at}, "context": {"diagnostics": []}}
        return self.client.request("textDocument/codeAction", params)["result"]

    def hover(self, line):
        params = {"textDocument": {"uri": self.uri}, "position": {"line": line, "character": 6}}
        return self.client.request("textDocument/hover", params)["result"]["contents"]["value"]

    def execute(self, command):
        params = {"command": command["command"], "arguments": command["arguments"]}
        answer = self.client.request("workspace/executeCommand", params)
        assert answer["result"]["job"], answer
        message = self.client.wait(lambda m: m.get("method") == "window/showMessage", LONG_S)["params"]
        print("       %s" % message["message"])
        return message

    def wait_for_number(self, line):
        """The world is loaded again behind the message; each refresh says that lenses may differ."""
        while "p50" not in self.lenses()[line][0][0]:
            self.client.wait_method("workspace/codeLens/refresh")
        return self.lenses()[line]


SUM, BROKEN, SORTED = 4, 8, 13  # lines, from 0


def test_run_from_a_lens():
    with tempfile.TemporaryDirectory() as folder:
        space = Workspace(folder)
        with space.client:
            space.begin()
            before = space.lenses()
            assert sorted(before) == [SUM, BROKEN, SORTED], before
            assert [title for title, _ in before[SUM]] == ["Run"], before
            message = space.execute(before[SUM][0][1])
            assert message["type"] == 3 and "2 benchmarks, 2 of them found" in message["message"], message
            assert len(space.asked) == 1 and "python" in space.asked[0], space.asked
            number, run = space.wait_for_number(SUM)
            assert number[0].endswith(", 2 benchmarks") and run[0] == "Run", (number, run)
            assert [title for title, _ in space.lenses()[SORTED]] == ["Run"]
            hover = space.hover(SUM)
            assert pathlib.Path(space.root, "ran").exists()
            assert "test_sum[1000]" in hover and "20 samples" in hover, hover
            assert space.client.end() == 0
            space.client.finish_log()


def test_run_from_a_code_action_asks_once_and_tells_a_failure():
    with tempfile.TemporaryDirectory() as folder:
        space = Workspace(folder)
        with space.client:
            space.begin()
            run = [a for a in space.actions(SORTED + 1) if a["title"] == "perfloop: run TestSort::test_sorted"]
            assert len(run) == 1, space.actions(SORTED + 1)
            message = space.execute(run[0].get("command") if isinstance(run[0].get("command"), dict) else run[0])
            assert "benches/test_speed.py::TestSort::test_sorted p50" in message["message"], message
            assert "20 samples" in message["message"] and message["message"].endswith(":14"), message
            assert "20 samples" in space.wait_for_number(SORTED)[0][0]
            failed = space.execute(space.lenses()[BROKEN][0][1])
            assert failed["type"] == 1 and "this benchmark is broken" in failed["message"], failed
            assert len(space.asked) == 1, "the same command was asked for twice: %s" % space.asked
            assert space.client.end() == 0
            space.client.finish_log()


def test_nothing_runs_without_consent():
    with tempfile.TemporaryDirectory() as folder:
        space = Workspace(folder, answer=1)
        with space.client:
            space.begin()
            message = space.execute(space.lenses()[SUM][0][1])
            assert len(space.asked) == 1 and "p50" not in message["message"], message
            assert "p50" not in str(space.lenses())
            assert not pathlib.Path(space.root, "ran").exists()
            assert space.client.end() == 0


def test_what_pytest_saved_and_what_was_imported_as_the_baseline():
    with tempfile.TemporaryDirectory() as folder:
        space = Workspace(folder)
        save = ["python", "-m", "pytest", "-q", "-k", "sum", "--benchmark-autosave", "--benchmark-save-data"]
        subprocess.run(save, cwd=space.root, check=True, capture_output=True)
        saved = next(pathlib.Path(space.root, ".benchmarks").rglob("*.json"))
        report = json.loads(saved.read_text())
        for benchmark in report["benchmarks"]:
            benchmark["stats"]["data"] = [2 * value for value in benchmark["stats"]["data"]]
        slower = pathlib.Path(folder, "slower.json")
        slower.write_text(json.dumps(report))
        os.utime(slower, (1, 1))
        baseline = [PERFLOOP, "import", "--baseline", str(slower)]
        out = subprocess.run(
            baseline, cwd=space.root, check=True, capture_output=True, text=True, env={**os.environ, **space.env}
        ).stdout
        assert "benches/test_speed.py:5: benches/test_speed.py::test_sum[10]" in out, out
        with space.client:
            space.begin()
            number = space.wait_for_number(SUM)[0][0]
            assert number.endswith("2 benchmarks, -50 % to -50 % vs baseline"), number
            assert space.client.end() == 0


WORKLOAD = """\
[workload.speed]
benchmark = "python -m pytest -q benches/test_speed.py -k sum"
harness = "pytest-benchmark"
"""


def test_the_baseline_is_told_for_each_benchmark():
    with tempfile.TemporaryDirectory() as folder:
        space = Workspace(folder)
        pathlib.Path(space.root, "perfloop.toml").write_text(WORKLOAD)
        env = {**os.environ, **space.env}
        for command in (["trust", "--yes"], ["baseline", "--budget", "1"]):
            subprocess.run([PERFLOOP, *command], cwd=space.root, check=True, capture_output=True, env=env)
        with space.client:
            space.begin()
            space.wait_for_number(SUM)
            hover = space.hover(SUM)
            assert hover.count(", at the baseline") == 2, hover
            message = space.execute(space.lenses()[SUM][1][1])
            assert message["type"] == 3 and not space.asked, "the workload's command was agreed to: %s" % space.asked
            while "vs baseline" not in space.lenses()[SUM][0][0]:
                space.client.wait_method("workspace/codeLens/refresh")
            assert space.hover(SUM).count("samples, ") == 2
            assert space.client.end() == 0


def test_a_run_can_be_cancelled():
    with tempfile.TemporaryDirectory() as folder:
        space = Workspace(folder)
        space.path.write_text("import time\n\n\ndef test_long(benchmark):\n    time.sleep(600)\n")
        with space.client:
            space.begin()
            space.client.notify(
                "textDocument/didChange",
                {
                    "textDocument": {"uri": space.uri, "version": 1},
                    "contentChanges": [{"text": space.path.read_text()}],
                },
            )
            run = space.lenses()[3][0][1]
            params = {"command": run["command"], "arguments": run["arguments"]}
            assert space.client.request("workspace/executeCommand", params)["result"]["job"]
            space.client.wait(lambda m: m.get("method") == "$/progress" and ", 1 s" in str(m), LONG_S)
            title, cancel = space.lenses()[3][0]
            assert title == "Cancel: run test_long", title
            params = {"command": cancel["command"], "arguments": cancel["arguments"]}
            assert space.client.request("workspace/executeCommand", params)["result"] is None
            message = space.client.wait(lambda m: m.get("method") == "window/showMessage", LONG_S)["params"]
            assert "cancelled" in message["message"], message
            assert space.client.end() == 0


if __name__ == "__main__":
    run_tests(globals())
