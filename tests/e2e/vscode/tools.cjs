/* What the walks share: the open file, what VS Code shows of it, and edits as a person makes them. */

const fs = require("node:fs");
const path = require("node:path");
const vscode = require("vscode");

const { REPO, WORK, HOT_TEXT } = process.env;

async function openFile() {
  const doc = await vscode.workspace.openTextDocument(path.join(REPO, "tokenizer.py"));
  await vscode.window.showTextDocument(doc);
  return doc;
}

const lineWith = (doc, text) => doc.getText().split("\n").findIndex((line) => line.includes(text));

const codeOf = (item) => (typeof item.code === "object" ? item.code.value : item.code);

const diagnostics = (doc, code) =>
  vscode.languages
    .getDiagnostics(doc.uri)
    .filter((item) => item.source === "perfloop" && (code === undefined || codeOf(item) === code));

const lenses = (doc) => vscode.commands.executeCommand("vscode.executeCodeLensProvider", doc.uri, 100);

async function hints(doc) {
  const whole = new vscode.Range(0, 0, doc.lineCount, 0);
  const found = await vscode.commands.executeCommand("vscode.executeInlayHintProvider", doc.uri, whole);
  return found.map(({ position, label }) => ({
    line: position.line,
    text: typeof label === "string" ? label : label.map((part) => part.value).join(""),
  }));
}

async function hover(doc, line) {
  const found = await vscode.commands.executeCommand("vscode.executeHoverProvider", doc.uri, new vscode.Position(line, 4));
  return found.flatMap((item) => item.contents.map((content) => content.value ?? content)).join("\n");
}

/**
 * VS Code cancels its own question when another extension comes or goes while it is asked, and shows
 * a person nothing; the next move of the cursor asks again, and so do we.
 */
async function actions(doc, line) {
  for (let tries = 0; ; tries++) {
    try {
      return await vscode.commands.executeCommand("vscode.executeCodeActionProvider", doc.uri, new vscode.Range(line, 4, line, 4));
    } catch (problem) {
      if (tries === 9 || !/Cancel/.test(`${problem.name} ${problem.message}`)) throw problem;
      await new Promise((later) => setTimeout(later, 500));
    }
  }
}

/** Takes the code action whose title holds the text. While a job runs there is little to take. */
async function takeAction(person, doc, line, title) {
  let found = [];
  const action = await person.eventually(`the code action ${title}`, async () => {
    found = await actions(doc, line);
    return found.find((item) => item.title.includes(title)) ?? new Promise((later) => setTimeout(later, 300));
  }, 180, () => found.map((item) => item.title));
  const command = typeof action.command === "string" ? action : action.command;
  await vscode.commands.executeCommand(command.command, ...(command.arguments ?? []));
}

/** Changes only the lines that differ. */
async function setText(doc, text) {
  const old = doc.getText().split("\n");
  const now = text.split("\n");
  let first = 0;
  while (first < old.length && first < now.length && old[first] === now[first]) first++;
  let last = 0;
  while (last < old.length - first && last < now.length - first && old.at(-1 - last) === now.at(-1 - last)) last++;
  const edit = new vscode.WorkspaceEdit();
  const replaced = new vscode.Range(first, 0, old.length - last, 0);
  edit.replace(doc.uri, replaced, now.slice(first, now.length - last).map((line) => `${line}\n`).join(""));
  await vscode.workspace.applyEdit(edit);
  if (doc.getText() !== text) {
    throw new Error("the edit did not give the wanted text");
  }
}

const fileIn = (name) => fs.readFileSync(path.join(WORK, name), "utf8");

module.exports = {
  vscode, REPO, HOT_TEXT,
  openFile, lineWith, diagnostics, lenses, hints, hover, actions, takeAction, setText, fileIn,
};
