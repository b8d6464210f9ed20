#!/usr/bin/env python3
"""Is what the server said in a recorded session right?

    check_log.py LOG.jsonl [--open-end]

Three judges, none of them ours alone:
  lsprotocol     every message of the server is read as the type that its method has;
  validate.py    the strict meta model check, when PERFLOOP_SHARED says where it is;
  the rules      what depends on the conversation: the server sends only what this client announced,
                 answers each request once, keeps progress in order, and speaks of versions and places
                 that exist. Each rule is one method of Session below.

--open-end: the session was cut off, so requests may stay unanswered.
Prints one line per problem and ends with status 1 if there is any, or if there was nothing to check.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from lsprotocol import types
from lsprotocol.converters import get_converter

CONVERTER = get_converter()
FROM_SERVER = {"serverToClient", "both"}


def at(value, path):
    """at(capabilities, "workspace.applyEdit"), None when a step is missing or no object."""
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


# What a client must have announced before the server may ask it.
NEEDS = {
    "window/workDoneProgress/create": "window.workDoneProgress",
    "window/showDocument": "window.showDocument.support",
    "workspace/applyEdit": "workspace.applyEdit",
    "workspace/codeLens/refresh": "workspace.codeLens.refreshSupport",
    "workspace/inlayHint/refresh": "workspace.inlayHint.refreshSupport",
    "workspace/diagnostic/refresh": "workspace.diagnostics.refreshSupport",
    "workspace/semanticTokens/refresh": "workspace.semanticTokens.refreshSupport",
    "workspace/configuration": "workspace.configuration",
    "workspace/workspaceFolders": "workspace.workspaceFolders",
}
REGISTER = {
    "workspace/didChangeConfiguration": "workspace.didChangeConfiguration.dynamicRegistration",
    "workspace/didChangeWatchedFiles": "workspace.didChangeWatchedFiles.dynamicRegistration",
}
# What may come before the answer to initialize.
EARLY = {"window/showMessage", "window/logMessage", "window/showMessageRequest", "telemetry/event", "$/progress"}


class Session:
    """One conversation, from initialize to the end."""

    def __init__(self):
        self.problems = []
        self.line = 0
        self.asked_by_client = {}  # id -> (method, params)
        self.asked_by_server = {}
        self.cancelled = set()
        self.capabilities = {}
        self.initialized = False
        self.shut_down = False
        self.versions = {}  # uri -> versions the client has sent
        self.line_counts = {}  # uri -> the most lines it ever had
        self.progress = {}  # token -> created, begun, ended
        self.messages = 0

    def problem(self, text):
        self.problems.append(f"line {self.line}: {text}")

    def take(self, line, side, message):
        self.line, self.messages = line, self.messages + 1
        if not isinstance(message, dict):
            if side == "server":
                self.problem(f"the server sent {message}")
            return
        kind = "response" if "method" not in message else "request" if "id" in message else "notification"
        getattr(self, f"{side}_{kind}")(message)

    # -- the client

    def client_request(self, message):
        self.asked_by_client[json.dumps(message["id"])] = (message["method"], message.get("params"))
        if message["method"] == "initialize":
            self.capabilities = message["params"].get("capabilities", {})

    def client_response(self, message):
        method, params = self.asked_by_server.pop(json.dumps(message["id"]), (None, None))
        if method == "window/workDoneProgress/create" and "error" in message:
            self.progress[params["token"]] = "refused"

    def client_notification(self, message):
        method, params = message["method"], message.get("params") or {}
        if method == "$/cancelRequest":
            self.cancelled.add(json.dumps(params["id"]))
        elif method == "textDocument/didOpen":
            document = params["textDocument"]
            self.versions[document["uri"]] = {document["version"]}
            self.line_counts[document["uri"]] = document["text"].count("\n") + 1
        elif method == "textDocument/didChange":
            document = params["textDocument"]
            self.versions.setdefault(document["uri"], set()).add(document["version"])
            for change in params["contentChanges"]:
                added = change["text"].count("\n")
                if "range" not in change:
                    added += 1
                self.line_counts[document["uri"]] = self.line_counts.get(document["uri"], 0) + added

    # -- the server

    def server_response(self, message):
        key = json.dumps(message.get("id"))
        if message.get("id") is None and "error" in message:
            return  # the answer to what could not be read
        if key not in self.asked_by_client:
            return self.problem(f"an answer to {key}, which was not asked or is answered already")
        method, params = self.asked_by_client.pop(key)
        if method == "initialize":
            self.initialized = True
        if method == "shutdown":
            self.shut_down = True
        if "error" in message:
            code = message["error"]["code"]
            if code == -32800 and key not in self.cancelled:
                self.problem(f"{method} answered with RequestCancelled, but nobody cancelled it")
            return
        self.read_as(method, message, 1)
        check = {
            "initialize": self.rule_initialize,
            "textDocument/hover": self.rule_hover,
            "textDocument/codeLens": self.rule_code_lens,
            "textDocument/codeAction": self.rule_code_action,
            "textDocument/inlayHint": self.rule_inlay_hint,
        }.get(method)
        if check and message["result"] is not None:
            check(message["result"], params)

    def server_request(self, message):
        method, params = message["method"], message.get("params") or {}
        key = json.dumps(message["id"])
        if key in self.asked_by_server:
            self.problem(f"{method}: the id {key} is still in use")
        self.asked_by_server[key] = (method, params)
        self.read_as(method, message, 0)
        self.rule_early(method)
        if method in NEEDS and not at(self.capabilities, NEEDS[method]):
            self.problem(f"{method}, but the client does not announce {NEEDS[method]}")
        check = {
            "client/registerCapability": self.rule_register,
            "window/workDoneProgress/create": self.rule_create,
            "workspace/applyEdit": self.rule_apply_edit,
            "workspace/configuration": self.rule_configuration,
            "window/showMessageRequest": self.rule_ask,
        }.get(method)
        if check:
            check(params)

    def server_notification(self, message):
        method, params = message["method"], message.get("params") or {}
        self.read_as(method, message, 0)
        self.rule_early(method)
        if method == "$/progress":
            self.rule_progress(params)
        elif method == "textDocument/publishDiagnostics":
            self.rule_diagnostics(params)

    # -- the judges

    def read_as(self, method, message, which):
        """lsprotocol's type of the message (0) or of its answer (1)."""
        known = types.METHOD_TO_TYPES.get(method)
        if known is None:
            return None if method.startswith("$/") else self.problem(f"unknown method {method}")
        if which == 0 and types.message_direction(method) not in FROM_SERVER:
            self.problem(f"{method} does not go from server to client")
        try:
            CONVERTER.structure(message, known[which])
        except Exception as err:  # cattrs raises groups of many kinds
            self.problem(f"{method}: lsprotocol cannot read it: {err!r}"[:400])

    def rule_early(self, method):
        if not self.initialized and method not in EARLY:
            self.problem(f"{method} before the answer to initialize")

    def rule_initialize(self, result, _params):
        encoding = result["capabilities"].get("positionEncoding", "utf-16")
        offered = at(self.capabilities, "general.positionEncodings") or ["utf-16"]
        known = [name for name in offered if name in ("utf-8", "utf-16", "utf-32")]
        if encoding != (known[0] if known else "utf-16"):
            self.problem(f"positions in {encoding}, but the client prefers {offered}")

    def rule_hover(self, result, _params):
        formats = at(self.capabilities, "textDocument.hover.contentFormat")
        contents = result["contents"]
        if formats and isinstance(contents, dict) and contents.get("kind") not in formats:
            self.problem(f"hover in {contents.get('kind')}, but the client reads {formats}")

    def rule_code_lens(self, result, params):
        for lens in result:
            self.one_line(lens["range"], "code lens")
            self.inside(params["textDocument"]["uri"], lens["range"]["end"]["line"], "code lens")
        per_line = [lens["range"]["start"]["line"] for lens in result]
        if any(per_line.count(line) > 2 for line in per_line):
            self.problem("more than two code lenses on a line")

    def rule_code_action(self, result, _params):
        titles = [action["title"] for action in result]
        if len(set(titles)) != len(titles):
            self.problem(f"two code actions share a title: {titles}")
        literals = at(self.capabilities, "textDocument.codeAction.codeActionLiteralSupport")
        for action in result:
            is_command = isinstance(action.get("command"), str)
            if not is_command and not literals:
                self.problem(f"the action '{action['title']}' is a literal, but the client takes commands")
            if "disabled" in action and not at(self.capabilities, "textDocument.codeAction.disabledSupport"):
                self.problem(f"the action '{action['title']}' is sent disabled; the client knows no such thing")

    def rule_inlay_hint(self, result, params):
        for hint in result:
            label = hint["label"]
            text = label if isinstance(label, str) else "".join(part["value"] for part in label)
            if not text.strip():
                self.problem("an empty inlay hint")
            self.inside(params["textDocument"]["uri"], hint["position"]["line"], "inlay hint")

    def rule_register(self, params):
        for entry in params["registrations"]:
            wanted = REGISTER.get(entry["method"])
            if wanted is None:
                self.problem(f"registers {entry['method']}, which the tests do not know")
            elif not at(self.capabilities, wanted):
                self.problem(f"registers {entry['method']}, but the client does not announce {wanted}")

    def rule_create(self, params):
        if params["token"] in self.progress:
            self.problem(f"the progress token {params['token']} is used twice")
        self.progress[params["token"]] = "created"

    def rule_progress(self, params):
        token, kind = params["token"], at(params, "value.kind")
        state = self.progress.get(token)
        if state is None:
            state = "created" if self.client_token(token) else None
        allowed = {"begin": ("created",), "report": ("begun",), "end": ("begun",)}.get(kind, ())
        if state not in allowed:
            self.problem(f"progress {kind} for {token}, which is {state or 'unknown'}")
        percentage = at(params, "value.percentage")
        if percentage is not None and not 0 <= percentage <= 100:
            self.problem(f"progress of {percentage} %")
        self.progress[token] = "ended" if kind == "end" else "begun"

    def client_token(self, token):
        return any(isinstance(params, dict) and params.get("workDoneToken") == token
                   for _, params in self.asked_by_client.values())

    def rule_apply_edit(self, params):
        edit = params["edit"]
        if "documentChanges" in edit and not at(self.capabilities, "workspace.workspaceEdit.documentChanges"):
            self.problem("an edit with documentChanges, which the client does not announce")
        if "changeAnnotations" in edit and not at(self.capabilities, "workspace.workspaceEdit.changeAnnotationSupport"):
            self.problem("an edit with annotations, which the client does not announce")

    def rule_configuration(self, params):
        if not all("scopeUri" in item for item in params["items"]):
            self.problem("workspace/configuration without scopeUri, which old eglot needs")

    def rule_ask(self, params):
        if not params.get("actions"):
            self.problem("showMessageRequest without actions breaks Neovim 0.7")
        for action in params.get("actions") or []:
            if set(action) - {"title"} and not at(self.capabilities, "window.showMessage.messageActionItem.additionalPropertiesSupport"):
                self.problem("a message action with more than a title breaks eglot 1.9")

    def rule_diagnostics(self, params):
        uri, announced = params["uri"], at(self.capabilities, "textDocument.publishDiagnostics") or {}
        if "version" in params and params["version"] not in self.versions.get(uri, ()):
            self.problem(f"diagnostics for version {params['version']} of {uri}, which the client never sent")
        for item in params["diagnostics"]:
            if item.get("source") != "perfloop" or not item.get("code"):
                self.problem(f"a diagnostic without source perfloop and a code: {item['message']}")
            if "relatedInformation" in item and not announced.get("relatedInformation"):
                self.problem("related information, which the client does not announce")
            if "codeDescription" in item and not announced.get("codeDescriptionSupport"):
                self.problem("a code description, which the client does not announce")
            if "tags" in item and not announced.get("tagSupport"):
                self.problem("diagnostic tags, which the client does not announce")
            self.inside(uri, item["range"]["start"]["line"], "diagnostic")

    def one_line(self, where, what):
        if where["start"]["line"] != where["end"]["line"]:
            self.problem(f"a {what} over several lines")

    def inside(self, uri, line, what):
        if uri in self.line_counts and line >= max(self.line_counts[uri], 1):
            self.problem(f"a {what} on line {line} of {uri}, which has {self.line_counts[uri]}")

    def finish(self, open_end):
        if not open_end:
            for key, (method, _) in self.asked_by_client.items():
                if not (self.shut_down and method != "shutdown"):
                    self.problem(f"{method} ({key}) was never answered")
        for token, state in self.progress.items():
            if state == "begun" and self.shut_down is False and not open_end:
                self.problem(f"the progress {token} never ends")


def meta_model_problems(records, open_end):
    """validate.py on one session; nothing without PERFLOOP_SHARED."""
    shared = os.environ.get("PERFLOOP_SHARED")
    if not shared:
        return []
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
        for record in records:
            file.write(json.dumps({"from": record["from"], "m": record["m"]}) + "\n")
        file.flush()
        done = subprocess.run([sys.executable, str(pathlib.Path(shared) / "lsp/validate.py"), file.name],
                              capture_output=True, text=True)
    lines = [line for line in done.stdout.splitlines()[:-1] if not (open_end and line.startswith("end:"))]
    return ["meta model: " + line for line in lines] + (["meta model: " + done.stderr[-300:]] if done.stderr else [])


def check(path, open_end=False):
    """(problems, sessions, messages) of a log."""
    sessions, records = {}, {}
    for number, line in enumerate(open(path, encoding="utf-8", errors="surrogatepass"), 1):
        record = json.loads(line)
        name = record.get("session", 0)
        records.setdefault(name, []).append(record)
        session = sessions.setdefault(name, Session())
        try:
            session.take(number, record["from"], record["m"])
        except (KeyError, TypeError, AttributeError) as err:
            if record["from"] == "server":
                session.problem(f"a message without the shape its method has: {err!r}")
    problems = []
    for name, session in sessions.items():
        session.finish(open_end)
        problems += session.problems + meta_model_problems(records[name], open_end)
    return problems, len(sessions), sum(session.messages for session in sessions.values())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("log")
    parser.add_argument("--open-end", action="store_true")
    given = parser.parse_args()
    problems, sessions, messages = check(given.log, given.open_end)
    print("\n".join(problems[:40]))
    with_model = "with the meta model" if os.environ.get("PERFLOOP_SHARED") else "meta model skipped: PERFLOOP_SHARED is unset"
    print(f"{messages} messages in {sessions} sessions, {len(problems)} problems ({with_model})")
    sys.exit(1 if problems or messages == 0 else 0)


if __name__ == "__main__":
    main()
