#!/usr/bin/env python3
"""editor_view.py FILE: what an editor shows for FILE, as text.

A small language client: starts `perfloop lsp`, opens the file, asks for diagnostics, lenses and
hints, and prints the lines that carry any, with the actions offered on the hottest one.
"""
import json
import os
import pathlib
import queue
import subprocess
import sys
import threading

CAPABILITIES = {
    "workspace": {"codeLens": {"refreshSupport": True}, "inlayHint": {"refreshSupport": True}},
    "window": {"workDoneProgress": True},
    "textDocument": {"hover": {"contentFormat": ["plaintext"]}},
}
SEVERITY = {1: "error", 2: "warning", 3: "info", 4: "hint"}


class Client:
    """Just enough of the protocol for one file."""

    def __init__(self, root):
        self.server = subprocess.Popen(
            ["perfloop", "lsp", "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root
        )
        self.inbox = queue.Queue()
        self.diagnostics = {}
        self.last_id = 0
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        out = self.server.stdout
        while True:
            length = None
            while (line := out.readline().strip()):
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            if length is None:
                self.inbox.put(None)
                return
            self.inbox.put(json.loads(out.read(length)))

    def send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.server.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.server.stdin.flush()

    def handle(self, message):
        if message is None:
            sys.exit("editor_view: the server ended")
        if message.get("method") == "textDocument/publishDiagnostics":
            self.diagnostics[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif "method" in message and "id" in message:
            items = message.get("params", {}).get("items", [])
            self.send({"id": message["id"], "result": [None] * len(items) if items else None})

    def request(self, method, params):
        self.last_id += 1
        self.send({"id": self.last_id, "method": method, "params": params})
        while True:
            message = self.inbox.get(timeout=20)
            if message is not None and message.get("id") == self.last_id and "method" not in message:
                if "error" in message:
                    sys.exit(f"editor_view: {method}: {message['error']['message']}")
                return message["result"]
            self.handle(message)

    def settle(self, uri):
        """Waits until the file has diagnostics, or nothing came for two seconds."""
        while uri not in self.diagnostics or not self.diagnostics[uri]:
            try:
                self.handle(self.inbox.get(timeout=2))
            except queue.Empty:
                return


def hint_text(label):
    return label if isinstance(label, str) else "".join(part["value"] for part in label)


def main():
    path = pathlib.Path(sys.argv[1]).resolve()
    uri, text = path.as_uri(), path.read_text()
    lines = text.splitlines()
    client = Client(pathlib.Path.cwd())
    client.request(
        "initialize",
        {"processId": os.getpid(), "rootUri": pathlib.Path.cwd().as_uri(), "capabilities": CAPABILITIES},
    )
    client.send({"method": "initialized", "params": {}})
    document = {"uri": uri, "languageId": "python", "version": 1, "text": text}
    client.send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
    client.settle(uri)
    whole = {"start": {"line": 0, "character": 0}, "end": {"line": len(lines), "character": 0}}
    lenses = client.request("textDocument/codeLens", {"textDocument": {"uri": uri}}) or []
    hints = client.request("textDocument/inlayHint", {"textDocument": {"uri": uri}, "range": whole}) or []
    found = client.diagnostics.get(uri, [])

    shown = {}
    for lens in lenses:
        shown.setdefault(lens["range"]["start"]["line"], [[], [], []])[0].append(lens["command"]["title"])
    for hint in hints:
        shown.setdefault(hint["position"]["line"], [[], [], []])[1].append(hint_text(hint["label"]).strip())
    for item in found:
        severity = SEVERITY.get(item.get("severity"), "info")
        shown.setdefault(item["range"]["start"]["line"], [[], [], []])[2].append(f"{severity}: {item['message']}")
    for number in sorted(shown):
        above, behind, below = shown[number]
        if above:
            print(f"       | {' | '.join(above)}")
        code = lines[number] if number < len(lines) else ""
        print(f"  {number + 1:4} | {code:<60} {' '.join(behind)}".rstrip())
        for message in below:
            print(f"       `- {message}")
    if found:
        at = found[0]["range"]
        actions = client.request(
            "textDocument/codeAction",
            {"textDocument": {"uri": uri}, "range": at, "context": {"diagnostics": [found[0]]}},
        )
        print("  actions: " + " · ".join(action["title"] for action in actions or []))
    client.request("shutdown", None)
    client.send({"method": "exit"})
    client.server.wait(timeout=5)


if __name__ == "__main__":
    main()
