"""A language client small enough not to be measured itself: framing, requests, notifications."""

import json
import os
import subprocess
import threading
import time


class Client:
    def __init__(self, command, cwd, env=None):
        self.process = subprocess.Popen(
            command, cwd=cwd, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, env={**os.environ, **(env or {})})
        self.last_id = 0
        self.arrived = threading.Condition()
        self.answers = {}  # id -> (time, message)
        self.notes = []  # (time, message)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        out = self.process.stdout
        while True:
            length = 0
            while (line := out.readline()) not in (b"\r\n", b""):
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            if not line:
                return
            body = out.read(length)
            now = time.perf_counter()
            message = json.loads(body)
            with self.arrived:
                if "method" not in message:
                    self.answers[message["id"]] = (now, message)
                else:
                    self.notes.append((now, message))
                self.arrived.notify_all()
            if "method" in message and "id" in message:
                self._send({"id": message["id"], "result": None})

    def _send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def notify(self, method, params):
        self._send({"method": method, "params": params})

    def request(self, method, params):
        """Sends and gives the id; wait for it with answer()."""
        self.last_id += 1
        self._send({"id": self.last_id, "method": method, "params": params})
        return self.last_id

    def answer(self, request_id, timeout=60):
        """(time of arrival, message) of the answer."""
        with self.arrived:
            if not self.arrived.wait_for(lambda: request_id in self.answers, timeout):
                raise TimeoutError(f"no answer to request {request_id}")
            return self.answers.pop(request_id)

    def note(self, matches, timeout=60):
        """The first notification that matches; it and those before it are forgotten."""
        def found():
            return next((i for i, (_, m) in enumerate(self.notes) if matches(m)), None)
        with self.arrived:
            if not self.arrived.wait_for(lambda: found() is not None, timeout):
                raise TimeoutError("no such notification")
            index = found()
            result = self.notes[index]
            del self.notes[:index + 1]
            return result

    def initialize(self, root, capabilities=None, options=None):
        return self.request("initialize", {
            "processId": os.getpid(), "rootUri": "file://" + root,
            "capabilities": capabilities or {}, "initializationOptions": options or {}})

    def memory_kb(self, key="VmRSS"):
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith(key + ":"))

    def cpu_ms(self):
        """Processor time of all its threads so far."""
        total = 0
        for thread in os.listdir(f"/proc/{self.process.pid}/task"):
            with open(f"/proc/{self.process.pid}/task/{thread}/schedstat") as stat:
                total += int(stat.read().split()[0])
        return total / 1e6

    def stop(self):
        self.answer(self.request("shutdown", None))
        self.notify("exit", None)
        self.process.stdin.close()
        self.process.wait(timeout=20)


def quantile(values, q):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(q * len(ordered)))]
