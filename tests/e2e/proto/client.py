"""A language client without opinions, for tests that play an editor by hand.

    with Client(log, initialize_params) as client:
        client.start()
        client.open(path, "python")
        client.wait(lambda: client.diagnostics(path))

The server runs behind record.py, so the conversation ends up in `log`. Requests of the server are
answered as an editor does: edits are applied to the open documents, questions get `client.choice`.
"""

import json
import os
import pathlib
import queue
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).parent
PERFLOOP = os.environ["PERFLOOP"]


class Timeout(AssertionError):
    pass


def width(text, encoding):
    """Length of the text in units of the encoding."""
    return {"utf-8": len(text.encode("utf-8")), "utf-16": len(text.encode("utf-16-le")) // 2}.get(encoding, len(text))


def prefix(line, units, encoding):
    """The beginning of the line that is so many units long."""
    for end in range(len(line) + 1):
        if width(line[:end], encoding) >= units:
            return line[:end]
    return line


class Client:
    def __init__(self, log, params, cwd=None, arguments=("lsp", "--stdio")):
        self.log, self.params = log, params
        self.choice = "Allow"
        self.texts, self.versions, self.published, self.notes = {}, {}, {}, []
        self.requests_seen = []
        self.encoding = "utf-16"
        self.server_capabilities = {}
        self.answers, self.last_id = {}, 0
        self.inbox = queue.Queue()
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "record.py"), str(log), PERFLOOP, *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=cwd, stderr=open(f"{log}.stderr", "ab"))
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    # -- bytes

    def _read(self):
        out = self.process.stdout
        while True:
            length = None
            while line := out.readline().strip():
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            if length is None:
                self.inbox.put(None)
                return
            self.inbox.put(json.loads(out.read(length)))

    def send_bytes(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.send_bytes(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    # -- the conversation

    def step(self, seconds):
        """Handles one message; False when none came in time or the server is gone."""
        try:
            message = self.inbox.get(timeout=max(seconds, 0))
        except queue.Empty:
            return False
        if message is None:
            self.inbox.put(None)
            return False
        if "method" not in message:
            self.answers[message["id"]] = message
        elif "id" in message:
            self.requests_seen.append((message["method"], message.get("params")))
            self.send({"id": message["id"], "result": self._answer(message["method"], message.get("params") or {})})
        elif message["method"] == "textDocument/publishDiagnostics":
            self.published[message["params"]["uri"]] = message["params"]["diagnostics"]
        else:
            self.notes.append((message["method"], message.get("params")))
        return True

    def _answer(self, method, params):
        if method == "workspace/configuration":
            return [None] * len(params["items"])
        if method == "workspace/applyEdit":
            for change in params["edit"].get("documentChanges", []):
                self.apply(change["textDocument"]["uri"], change["edits"])
            for uri, edits in params["edit"].get("changes", {}).items():
                self.apply(uri, edits)
            return {"applied": True}
        if method == "window/showMessageRequest":
            return next((a for a in params["actions"] if self.choice in a["title"]), None)
        if method == "window/showDocument":
            return {"success": True}
        return None

    def wait(self, condition, seconds=20, what="it"):
        end = time.monotonic() + seconds
        while not (value := condition()):
            if not self.step(end - time.monotonic()) and time.monotonic() >= end or self.process.poll() is not None:
                raise Timeout(f"{what} did not come in {seconds} s; diagnostics {self.published}, notes {self.notes[-5:]}")
        return value

    def settle(self, seconds=0.3):
        """Handles what comes until nothing came for so long. A server that never falls silent is wrong."""
        end = time.monotonic() + 30
        while self.step(seconds):
            assert time.monotonic() < end, f"it does not stop talking: {self.requests_seen[-5:]}"

    def notify(self, method, params):
        self.send({"method": method, "params": params})

    def ask(self, method, params):
        """Sends a request; its id."""
        self.last_id += 1
        self.send({"id": self.last_id, "method": method, "params": params})
        return self.last_id

    def answer(self, number, seconds=20):
        self.wait(lambda: number in self.answers, seconds, f"the answer to {number}")
        return self.answers.pop(number)

    def request(self, method, params, seconds=20):
        answer = self.answer(self.ask(method, params), seconds)
        assert "error" not in answer, f"{method}: {answer['error']}"
        return answer["result"]

    def start(self, root):
        """initialize and initialized, as the client profile says, for the folder."""
        uri = pathlib.Path(root).as_uri()
        params = {**self.params, "processId": os.getpid(), "rootUri": uri, "rootPath": str(root),
                  "workspaceFolders": [{"uri": uri, "name": "workspace"}]}
        result = self.request("initialize", params)
        self.server_capabilities = result["capabilities"]
        self.encoding = self.server_capabilities.get("positionEncoding", "utf-16")
        self.notify("initialized", {})
        return result

    def stop(self, seconds=10):
        """shutdown and exit; the exit status."""
        assert self.request("shutdown", None) is None
        self.notify("exit", None)
        return self.process.wait(timeout=seconds)

    # -- documents

    def open(self, path, language, text=None):
        uri = pathlib.Path(path).as_uri()
        self.texts[uri] = pathlib.Path(path).read_text() if text is None else text
        self.versions[uri] = 1
        self.notify("textDocument/didOpen", {"textDocument": {
            "uri": uri, "languageId": language, "version": 1, "text": self.texts[uri]}})
        return uri

    def offset(self, uri, place):
        lines = self.texts[uri].split("\n")
        if place["line"] >= len(lines):
            return len(self.texts[uri])
        before = sum(len(line) + 1 for line in lines[: place["line"]])
        return before + len(prefix(lines[place["line"]], place["character"], self.encoding))

    def apply(self, uri, edits):
        """As editors do: from the last edit to the first, then told to the server."""
        for edit in sorted(edits, key=lambda e: self.offset(uri, e["range"]["start"]), reverse=True):
            start, end = (self.offset(uri, edit["range"][side]) for side in ("start", "end"))
            self.change(uri, edit["range"], edit["newText"], self.texts[uri][:start] + edit["newText"] + self.texts[uri][end:])

    def change(self, uri, where, text, now):
        self.texts[uri] = now
        self.versions[uri] += 1
        self.notify("textDocument/didChange", {
            "textDocument": {"uri": uri, "version": self.versions[uri]},
            "contentChanges": [{"range": where, "text": text} if where else {"text": text}]})

    def set_text(self, uri, text):
        self.change(uri, None, text, text)

    def insert_line(self, uri, line, text):
        place = {"line": line, "character": 0}
        lines = self.texts[uri].split("\n")
        self.change(uri, {"start": place, "end": place}, text + "\n", "\n".join(lines[:line] + [text] + lines[line:]))

    def line_with(self, uri, text):
        return next(i for i, line in enumerate(self.texts[uri].split("\n")) if text in line)

    def diagnostics(self, uri, code=None, line=None):
        return [item for item in self.published.get(uri, [])
                if (code is None or item["code"] == code)
                and (line is None or item["range"]["start"]["line"] == line)]

    def at(self, uri, line, character=0):
        return {"textDocument": {"uri": uri}, "position": {"line": line, "character": character}}

    def whole(self, uri):
        return {"textDocument": {"uri": uri}, "range": {
            "start": {"line": 0, "character": 0}, "end": {"line": self.texts[uri].count("\n"), "character": 0}}}

    def run(self, command, **arguments):
        return self.request("workspace/executeCommand", {"command": command, "arguments": [arguments]})
