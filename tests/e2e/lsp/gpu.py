"""One workload, three profilers: py-spy for the Python lines, ncu for the lines of the kernels, nsys for
the time of both. Whichever was imported last, each file shows the profile that says most of it, and the
others are a code action away."""
import contextlib
import os
import pathlib
import re
import sqlite3
import subprocess
import tempfile

from session import PERFLOOP, Session, run_tests

TOP = pathlib.Path(__file__).resolve().parents[3]
APP = """\
import ext


def step(xs):
    ys = ext.saxpy(2.0, xs)
    return ext.sync(ys)


step([1.0])
"""
STACKS = "<module> (app.py:9);step (app.py:5) 200\n<module> (app.py:9);step (app.py:6) 800\n"
KERNELS = {"saxpy(int, float, const float *, float *)": ("saxpy", 2500000),
           "void reduce<(int)128>(const float *, float *, int)": ("reduce", 300000)}
LOOP, SAXPY, HOT, LAUNCH = 4, 10, 13, 30  # lines of inl.cu, from 0


def kernel_source():
    """inl.cu of the scenario of the same report, without its marks."""
    scenario = (TOP / "tests/scenarios/gpu/kernel.txt").read_text()
    text = scenario.split("-- inl.cu --\n")[1].split("-- profile.ncu --")[0]
    return re.sub(r"  //@ .*", "", text)


def write_nsys(path):
    db = sqlite3.connect(path)
    db.execute("create table StringIds(id integer primary key, value text)")
    db.execute("create table CUPTI_ACTIVITY_KIND_KERNEL(start int, end int, deviceId int, contextId int,"
               " streamId int, correlationId int, globalPid int, demangledName int, shortName int)")
    start = 1000000
    for i, (name, (short, duration)) in enumerate(KERNELS.items()):
        db.executemany("insert into StringIds values(?, ?)", [(2 * i + 1, name), (2 * i + 2, short)])
        for launch in range(40):
            row = (start, start + duration, 0, 1, 7, 100 * i + launch, 1, 2 * i + 1, 2 * i + 2)
            db.execute("insert into CUPTI_ACTIVITY_KIND_KERNEL values(?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
            start += duration + 20000
    db.commit()
    db.close()


class Workspace:
    def __init__(self, folder):
        self.root = pathlib.Path(folder, "repo")
        self.root.mkdir()
        self.env = {"XDG_STATE_HOME": folder + "/state", "XDG_CACHE_HOME": folder + "/cache"}
        for name, text in (("app.py", APP), ("inl.cu", kernel_source())):
            (self.root / name).write_text(text)
        subprocess.run(["git", "init", "-q", self.root], check=True)
        stacks, nsys = pathlib.Path(folder, "py.folded"), pathlib.Path(folder, "run.sqlite")
        stacks.write_text(STACKS)
        write_nsys(nsys)
        for file in (stacks, TOP / "tests/profiles/ncu/saxpy.ncu-rep", nsys):
            subprocess.run([PERFLOOP, "import", file], cwd=self.root, check=True, capture_output=True,
                           env={**os.environ, **self.env})
        self.client = Session(env=self.env)

    def begin(self):
        self.client.initialize(root=str(self.root), capabilities={
            "workspace": {"codeLens": {"refreshSupport": True}},
            "textDocument": {"hover": {"contentFormat": ["plaintext"]}}})
        for name, language in (("app.py", "python"), ("inl.cu", "cuda-cpp")):
            self.client.open(self.uri(name), (self.root / name).read_text(), language)

    def uri(self, name):
        return (self.root / name).as_uri()

    def pushed(self, name, part):
        """Diagnostics of the file, as soon as one of them says this."""
        def fits(message):
            params = message.get("params")
            return (message.get("method") == "textDocument/publishDiagnostics" and params["uri"] == self.uri(name)
                    and any(part in d["message"] for d in params["diagnostics"]))
        return self.client.wait(fits)["params"]["diagnostics"]

    def ask(self, method, name, **more):
        return self.client.request("textDocument/" + method, {"textDocument": {"uri": self.uri(name)}, **more})["result"]

    def hints(self, name):
        hints = self.ask("inlayHint", name, range={"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}})
        return {hint["position"]["line"]: hint["label"] for hint in hints}

    def hover(self, name, line):
        return self.ask("hover", name, position={"line": line, "character": 0})["contents"]["value"]

    def actions(self, name):
        at = {"line": 0, "character": 0}
        found = self.ask("codeAction", name, range={"start": at, "end": at}, context={"diagnostics": []})
        return {a["title"]: a["command"] if isinstance(a["command"], dict) else a for a in found}

    def run(self, command):
        return self.client.request("workspace/executeCommand", {k: command[k] for k in ("command", "arguments")})


@contextlib.contextmanager
def opened(prepare=lambda space: None):
    """A workspace, prepared and then opened by a client, which ends well."""
    with tempfile.TemporaryDirectory() as folder:
        space = Workspace(folder)
        prepare(space)
        with space.client:
            space.begin()
            yield space
            assert space.client.end() == 0
            space.client.finish_log()


def test_each_file_shows_the_profile_that_says_most_of_it():
    with opened() as space:
        space.pushed("app.py", "80 % ±2 of samples on this line")
        rules = space.pushed("inl.cu", "stalls: long scoreboard 87 %")
        assert any(d["code"] == "gpu-rule" and "speedup 39 %" in d["message"] for d in rules), rules
        assert space.hints("app.py") == {4: "20 %", 5: "80 %"}, space.hints("app.py")
        assert space.hints("inl.cu")[HOT] == "70 %, long scoreboard", space.hints("inl.cu")
        assert "profile 1: py-spy, 1,000 samples" in space.hover("app.py", 5)
        assert "profile 2: ncu, 1,000 samples" in space.hover("inl.cu", HOT)
        names = [s["name"] for s in space.client.request("workspace/symbol", {"query": ""})["result"]]
        assert names[0].startswith("saxpy [74 % self") and any(n.startswith("step [100 % self") for n in names), names
        assert not any("89 %" in n for n in names), "a file's functions are of the profile it shows: %s" % names


def test_another_profile_is_an_action_away_and_so_is_the_way_back():
    with opened() as space:
        space.pushed("inl.cu", "stalls: long scoreboard")
        actions = space.actions("inl.cu")
        assert "perfloop: show profile 1 (py-spy, py.folded)" in actions, actions
        assert "perfloop: show profile 2 (ncu, saxpy.ncu-rep)" not in actions, "it is shown"
        space.run(actions["perfloop: show profile 3 (nsys, run.sqlite)"])
        space.pushed("inl.cu", "89 % of GPU time")
        assert "launches 40, time of all launches 100 ms" in space.hover("inl.cu", SAXPY)
        assert space.hints("app.py") == {}, "the user chose a profile that knows nothing of it"
        space.run(space.actions("inl.cu")["perfloop: show the newest profile of each file"])
        space.pushed("inl.cu", "stalls: long scoreboard")
        wrong = space.run({"command": "perfloop.showProfile", "arguments": [{"profile": "99"}]})
        assert wrong["error"]["message"] == "no profile '99' in the ledger", wrong


def test_an_edit_above_keeps_everything_at_its_lines():
    with opened() as space:
        space.pushed("inl.cu", "stalls: long scoreboard")
        before = space.hints("inl.cu")
        start = {"line": 0, "character": 0}
        space.client.notify("textDocument/didChange", {
            "textDocument": {"uri": space.uri("inl.cu"), "version": 2},
            "contentChanges": [{"range": {"start": start, "end": start}, "text": "// one\n// two\n"}]})
        found = space.pushed("inl.cu", "profiled as line 14")
        lines = sorted(d["range"]["start"]["line"] for d in found)
        assert lines == [LOOP + 2, SAXPY + 2, SAXPY + 3, HOT + 2, HOT + 2], found
        assert space.hints("inl.cu") == {line + 2: label for line, label in before.items()}
        at = {"line": SAXPY + 2, "character": 20}
        item = space.ask("prepareCallHierarchy", "inl.cu", position=at)[0]
        calls = space.client.request("callHierarchy/incomingCalls", {"item": item})["result"]
        assert [c["fromRanges"][0]["start"]["line"] for c in calls] == [LAUNCH + 2], calls
        assert item["name"] == "saxpy [100 %, 1,000 samples]" and item["range"]["start"]["line"] == SAXPY + 2, item


def import_what_nvidia_smi_saw(space):
    seen = TOP / "tests/fuzz/corpus/gpu_monitor/query"
    subprocess.run([PERFLOOP, "import", seen, "--beside", "2"], cwd=space.root, check=True, capture_output=True,
                   env={**os.environ, **space.env})


def test_what_nvidia_smi_saw_stands_in_the_hover_of_a_kernel():
    with opened(import_what_nvidia_smi_saw) as space:
        space.pushed("inl.cu", "stalls: long scoreboard")
        hover = space.hover("inl.cu", SAXPY)
        assert "GPU 0 NVIDIA A10G, by query: kernels ran 72 % of the time (up to 99 %)" in hover, hover
        assert "throttled for 1.0 of 2.0 s (power cap, heat, hardware slowdown)" in hover, hover
        assert "NVIDIA" not in space.hover("inl.cu", HOT), "it is said once, of the kernel"


if __name__ == "__main__":
    run_tests(globals())
