"""Clients that misbehave: they disappear, send garbage, cancel everything, open everything."""

import json
import os
import pathlib
import random
import time

import pytest
from client import Client
from conftest import HOT_TEXT, PERFLOOP, REPO, WORK, perfloop

PLAIN = {"capabilities": {"window": {"workDoneProgress": True}, "workspace": {"applyEdit": True, "configuration": True},
                          "textDocument": {"codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": []}}}}}}


@pytest.fixture
def client(log, repo):
    with Client(log, PLAIN, cwd=repo) as client:
        yield client


@pytest.fixture
def started(client, repo):
    client.start(repo)
    return client


def processes_in(folder):
    """Processes that work in a folder or name it, except our own."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        try:
            command = (entry / "cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
            place = os.readlink(entry / "cwd")
        except (OSError, ValueError):
            continue
        if entry.name.isdigit() and int(entry.name) not in (os.getpid(), os.getppid()):
            if place.startswith(str(folder)) and "pytest" in command and "benchmarks" in command:
                found.append(command)
    return found


def eventually(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "not in time"
        time.sleep(0.05)


def rss_mb(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0


def server_pid(client):
    children = pathlib.Path(f"/proc/{client.process.pid}/task/{client.process.pid}/children").read_text().split()
    return int(children[0])


def error_of(client, method, params):
    return client.answer(client.ask(method, params))["error"]["code"]


# -- order


def test_requests_before_initialize_are_refused(client, repo):
    assert error_of(client, "textDocument/hover", {"textDocument": {"uri": "file:///x"}, "position": {"line": 0, "character": 0}}) == -32002
    client.start(repo)
    assert client.stop() == 0


def test_requests_after_shutdown_are_refused(started):
    assert started.request("shutdown", None) is None
    assert error_of(started, "workspace/symbol", {"query": ""}) == -32600
    started.notify("exit", None)
    assert started.process.wait(timeout=10) == 0


def test_exit_without_shutdown_is_a_failure(started):
    started.notify("exit", None)
    assert started.process.wait(timeout=10) == 1


def test_unknown_methods(started):
    assert error_of(started, "textDocument/nonsense", {}) == -32601
    assert error_of(started, "$/nonsense", {}) == -32601
    started.notify("$/nonsense", {})
    started.notify("textDocument/nonsense", {})
    assert error_of(started, "workspace/executeCommand", {"command": "perfloop.nonsense"}) == -32602
    assert error_of(started, "textDocument/hover", {"textDocument": {"uri": started.open(REPO / "x.py", "python", "")}}) == -32602
    assert started.request("workspace/symbol", {"query": ""}) is not None
    assert started.stop() == 0


# -- garbage


GARBAGE = [
    b"Content-Length: 5\r\n\r\n{nope",
    b"Content-Length: 2\r\n\r\n[]",
    b"Content-Length: 4\r\n\r\nnull",
    b"Content-Length: 4294967296\r\n\r\n",
    b"Content-Length: -1\r\n\r\n",
    b"Content-Length: 99999999999999999999999999\r\n\r\n",
    b"Content-Length: many\r\n\r\n",
    b"X: y\r\n\r\n",
    b"\r\n\r\n",
    b"\x00\xff\xfe no header at all\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: here\r\n\r\n",
]


@pytest.mark.parametrize("data", GARBAGE, ids=range(len(GARBAGE)))
@pytest.mark.cut_off
def test_garbage_is_one_error_and_no_more(client, repo, data):
    client.send_bytes(data)
    client.start(repo)
    assert client.request("workspace/symbol", {"query": ""}) is not None
    assert client.stop() == 0


@pytest.mark.cut_off
def test_nothing_but_garbage_ends_the_server(client):
    noise = random.Random(7)
    try:
        for _ in range(2000):
            client.send_bytes(b"Content-Length: 6\r\n\r\n" + bytes(noise.randrange(32, 127) for _ in range(6)))
            client.send_bytes(bytes(noise.randrange(256) for _ in range(200)) + b"\r\n\r\n")
    except BrokenPipeError:
        pass
    try:
        client.process.stdin.close()
    except BrokenPipeError:
        pass
    assert client.process.wait(timeout=10) == 1


def test_deep_nesting_is_refused(started):
    started.last_id += 1
    deep = "[" * 100_000 + "]" * 100_000
    body = f'{{"jsonrpc":"2.0","id":{started.last_id},"method":"workspace/symbol","params":{deep}}}'.encode()
    started.send_bytes(b"Content-Length: %d\r\n\r\n" % len(body) + body)
    started.wait(lambda: None in started.answers or started.last_id in started.answers, what="an error")
    assert started.request("workspace/symbol", {"query": ""}) is not None


@pytest.mark.parametrize("letter", ['"\\ud800"', '"a\\u0000b"', b'"\xff\xc0"'], ids=["surrogate", "nul", "bad-utf8"])
def test_odd_letters_do_not_lose_a_change(started, repo, letter):
    """The change arrives, and so does the next one: the document is not out of step."""
    uri = started.open(repo / "odd.py", "python", "def first():\n    pass\n")
    text = letter if isinstance(letter, bytes) else letter.encode()
    body = (b'{"jsonrpc":"2.0","method":"textDocument/didChange","params":{"textDocument":{"uri":"%s","version":2},'
            b'"contentChanges":[{"range":{"start":{"line":1,"character":4},"end":{"line":1,"character":8}},"text":%s}]}}'
            % (uri.encode(), text))
    started.send_bytes(b"Content-Length: %d\r\n\r\n" % len(body) + body)
    started.versions[uri] = 2
    started.texts[uri] = "def first():\n    x\n"
    started.insert_line(uri, 0, "def zero(): pass")
    symbols = started.request("textDocument/documentSymbol", {"textDocument": {"uri": uri}})
    assert [symbol["name"] for symbol in symbols] == ["zero", "first"]
    assert started.stop() == 0


# -- disappearing


@pytest.mark.cut_off
def test_a_client_that_disappears_inside_a_message(started):
    started.send_bytes(b"Content-Length: 1000\r\n\r\n{\"jsonrpc\":")
    started.process.stdin.close()
    assert started.process.wait(timeout=10) == 1


@pytest.mark.cut_off
def test_a_client_that_is_killed_while_a_benchmark_runs(started):
    """The benchmark and all its processes end with it, and the machine's lock is free again."""
    perfloop("trust", "--yes")
    assert started.run("perfloop.baseline")["job"]
    started.wait(lambda: processes_in(WORK), 60, "a benchmark")
    started.process.kill()
    eventually(lambda: not processes_in(WORK), 15)


@pytest.mark.cut_off
def test_a_parent_that_dies_ends_the_server(log, repo):
    """stdin stays open; only the process that initialize named is gone."""
    import subprocess

    parent = subprocess.Popen(["sleep", "1000"])
    with Client(log, PLAIN, cwd=repo) as client:
        params = {**PLAIN, "processId": parent.pid, "rootUri": pathlib.Path(repo).as_uri()}
        client.request("initialize", params)
        client.notify("initialized", {})
        client.request("workspace/symbol", {"query": ""})  # by now it watches
        parent.kill()
        parent.wait()
        assert client.process.wait(timeout=15) == 1


# -- too much


def test_cancels_everything(started, repo):
    """Each request is answered exactly once, and the server serves on."""
    uri = started.open(repo / "tokenizer.py", "python")
    hot = started.line_with(uri, HOT_TEXT)
    wanted = [("textDocument/hover", started.at(uri, hot)), ("textDocument/codeLens", {"textDocument": {"uri": uri}}),
              ("textDocument/inlayHint", started.whole(uri)), ("workspace/symbol", {"query": ""})]
    numbers = []
    for i in range(500):
        numbers.append(started.ask(*wanted[i % len(wanted)]))
        started.notify("$/cancelRequest", {"id": numbers[-1]})
    for number in numbers:
        answer = started.answer(number)
        assert "result" in answer or answer["error"]["code"] == -32800, answer
    started.notify("$/cancelRequest", {"id": 987654})
    started.notify("window/workDoneProgress/cancel", {"token": "nobody's"})
    assert started.request(*wanted[0])
    assert started.stop() == 0


def test_cancels_a_job(started):
    perfloop("trust", "--yes")
    started.run("perfloop.baseline")
    started.wait(lambda: processes_in(WORK), 60, "a benchmark")
    token = next(params["token"] for method, params in started.requests_seen if method == "window/workDoneProgress/create")
    started.notify("window/workDoneProgress/cancel", {"token": token})
    started.wait(lambda: any(params["value"]["kind"] == "end" for method, params in started.notes if method == "$/progress"),
                 20, "the end")
    eventually(lambda: not processes_in(WORK))
    assert started.stop() == 0


def test_opens_two_thousand_files(started, repo):
    text = (repo / "tokenizer.py").read_text()
    before = rss_mb(server_pid(started))
    uris = [started.open(repo / f"many/{i}.py", "python", text) for i in range(2000)]
    answer = started.ask("textDocument/documentSymbol", {"textDocument": {"uri": uris[-1]}})
    assert started.answer(answer, 60)["result"]
    grown = rss_mb(server_pid(started)) - before
    assert grown < 600, f"{grown:.0f} MB for {2000 * len(text) / 1e6:.0f} MB of text"
    for uri in uris:
        started.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    uri = started.open(repo / "tokenizer.py", "python")
    started.wait(lambda: started.diagnostics(uri, "hot-line"), what="heat after all that")
    assert started.stop() == 0


@pytest.mark.cut_off
def test_a_client_that_does_not_read(log, repo):
    """Answers wait in the server's memory, within bounds, and come when they are fetched."""
    import subprocess

    server = subprocess.Popen([PERFLOOP, "lsp", "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=repo)
    record = open(log, "w", encoding="utf-8")

    def send(message):
        record.write(json.dumps({"from": "client", "m": {"jsonrpc": "2.0", **message}}) + "\n")
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        server.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        server.stdin.flush()

    def receive():
        length = None
        while line := server.stdout.readline().strip():
            length = int(line.split(b":")[1]) if line.lower().startswith(b"content-length") else length
        message = json.loads(server.stdout.read(length))
        record.write(json.dumps({"from": "server", "m": message}) + "\n")
        return message

    uri = (REPO / "tokenizer.py").as_uri()
    send({"id": 0, "method": "initialize", "params": {**PLAIN, "processId": None, "rootUri": REPO.as_uri()}})
    while receive().get("id") != 0:
        pass
    send({"method": "initialized", "params": {}})
    document = {"uri": uri, "languageId": "python", "version": 1, "text": (REPO / "tokenizer.py").read_text()}
    send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
    count = 3000
    for i in range(1, count + 1):
        send({"id": i, "method": "textDocument/documentSymbol", "params": {"textDocument": {"uri": uri}}})
    assert rss_mb(server.pid) < 300
    answered = set()
    while len(answered) < count:
        message = receive()
        if "method" not in message:
            answered.add(message["id"])
    server.stdin.close()
    assert server.wait(timeout=10) == 1
    server.stdout.close()
    record.close()
