"""One recorded conversation for each client: the server gives each what it announced, and no more."""

import pathlib

import pytest
from client import Client, width
from conftest import HOT_TEXT, PROFILES, WORK, perfloop


def able(params, path):
    value = params["capabilities"]
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return bool(value)


def methods(client):
    return [method for method, _ in client.requests_seen]


@pytest.fixture(params=sorted(PROFILES))
def profile(request):
    return PROFILES[request.param]


@pytest.fixture
def client(profile, log, repo, measured):
    with Client(log, profile, cwd=repo) as client:
        client.start(repo)
        yield client
        assert client.stop() == 0


def test_conversation(client, profile, repo, measured):
    uri = client.open(repo / "tokenizer.py", "python")
    heat_is_shown_and_follows(client, uri)
    places_are_in_units_of_the_encoding(client, repo)
    a_new_profile_is_seen(client, profile, uri)
    a_job_shows_progress(client, profile)
    edits_have_the_form_it_takes(client, profile, uri, measured)


def heat_is_shown_and_follows(client, uri):
    hot = client.line_with(uri, HOT_TEXT)
    client.wait(lambda: client.diagnostics(uri, "hot-line", hot), what="the hot line")
    lenses = client.request("textDocument/codeLens", {"textDocument": {"uri": uri}})
    assert any(lens["range"]["start"]["line"] == client.line_with(uri, "def position(") for lens in lenses)
    hints = client.request("textDocument/inlayHint", client.whole(uri))
    assert any(hint["position"]["line"] == hot for hint in hints)
    assert "%" in str(client.request("textDocument/hover", client.at(uri, hot, 6)))
    where = {"start": {"line": hot, "character": 4}, "end": {"line": hot, "character": 4}}
    actions = client.request("textDocument/codeAction", {
        "textDocument": {"uri": uri}, "range": where, "context": {"diagnostics": client.diagnostics(uri, line=hot)}})
    assert any("measure" in action["title"] for action in actions)
    items = client.request("textDocument/prepareCallHierarchy", client.at(uri, client.line_with(uri, "def position("), 5))
    assert client.request("callHierarchy/incomingCalls", {"item": items[0]})
    assert client.request("workspace/symbol", {"query": ""})
    client.insert_line(uri, 0, "# above")
    client.wait(lambda: client.diagnostics(uri, "hot-line", hot + 1), what="the hot line one further down")
    client.change(uri, {"start": {"line": 0, "character": 0}, "end": {"line": 1, "character": 0}}, "",
                  client.texts[uri].split("\n", 1)[1])
    client.wait(lambda: client.diagnostics(uri, "hot-line", hot), what="the hot line where it was")


def places_are_in_units_of_the_encoding(client, repo):
    """Letters of one, two and four bytes before the edit: only the right unit hits the last one."""
    before = "def \U0001d4b3\u00e9_"
    uri = client.open(repo / "unicode.py", "python", before + "a():\n    pass\n")
    column = width(before, client.encoding)
    client.change(uri, {"start": {"line": 0, "character": column}, "end": {"line": 0, "character": column + 1}}, "b",
                  before + "b():\n    pass\n")
    symbols = client.request("textDocument/documentSymbol", {"textDocument": {"uri": uri}})
    assert [symbol["name"] for symbol in symbols] == ["\U0001d4b3\u00e9_b"]
    if "selectionRange" in symbols[0]:
        assert symbols[0]["selectionRange"] == {
            "start": {"line": 0, "character": 4}, "end": {"line": 0, "character": column + 1}}
    client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})


def a_new_profile_is_seen(client, profile, uri):
    """Imported beside the editor: what is open changes by itself, and the client asks again if it can."""
    client.settle()
    client.requests_seen.clear()
    hot = client.line_with(uri, HOT_TEXT)
    other = WORK / "other.txt"
    text = (WORK / "profile.txt").read_text()
    share = client.diagnostics(uri, "hot-line", hot)[0]["message"]
    weight = 700 if "70" not in share else 400
    other.write_text(text.replace(f"tokenizer.py:{hot + 1}) 700", f"tokenizer.py:{hot + 1}) {weight}"))
    perfloop("import", other)
    client.wait(lambda: [d for d in client.diagnostics(uri, "hot-line", hot) if d["message"] != share], what="the new share")
    client.settle()
    for kind in ("codeLens", "inlayHint"):
        announced = able(profile, f"workspace.{kind}.refreshSupport")
        assert (f"workspace/{kind}/refresh" in methods(client)) == announced, kind


def a_job_shows_progress(client, profile):
    client.requests_seen.clear()
    client.notes.clear()
    job = client.run("perfloop.import", path=str(WORK / "profile.txt"))
    assert job and job["job"]
    client.wait(lambda: any(method == "window/showMessage" for method, _ in client.notes), what="a message at the end")
    client.settle()
    announced = able(profile, "window.workDoneProgress")
    assert ("window/workDoneProgress/create" in methods(client)) == announced
    kinds = [params["value"]["kind"] for method, params in client.notes if method == "$/progress"]
    assert (kinds[:1] == ["begin"] and kinds[-1:] == ["end"]) if announced else not kinds


def edits_have_the_form_it_takes(client, profile, uri, measured):
    """Revert and restore of a measured change, in a buffer: nothing is written to disk."""
    disk = pathlib.Path(uri.removeprefix("file://"))
    for command, text in (("perfloop.revert", measured["base"]), ("perfloop.restore", measured["bad"])):
        client.requests_seen.clear()
        client.run(command)
        client.wait(lambda: client.texts[uri] == text, what=command)
        edit = next(params["edit"] for method, params in client.requests_seen if method == "workspace/applyEdit")
        assert ("documentChanges" in edit) == able(profile, "workspace.workspaceEdit.documentChanges")
        assert disk.read_text() == measured["bad"]
        client.settle()
