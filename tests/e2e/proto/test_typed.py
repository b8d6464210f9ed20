"""The server through pytest-lsp: every answer arrives as the type that lsprotocol gives it."""

import asyncio
import os
import re
import sys

import pytest
import pytest_lsp
from client import HERE
from conftest import HOT_TEXT, PERFLOOP, WORK
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities, make_test_lsp_client

LOG = WORK / "logs" / "typed.jsonl"


def client_that_refreshes():
    """pytest-lsp's client, which has no handler for some requests that its profiles announce."""
    client = make_test_lsp_client()
    for method in (types.WORKSPACE_CODE_LENS_REFRESH, types.WORKSPACE_INLAY_HINT_REFRESH, types.CLIENT_REGISTER_CAPABILITY):
        client.feature(method)(lambda _params=None: None)
    return client


@pytest_lsp.fixture(
    scope="module",
    params=["neovim", "emacs", "visual_studio_code"],
    config=ClientServerConfig(client_factory=client_that_refreshes, server_command=[
        sys.executable, str(HERE / "record.py"), str(LOG), PERFLOOP, "lsp", "--stdio"], server_env=dict(os.environ)),
)
async def typed(lsp_client: LanguageClient, request, repo):
    LOG.parent.mkdir(exist_ok=True)
    await lsp_client.initialize_session(types.InitializeParams(
        capabilities=client_capabilities(request.param),
        root_uri=repo.as_uri(),
        workspace_folders=[types.WorkspaceFolder(uri=repo.as_uri(), name="tokenizer")],
    ))
    yield
    await lsp_client.shutdown_session()


@pytest.fixture(scope="module")
def text(repo):
    return (repo / "tokenizer.py").read_text()


def place_of(text, wanted, character=0):
    line = next(i for i, content in enumerate(text.split("\n")) if wanted in content)
    return types.Position(line=line, character=character)


async def opened(client, repo, text, name="tokenizer.py", language="python"):
    """The document, open, and its diagnostics when there are any."""
    uri = (repo / name).as_uri()
    known = client.__dict__.setdefault("opened_here", set())  # closed files have diagnostics, too
    if uri not in known:
        known.add(uri)
        client.text_document_did_open(types.DidOpenTextDocumentParams(
            text_document=types.TextDocumentItem(uri=uri, language_id=language, version=1, text=text)))
        await asyncio.wait_for(client.wait_for_notification(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS), 20)
    return types.TextDocumentIdentifier(uri=uri)


@pytest.mark.asyncio(loop_scope="module")
async def test_diagnostics(typed, repo, text):
    document = await opened(typed, repo, text)
    hot = place_of(text, HOT_TEXT).line
    while not any(item.code == "hot-line" for item in typed.diagnostics.get(document.uri, [])):
        await asyncio.wait_for(typed.wait_for_notification(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS), 20)
    found = [item for item in typed.diagnostics[document.uri] if item.range.start.line == hot and item.code == "hot-line"]
    assert found[0].source == "perfloop"
    assert found[0].severity in (types.DiagnosticSeverity.Information, types.DiagnosticSeverity.Hint)
    assert "%" in found[0].message


@pytest.mark.asyncio(loop_scope="module")
async def test_code_lens(typed, repo, text):
    document = await opened(typed, repo, text)
    lenses = await typed.text_document_code_lens_async(types.CodeLensParams(text_document=document))
    on_function = [lens for lens in lenses if lens.range.start.line == place_of(text, "def position(").line]
    assert 1 <= len(on_function) <= 2
    assert "%" in on_function[0].command.title
    assert all(lens.command.command.startswith("perfloop.") for lens in on_function)


@pytest.mark.asyncio(loop_scope="module")
async def test_inlay_hints(typed, repo, text):
    document = await opened(typed, repo, text)
    hot = place_of(text, HOT_TEXT).line
    line = text.split("\n")[hot]
    whole = types.Range(types.Position(hot, 0), types.Position(hot, len(line)))
    hints = await typed.text_document_inlay_hint_async(types.InlayHintParams(text_document=document, range=whole))
    assert [hint.position for hint in hints] == [types.Position(hot, len(line))], "one, at the end of its line"
    cold = types.Range(types.Position(0, 0), types.Position(5, 0))
    assert not await typed.text_document_inlay_hint_async(types.InlayHintParams(text_document=document, range=cold))


@pytest.mark.asyncio(loop_scope="module")
async def test_hover(typed, repo, text):
    document = await opened(typed, repo, text)
    hover = await typed.text_document_hover_async(types.HoverParams(text_document=document, position=place_of(text, HOT_TEXT, 6)))
    assert "%" in hover.contents.value
    nothing = await typed.text_document_hover_async(types.HoverParams(text_document=document, position=place_of(text, "class TokenError")))
    assert nothing is None


@pytest.mark.asyncio(loop_scope="module")
async def test_code_actions(typed, repo, text):
    document = await opened(typed, repo, text)
    at = place_of(text, "def tokenize(")
    actions = await typed.text_document_code_action_async(types.CodeActionParams(
        text_document=document, range=types.Range(at, at), context=types.CodeActionContext(diagnostics=[])))
    # lsprotocol takes an action that has a command for a Command, so look through either.
    assert {"perfloop.measure", "perfloop.status"} <= set(re.findall(r"perfloop\.\w+", str(actions)))


@pytest.mark.asyncio(loop_scope="module")
async def test_call_hierarchy(typed, repo, text):
    document = await opened(typed, repo, text)
    items = await typed.text_document_prepare_call_hierarchy_async(types.CallHierarchyPrepareParams(
        text_document=document, position=place_of(text, "def position(", 5)))
    callers = await typed.call_hierarchy_incoming_calls_async(types.CallHierarchyIncomingCallsParams(item=items[0]))
    assert any("tokenize" in call.from_.name for call in callers)
    assert all(call.from_ranges for call in callers)


@pytest.mark.asyncio(loop_scope="module")
async def test_symbols(typed, repo, text):
    document = await opened(typed, repo, text)
    hottest = await typed.workspace_symbol_async(types.WorkspaceSymbolParams(query=""))
    assert "position" in hottest[0].name
    symbols = await typed.text_document_document_symbol_async(types.DocumentSymbolParams(text_document=document))
    assert {"position", "tokenize", "vocabulary"} <= {symbol.name for symbol in symbols}


@pytest.mark.asyncio(loop_scope="module")
async def test_the_workload_file_completes_and_explains(typed, repo):
    toml = "[workload.tokenize]\nbenchmark = \"pytest\"\nharnes = \"pytest-benchmark\"\n\n"
    document = await opened(typed, repo, toml, "perfloop.toml", "toml")
    while not typed.diagnostics.get(document.uri):
        await asyncio.wait_for(typed.wait_for_notification(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS), 20)
    assert any(item.range.start.line == 2 and str(item.code).startswith("config") for item in typed.diagnostics[document.uri])
    found = await typed.text_document_completion_async(types.CompletionParams(
        text_document=document, position=types.Position(3, 0)))
    items = found.items if isinstance(found, types.CompletionList) else found
    assert {"metric", "target"} <= {item.label for item in items}
    hover = await typed.text_document_hover_async(types.HoverParams(text_document=document, position=types.Position(1, 3)))
    assert "benchmark" in hover.contents.value
