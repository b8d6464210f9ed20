"""One session for each editor whose `initialize` was recorded (PERFLOOP_SHARED/lsp/clients): every
read is answered, and all that is sent is legal for the protocol."""
import glob
import json
import os
import pathlib
import sys
import tempfile

from session import Session

FOLDER = os.path.join(os.environ.get("PERFLOOP_SHARED", ""), "lsp/clients")
TEXT = "class A:\n    def f(self):\n        return [x for x in self]\n"


def walk(params, folder):
    path = pathlib.Path(folder, "a.py")
    path.write_text(TEXT)
    document = {"textDocument": {"uri": path.as_uri()}}
    place = {**document, "position": {"line": 1, "character": 8}}
    everywhere = {"start": {"line": 0, "character": 0}, "end": {"line": 3, "character": 0}}
    params = {**params, "processId": os.getpid(), "rootUri": pathlib.Path(folder).as_uri()}
    params.pop("workspaceFolders", None)
    params.pop("rootPath", None)
    with Session() as client:
        answer = client.request("initialize", params)["result"]["capabilities"]
        client.notify("initialized", {})
        client.open(document["textDocument"]["uri"], TEXT)
        client.wait_method("textDocument/publishDiagnostics")
        for method, asked in (
            ("textDocument/documentSymbol", document),
            ("textDocument/codeLens", document),
            ("textDocument/hover", place),
            ("textDocument/inlayHint", {**document, "range": everywhere}),
            ("textDocument/codeAction", {**document, "range": everywhere, "context": {"diagnostics": []}}),
            ("textDocument/prepareCallHierarchy", place),
            ("workspace/symbol", {"query": ""}),
            ("workspace/executeCommand", {"command": "perfloop.status", "arguments": [{}], "title": "x"}),
        ):
            reply = client.request(method, asked)
            assert "result" in reply, (method, reply)
        client.wait_method("window/showMessage")
        assert client.end() == 0
        client.finish_log()
        return answer["positionEncoding"]


def main():
    files = sorted(glob.glob(FOLDER + "/*.json"))
    if not files:
        print("skipped: PERFLOOP_SHARED names no folder with recorded clients")
        sys.exit(77)
    for name in files:
        recorded = json.loads(pathlib.Path(name).read_text())
        params = recorded if "capabilities" in recorded else {"capabilities": recorded}
        with tempfile.TemporaryDirectory() as folder:
            print("ok    %-60s %s" % (os.path.basename(name), walk(params, folder)))


if __name__ == "__main__":
    main()
