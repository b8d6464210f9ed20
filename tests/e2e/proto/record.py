#!/usr/bin/env python3
"""A language server that records: it stands between an editor and the real server.

    record.py LOG.jsonl SERVER [ARGUMENT]...

Bytes pass through unchanged in both directions. Beside that every message is written to the log, one
line each, {"from": "client" or "server", "m": message}; what is not a framed JSON message becomes a
line whose "m" is a string, so that a check of the log fails there. The log grows by whole lines, so
it can be read while the session runs or after it was killed. Several sessions may share one log: each
line also carries the "session" (the process id of its recorder).

When the editor closes its end, so does the recorder towards the server, and it ends with the server's
exit status.
"""

import json
import os
import subprocess
import sys
import threading


LENGTH_MAX = 1 << 30


class Tee:
    """Cuts one direction of the stream into messages."""

    def __init__(self, side, log):
        self.side, self.log, self.rest = side, log, b""

    def feed(self, data):
        self.rest += data
        while True:
            head, mark, body = self.rest.partition(b"\r\n\r\n")
            if not mark:
                return
            length = None
            for line in head.split(b"\r\n"):
                name, _, value = line.partition(b":")
                if name.strip().lower() == b"content-length" and value.strip().isdigit():
                    length = int(value)
            if length is None or length > LENGTH_MAX:
                self.log(self.side, "bytes outside a message: " + repr(head[-200:]))
                self.rest = body
                continue
            if len(body) < length:
                return
            text, self.rest = body[:length], body[length:]
            try:
                self.log(self.side, json.loads(text))
            except (ValueError, RecursionError):
                self.log(self.side, "not JSON: " + repr(text[:200]))

    def end(self):
        if self.rest:
            self.log(self.side, "ends inside a message: " + repr(self.rest[:200]))


def main():
    out = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    session = os.getpid()

    def log(side, message):
        line = json.dumps({"from": side, "session": session, "m": message}, ensure_ascii=False)
        os.write(out, line.encode("utf-8", "surrogatepass") + b"\n")

    server = subprocess.Popen(sys.argv[2:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    client_side, server_side = Tee("client", log), Tee("server", log)

    def to_server():
        while data := os.read(0, 1 << 16):
            client_side.feed(data)
            try:
                server.stdin.write(data)
                server.stdin.flush()
            except BrokenPipeError:
                break
        try:
            server.stdin.close()
        except BrokenPipeError:
            pass

    threading.Thread(target=to_server, daemon=True).start()
    while data := os.read(server.stdout.fileno(), 1 << 16):
        server_side.feed(data)
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(1, view):]
        except BrokenPipeError:
            break
    server_side.end()
    status = server.wait()
    os._exit(status if status >= 0 else 128 - status)


if __name__ == "__main__":
    main()
