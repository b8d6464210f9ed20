"""How the server is reached and how it ends: every kind of standard input and output, --pipe,
--socket, a client that dies, that stops reading, that never says goodbye."""
import fcntl
import json
import os
import pty
import re
import signal
import socket
import subprocess
import tempfile
import time
import tty

from session import PERFLOOP, WAIT_S, Session, frame, run_tests

INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"processId": None, "rootUri": None, "capabilities": {}},
}
SHUTDOWN = {"jsonrpc": "2.0", "id": 2, "method": "shutdown"}
EXIT = {"jsonrpc": "2.0", "method": "exit"}


def start(**options):
    return subprocess.Popen([PERFLOOP, "lsp"], **options)


def walk(client):
    """Initialize, one round trip with a document, goodbye."""
    assert client.initialize()["serverInfo"]["name"] == "perfloop"
    client.open("file:///nowhere/a.py", "def f():\n    return 1\n")
    symbols = client.request(
        "textDocument/documentSymbol", {"textDocument": {"uri": "file:///nowhere/a.py"}}
    )
    assert [s["name"] for s in symbols["result"]] == ["f"], symbols
    assert client.end() == 0
    client.finish_log()


def test_pipes():
    with Session(args=["--stdio"]) as client:
        walk(client)


def test_socketpair_as_node_starts_servers():
    here, there = socket.socketpair()
    process = start(stdin=there, stdout=there)
    there.close()
    with Session(here.makefile("rb"), here.makefile("wb"), process) as client:
        walk(client)


def test_terminal():
    main, side = pty.openpty()
    tty.setraw(side)
    process = start(stdin=side, stdout=side)
    os.close(side)
    with Session(os.fdopen(os.dup(main), "rb"), os.fdopen(main, "wb"), process) as client:
        walk(client)


def test_regular_files():
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as sink:
        source.write(frame(INITIALIZE) + frame(SHUTDOWN) + frame(EXIT))
        source.seek(0)
        assert start(stdin=source, stdout=sink).wait(WAIT_S) == 0
        sink.seek(0)
        text = sink.read()
    assert text.count(b"Content-Length: ") == 2 and b'"id":2,"result":null' in text, text


def test_nothing_to_read():
    process = start(stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    assert process.communicate(timeout=WAIT_S)[0] == b""
    assert process.returncode == 1


def test_pipe_option():
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as server:
        server.bind(folder + "/s")
        server.listen()
        process = subprocess.Popen([PERFLOOP, "lsp", "--pipe=" + folder + "/s"])
        peer, _ = server.accept()
        with Session(peer.makefile("rb"), peer.makefile("wb"), process) as client:
            walk(client)


def test_socket_option():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        process = subprocess.Popen([PERFLOOP, "lsp", "--socket=%d" % server.getsockname()[1]])
        peer, address = server.accept()
        assert address[0] == "127.0.0.1"
        with Session(peer.makefile("rb"), peer.makefile("wb"), process) as client:
            walk(client)


def test_nobody_listens():
    assert subprocess.run([PERFLOOP, "lsp", "--pipe=/nowhere/s"], stderr=subprocess.PIPE).returncode == 1
    assert subprocess.run([PERFLOOP, "lsp", "--socket=1"], stderr=subprocess.PIPE).returncode == 1
    assert subprocess.run([PERFLOOP, "lsp", "--socket=x"], stderr=subprocess.PIPE).returncode == 64


def test_end_of_input_without_goodbye():
    with Session() as client:
        client.initialize()
        client.writer.close()
        assert client.process.wait(WAIT_S) == 1


def test_end_of_input_inside_a_message():
    with Session() as client:
        client.initialize()
        client.write(b"Content-Length: 1000\r\n\r\n{\"jsonrpc\"")
        client.writer.close()
        assert client.process.wait(WAIT_S) == 1


def test_end_of_input_after_shutdown():
    with Session() as client:
        client.initialize()
        assert client.request("shutdown")["result"] is None
        client.writer.close()
        assert client.process.wait(WAIT_S) == 0


def test_exit_alone():
    with Session() as client:
        client.notify("exit")
        assert client.process.wait(WAIT_S) == 1


def test_sigterm():
    for shutdown, status in ((False, 1), (True, 0)):
        with Session() as client:
            client.initialize()
            if shutdown:
                client.request("shutdown")
            client.process.send_signal(signal.SIGTERM)
            assert client.process.wait(WAIT_S) == status


def sleeper():
    return subprocess.Popen(["sleep", "1000"])


def test_death_of_the_process_named_by_the_client():
    for args, more in (((), True), (("--clientProcessId=%d",), False)):
        parent = sleeper()
        args = [a % parent.pid for a in args]
        with Session(args=args) as client:
            client.initialize(processId=parent.pid if more else None)
            client.request("workspace/symbol", {"query": ""})
            parent.kill()
            parent.wait()
            assert client.process.wait(WAIT_S) == 1


def test_a_process_that_is_not_here_is_not_watched():
    gone = sleeper()
    gone.kill()
    gone.wait()
    with Session() as client:
        client.initialize(processId=gone.pid)
        assert client.request("workspace/symbol", {"query": ""})["id"]
        assert client.end() == 0


def test_standard_error_stays_blocking():
    """libuv would set O_NONBLOCK on what these three share."""
    here, there = socket.socketpair()
    process = start(stdin=there, stdout=there, stderr=there, env={**os.environ, "PERFLOOP_LOG": "error"})
    with Session(here.makefile("rb"), here.makefile("wb"), process) as client:
        client.initialize()
        assert not fcntl.fcntl(there.fileno(), fcntl.F_GETFL) & os.O_NONBLOCK
        assert client.end() == 0


def test_logs_never_reach_the_client():
    env = {"PERFLOOP_LOG": "debug"}
    with Session(env=env, stderr=subprocess.PIPE) as client:
        client.initialize()
        client.open("file:///nowhere/a.py", "def f(): pass\n")
        client.wait_method("textDocument/publishDiagnostics")
        assert client.end() == 0
        assert b"perfloop debug: lsp:" in client.process.stderr.read()
        client.finish_log()


def test_logs_that_nobody_reads_are_dropped():
    reader, writer = os.pipe()
    with Session(env={"PERFLOOP_LOG": "debug"}, stderr=writer) as client:
        client.initialize()
        for _ in range(3000):
            client.ask("workspace/symbol", {"query": ""})
        client.response(client.last_id)
        assert client.end() == 0
    assert len(os.read(reader, 1 << 20)) > 60000
    os.close(reader)
    os.close(writer)


def resident_mb(pid):
    with open("/proc/%d/status" % pid) as status:
        return next(int(l.split()[1]) for l in status if l.startswith("VmRSS")) / 1024


def test_a_client_that_stops_reading_does_not_make_us_grow():
    """Requests go in until the server takes no more; then its memory is looked at, then all answers
    are read: each request has one."""
    here, there = socket.socketpair()
    process = start(stdin=there, stdout=there)
    there.close()
    text = "".join("def function_number_%d():\n    pass\n" % i for i in range(400))
    here.sendall(frame(INITIALIZE))
    here.sendall(
        frame(
            {
                "jsonrpc": "2.0",
                "method": "textDocument/didOpen",
                "params": {
                    "textDocument": {
                        "uri": "file:///nowhere/a.py",
                        "languageId": "python",
                        "version": 0,
                        "text": text,
                    }
                },
            }
        )
    )
    params = {"textDocument": {"uri": "file:///nowhere/a.py"}}
    padding = " " * 200000  # so that the requests fill the way, too
    sent, rest = 0, b""
    here.settimeout(1.5)
    try:
        while sent < 20000:
            rest = frame(
                json.dumps(
                    {"jsonrpc": "2.0", "id": sent + 10, "method": "textDocument/documentSymbol", "params": params}
                ).encode()
                + padding.encode()
            )
            while rest:
                rest = rest[here.send(rest) :]
            sent += 1
    except socket.timeout:
        pass
    grown = resident_mb(process.pid)
    assert grown < 400, "%.0f MB after %d requests" % (grown, sent)
    here.settimeout(None)
    with Session(here.makefile("rb"), here.makefile("wb"), process) as client:
        if rest:
            client.write(rest)
            sent += 1
        for i in range(sent):
            client.response(i + 10)
        client.last_id = 10**6
        assert client.end() == 0


def test_a_client_that_disappears_while_we_write():
    here, there = socket.socketpair()
    process = start(stdin=there, stdout=there)
    there.close()
    here.sendall(frame(INITIALIZE) + frame({"jsonrpc": "2.0", "id": 3, "method": "none"}) * 1000)
    here.close()
    assert process.wait(WAIT_S) == 1


def test_a_killed_server_takes_its_command_along():
    with tempfile.TemporaryDirectory() as root:
        with open(root + "/perfloop.toml", "w") as file:
            file.write('[workload.x]\nbenchmark = "true"\nharness = "command"\nmetric = "p50"\n')
        env = {"XDG_STATE_HOME": root + "/state", "XDG_CACHE_HOME": root + "/cache"}
        with Session(env=env) as client:
            client.initialize(root=root)
            client.ask("workspace/executeCommand", {"command": "perfloop.trust", "arguments": []})
            asked = lambda m: m.get("method") == "window/showMessageRequest"
            while not any(asked(e["m"]) for e in client.log):
                time.sleep(0.01)
            children = open("/proc/%d/task/%d/children" % ((client.process.pid,) * 2)).read().split()
            assert len(children) == 1, children
            client.process.kill()
            client.process.wait()
            end = time.monotonic() + WAIT_S
            while os.path.exists("/proc/" + children[0]) and time.monotonic() < end:
                state = open("/proc/%s/stat" % children[0]).read().rpartition(")")[2].split()[0]
                if state == "Z":
                    break
                time.sleep(0.01)
            else:
                assert not os.path.exists("/proc/" + children[0]), "it lives on"


def processes_with(word):
    """Ids of processes with this word on their command line."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/cmdline" % name, "rb") as file:
                words = file.read().split(b"\0")
        except OSError:
            continue
        if words[0].endswith(b"sleep") and word.encode() in words:
            found.append(name)
    return found


def wait_for(condition, what):
    end = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.01)


def end_of(client, how):
    if how == "cancel":
        client.ask("workspace/executeCommand", {"command": "perfloop.cancel"})
    elif how == "end of input":
        client.writer.close()
    else:
        client.process.send_signal(how)


def test_no_benchmark_outlives_its_end():
    for i, how in enumerate(("cancel", "end of input", signal.SIGTERM, signal.SIGKILL)):
        with tempfile.TemporaryDirectory() as root:
            seconds = "%d" % (10**9 + os.getpid() * 10 + i)
            with open(root + "/perfloop.toml", "w") as file:
                file.write('[workload.x]\nbenchmark = ["sleep", "%s"]\nharness = "command"\nmetric = "wall"\n' % seconds)
            for command in ("init -q", "add -A", "-c user.name=a -c user.email=b commit -qm x"):
                subprocess.run(["git", "-C", root, *command.split()], check=True)
            env = {"XDG_STATE_HOME": root + "/state", "XDG_CACHE_HOME": root + "/cache"}
            trust = [PERFLOOP, "trust", "--yes"]
            subprocess.run(trust, cwd=root, env={**os.environ, **env}, check=True, capture_output=True)
            with Session(env=env) as client:
                client.initialize(root=root)
                client.request("workspace/executeCommand", {"command": "perfloop.baseline"})
                wait_for(lambda: processes_with(seconds), "the benchmark does not run")
                end_of(client, how)
                wait_for(lambda: not processes_with(seconds), "the benchmark lives on after %s" % how)


def slow_handlers(lines_of_text):
    """Milliseconds of computing of each handler that took over 5 ms of wall time."""
    text = "".join("def f%d(x):\n    return [y for y in x]\n" % i for i in range(lines_of_text // 2))
    uri = "file:///nowhere/a.py"
    params = {"textDocument": {"uri": uri}}
    with Session(stderr=subprocess.PIPE, env={"PERFLOOP_LOG": "warn"}) as client:
        client.initialize()
        client.open(uri, text)
        client.request("textDocument/documentSymbol", params)
        for i in range(50):
            at = {"line": lines_of_text // 2, "character": 0}
            change = {"range": {"start": at, "end": at}, "text": "# x\n"}
            client.notify(
                "textDocument/didChange",
                {"textDocument": {"uri": uri, "version": i + 1}, "contentChanges": [change]},
            )
        client.request("textDocument/documentSymbol", params)
        assert client.end() == 0
        logged = client.process.stderr.read().decode()
        return [float(ms) for ms in re.findall(r"([0-9.]+) ms computing", logged)]


def test_no_handler_computes_for_five_milliseconds():
    assert not [ms for ms in slow_handlers(5000) if ms > 5]
    large = slow_handlers(60000)
    print("       60,000 lines: at most %.1f ms computing in a handler" % max(large, default=0))


if __name__ == "__main__":
    run_tests(globals())
