"""Kernels in the editor by real imports: what launches them, what only waits for them, and who calls that,
from the kernel up to the function of Python or main."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from session import PERFLOOP, Session, run_tests

TOP = pathlib.Path(__file__).resolve().parents[3]


def scenario(name, *sections):
    """Sources and recordings of a scenario, without its marks."""
    text = (TOP / "tests/scenarios/gpu" / name).read_text()
    parts = re.split(r"^-- (.*) --\n", text, flags=re.M)
    found = dict(zip(parts[1::2], parts[2::2]))
    return [re.sub(r"  (//|#)@ .*", "", found[section]) for section in sections]


class Workspace:
    def __init__(self, folder, files, recording):
        self.root = pathlib.Path(folder, "repo")
        self.root.mkdir()
        self.files = files
        for name, text in files.items():
            (self.root / name).write_text(text)
        if recording.suffix == ".sqlite":  # it knows its program by a path below the work tree
            program = self.root / "tests/profiles/nsys/host"
            program.parent.mkdir(parents=True)
            shutil.copy(TOP / "tests/profiles/nsys/host", program)
        env = {"XDG_STATE_HOME": folder + "/state", "XDG_CACHE_HOME": folder + "/cache"}
        subprocess.run(["git", "init", "-q", self.root], check=True)
        subprocess.run([PERFLOOP, "import", recording], cwd=self.root, check=True, capture_output=True,
                       env={**os.environ, **env})
        self.client = Session(env=env)

    def begin(self, name, language):
        self.client.initialize(root=str(self.root), capabilities={
            "textDocument": {"hover": {"contentFormat": ["plaintext"]},
                             "publishDiagnostics": {"relatedInformation": True}}})
        self.uri = (self.root / name).as_uri()
        self.client.open(self.uri, self.files[name], language)

    def ask(self, method, **more):
        return self.client.request("textDocument/" + method, {"textDocument": {"uri": self.uri}, **more})["result"]

    def pushed(self, part):
        """Diagnostics as (line from 1, message), as soon as one of them says this."""
        def fits(message):
            return (message.get("method") == "textDocument/publishDiagnostics" and
                    any(part in d["message"] for d in message["params"]["diagnostics"]))
        found = [d for d in self.client.wait(fits)["params"]["diagnostics"] if d["code"] == "gpu-wait"]
        for diagnostic in found:  # one can go from each to its kernel
            place = diagnostic["relatedInformation"][0]["location"]
            name, line = re.search(r" at ([^ ]+):(\d+): ", diagnostic["message"]).groups()
            assert place["uri"] == (self.root / name).as_uri(), place
            assert place["range"]["start"]["line"] == int(line) - 1, place
        return [(d["range"]["start"]["line"] + 1, d["message"]) for d in found]

    def hints(self):
        every = {"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}}
        return {h["position"]["line"] + 1: h["label"] for h in self.ask("inlayHint", range=every)}

    def hover(self, line):
        return self.ask("hover", position={"line": line - 1, "character": 4})["contents"]["value"]

    def callers(self, item):
        calls = self.client.request("callHierarchy/incomingCalls", {"item": item})["result"]
        return {call["from"]["name"].split(" ")[0]: call["from"] for call in calls}

    def item(self, line):
        return self.ask("prepareCallHierarchy", position={"line": line - 1, "character": 4})[0]


def test_a_host_of_cuda():
    with tempfile.TemporaryDirectory() as folder:
        (host,) = scenario("waits.txt", "host.cu")
        space = Workspace(folder, {"host.cu": host}, TOP / "tests/profiles/nsys/waits.sqlite")
        with space.client:
            space.begin("host.cu", "cuda-cpp")
            waits = space.pushed("waits for kernel")
            assert [line for line, _ in waits] == [18, 19, 20, 21], waits
            assert waits[0][1].startswith("waits for kernel reduce at host.cu:2: 3 ms"), waits
            hints = space.hints()
            assert hints[10] == "launches 2 kernels: 1.5 ms, 19 %", hints
            assert hints[17] == "launches reduce: 5.46 ms, 69 %", hints
            assert hints[18] == "waits for kernel reduce at host.cu:2" and 22 not in hints, hints
            assert "(reduce 1 ms, scale 500 µs)" in space.hover(10)
            callers = space.callers(space.item(2))
            assert sorted(callers) == ["both", "main"], callers
            assert sorted(space.callers(callers["both"])) == ["main"]
            assert space.client.end() == 0
            space.client.finish_log()


def test_a_script_of_pytorch():
    with tempfile.TemporaryDirectory() as folder:
        script, trace = scenario("kineto.txt", "train.py", "profile.json")
        recording = pathlib.Path(folder, "trace.json")
        recording.write_text(trace)
        space = Workspace(folder, {"train.py": script}, recording)
        with space.client:
            space.begin("train.py", "python")
            waits = space.pushed("waits for kernel")
            assert [line for line, _ in waits] == [12, 17], waits
            assert waits[1][1].endswith("0.64 ms in 1 call of aten::item"), waits
            assert space.hints()[9] == "launches scale_kernel: 1.3 ms, 81 %", space.hints()
            kernel = space.item(5)
            callers = space.callers(kernel)
            assert kernel["name"] == "scale_kernel [81 % of GPU time]", kernel
            assert callers["scale"]["name"] == "scale [81 % of GPU time]" and len(callers) == 1, callers
            assert list(space.callers(callers["scale"])) == ["step"], callers
            assert "2 launches" in space.hover(9) and "reduce_kernel" in space.hover(20)
            assert space.client.end() == 0
            space.client.finish_log()


if __name__ == "__main__":
    run_tests(globals())
