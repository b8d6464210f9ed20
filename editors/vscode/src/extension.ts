/*
 * perfloop for VS Code: starts the server and gives its commands what only the editor knows.
 *
 * Lenses, hints, hover, diagnostics, progress and questions are the language client's own. There is
 * no logic of the loop here.
 */

import * as vscode from "vscode";
import {
  ExecuteCommandSignature,
  LanguageClient,
  LanguageClientOptions,
  ServerOptions,
  TransportKind,
} from "vscode-languageclient/node";

let client: LanguageClient | undefined;

const SELECTOR = [
  ...["python", "rust", "cuda-cpp"].map((language) => ({ scheme: "file", language })),
  ...["perfloop.toml", "pyproject.toml", "Cargo.toml"].map((name) => ({
    scheme: "file",
    pattern: `**/${name}`,
  })),
];

function settings() {
  return vscode.workspace.getConfiguration("perfloop");
}

/** From the palette a command comes without arguments: then it is about the file in front. */
function withPlace(args: unknown[]): unknown[] {
  const uri = vscode.window.activeTextEditor?.document.uri;
  return args.length === 0 && uri?.scheme === "file" ? [{ uri: uri.toString() }] : args;
}

async function askForProfile(): Promise<unknown[] | undefined> {
  const chosen = await vscode.window.showOpenDialog({ title: "Import a profile", openLabel: "Import" });
  return chosen && [{ path: chosen[0].fsPath }];
}

async function executeCommand(command: string, args: unknown[], next: ExecuteCommandSignature) {
  if (command === "perfloop.import" && args.length === 0) {
    const given = await askForProfile();
    return given && next(command, given);
  }
  return next(command, withPlace(args));
}

async function stop() {
  const old = client;
  client = undefined;
  await old?.stop().catch(() => undefined); // one that never came up cannot be stopped
}

async function start() {
  await stop();
  const command = settings().get("path", "perfloop");
  const server: ServerOptions = {
    command,
    args: settings().get<string[]>("arguments", ["lsp"]),
    transport: TransportKind.stdio,
  };
  const options: LanguageClientOptions = {
    documentSelector: SELECTOR,
    // Asked again at every start: an untrusted workspace shows heat and runs nothing.
    initializationOptions: () => ({ trusted: vscode.workspace.isTrusted }),
    middleware: { executeCommand },
  };
  client = new LanguageClient("perfloop", "perfloop", server, options);
  try {
    await client.start();
  } catch (problem) {
    void vscode.window.showErrorMessage(`perfloop: cannot start ${command}: ${problem}. See the setting perfloop.path.`);
  }
}

/*
 * Starts and stops take turns. Settings can change while the first start is under way (a remote window
 * reads the machine's settings late), and a client that is still starting cannot be stopped.
 */
let lastTurn: Promise<void> = Promise.resolve();

function inTurn(step: () => Promise<void>): Promise<void> {
  lastTurn = lastTurn.then(step, step);
  return lastTurn;
}

const restart = () => inTurn(start);

export async function activate(context: vscode.ExtensionContext) {
  context.subscriptions.push(
    vscode.commands.registerCommand("perfloop.restart", restart),
    vscode.workspace.onDidGrantWorkspaceTrust(restart),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("perfloop.path") || change.affectsConfiguration("perfloop.arguments")) {
        void restart();
      }
    }),
  );
  await restart();
}

export async function deactivate() {
  await inTurn(stop);
}
