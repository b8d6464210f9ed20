"""A language client of the standard library only, for tests of the server's outer behaviour.

    with Session() as client:
        client.initialize()
        client.request("textDocument/hover", {...})

Every message of both directions is kept in client.log; `finish_log` checks them against the protocol's
meta model where PERFLOOP_SHARED is set.
"""
import json
import os
import pathlib
import queue
import subprocess
import sys
import tempfile
import threading
import time

PERFLOOP = os.environ.get("PERFLOOP", "perfloop")
WAIT_S = 30


class Gone(Exception):
    """The server closed the connection."""


def frame(message):
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    return b"Content-Length: %d\r\n\r\n" % len(body) + body


def read_frame(stream):
    length = None
    while True:
        line = stream.readline()
        if not line:
            raise Gone()
        if line == b"\r\n":
            break
        name, _, value = line.partition(b":")
        assert name == b"Content-Length", line
        length = int(value)
    body = stream.read(length)
    if len(body) < length:
        raise Gone()
    return json.loads(body)


class Session:
    """Over any pair of file objects; starts `perfloop lsp` on pipes when none are given."""

    def __init__(self, reader=None, writer=None, process=None, args=(), env=None, stderr=None):
        if reader is None:
            process = subprocess.Popen(
                [PERFLOOP, "lsp", *args],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env={**os.environ, "PERFLOOP_STRICT": "1", **(env or {})},
            )
            reader, writer = process.stdout, process.stdin
        self.reader, self.writer, self.process = reader, writer, process
        self.log = []
        self.inbox = queue.Queue()
        self.seen = []
        self.last_id = 0
        self.answers = {"workspace/configuration": lambda params: [None] * len(params["items"])}
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def _read(self):
        try:
            while True:
                message = read_frame(self.reader)
                self.log.append({"from": "server", "m": message})
                self.inbox.put(message)
        except (Gone, ValueError, OSError):
            self.inbox.put(None)

    def send(self, message):
        message = {"jsonrpc": "2.0", **message}
        self.log.append({"from": "client", "m": message})
        self.write(frame(message))

    def write(self, data):
        self.writer.write(data)
        self.writer.flush()

    def notify(self, method, params=None):
        self.send({"method": method} if params is None else {"method": method, "params": params})

    def ask(self, method, params=None):
        """Sends a request and does not wait; gives its id."""
        self.last_id += 1
        message = {"id": self.last_id, "method": method}
        if params is not None:
            message["params"] = params
        self.send(message)
        return self.last_id

    def request(self, method, params=None):
        return self.response(self.ask(method, params))

    def response(self, wanted):
        return self.wait(lambda m: "method" not in m and m.get("id") == wanted)

    def wait(self, match, seconds=WAIT_S):
        """The next message that matches, answering the server's own requests on the way."""
        for i, message in enumerate(self.seen):
            if match(message):
                return self.seen.pop(i)
        end = time.monotonic() + seconds
        while True:
            try:
                message = self.inbox.get(timeout=max(0.001, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError("no such message in %d s" % seconds) from None
            if message is None:
                raise Gone()
            if "method" in message and "id" in message:
                answer = self.answers.get(message["method"], lambda params: None)
                self.send({"id": message["id"], "result": answer(message.get("params"))})
            if match(message):
                return message
            self.seen.append(message)

    def wait_method(self, method):
        return self.wait(lambda m: m.get("method") == method)

    def initialize(self, root=None, capabilities=None, **more):
        params = {
            "processId": os.getpid(),
            "rootUri": pathlib.Path(root).as_uri() if root else None,
            "capabilities": capabilities or {},
            **more,
        }
        answer = self.request("initialize", params)
        self.notify("initialized", {})
        return answer["result"]

    def open(self, uri, text, language="python", version=0):
        self.notify(
            "textDocument/didOpen",
            {"textDocument": {"uri": uri, "languageId": language, "version": version, "text": text}},
        )

    def end(self):
        """shutdown and exit; gives the exit status."""
        assert self.request("shutdown")["result"] is None
        self.notify("exit")
        return self.process.wait(WAIT_S)

    def finish_log(self):
        shared = os.environ.get("PERFLOOP_SHARED")
        if not shared:
            return
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
            file.writelines(json.dumps(entry) + "\n" for entry in self.log)
            file.flush()
            check = subprocess.run(
                [sys.executable, shared + "/lsp/validate.py", file.name],
                capture_output=True,
                text=True,
            )
        assert check.returncode == 0, check.stdout


def run_tests(names):
    """Runs every function test_* of a module's namespace; prints one line each."""
    wanted = sys.argv[1:]
    failed = 0
    for name, test in list(names.items()):
        if not name.startswith("test_") or (wanted and name not in wanted):
            continue
        start = time.monotonic()
        try:
            test()
            print("ok    %-60s %5.2f s" % (name, time.monotonic() - start))
        except Exception as error:  # the next test still runs
            failed += 1
            print("FAIL  %s: %s: %s" % (name, type(error).__name__, error))
            if os.environ.get("VERBOSE"):
                raise
    sys.exit(1 if failed else 0)
