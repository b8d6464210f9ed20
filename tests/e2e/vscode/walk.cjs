/* The walk through the loop in VS Code. */

const assert = require("node:assert");
const { execFileSync } = require("node:child_process");
const {
  vscode, REPO, HOT_TEXT,
  openFile, lineWith, diagnostics, lenses, hints, hover, takeAction, setText, fileIn,
} = require("./tools.cjs");

let doc, hot;
const heatOn = (line) => diagnostics(doc, "hot-line").find((item) => item.range.start.line === line);
const functionLens = async () =>
  (await lenses(doc)).find((item) => item.range.start.line === lineWith(doc, "def position("));
const hintOn = async (line) => (await hints(doc)).find((item) => item.line === line);
const messages = () => diagnostics(doc).map((item) => item.message);

/**
 * Measures and waits for the verdict with this code. On a noisy machine the first answer can be that it
 * is unclear; then a person measures longer. `meanwhile` happens after the first click.
 */
async function measure(person, code, meanwhile = async () => {}) {
  const line = lineWith(doc, "def tokenize(");
  const unclear = () => diagnostics(doc, "unclear")[0]?.message;
  let before;
  await takeAction(person, doc, line, "measure tokenize");
  await meanwhile();
  for (let tries = 0; tries < 6; tries++) {
    await person.eventually("a verdict", () => diagnostics(doc, code)[0] || (unclear() && unclear() !== before), 300, messages);
    if (diagnostics(doc, code)[0]) {
      break;
    }
    before = unclear();
    await takeAction(person, doc, line, "longer");
  }
  assert.match(diagnostics(doc, code)[0]?.message ?? messages().join("\n"), /ms → .*ms, [-+]\d+ %/);
}

/** The line with what is around it, once no lens speaks of a job that runs. */
async function pictureOf(person, line, name) {
  await person.eventually("calm lenses", async () => !(await lenses(doc)).some((item) => /Cancel/.test(item.command?.title)), 30);
  const editor = vscode.window.activeTextEditor;
  editor.selection = new vscode.Selection(line, 0, line, 0);
  editor.revealRange(new vscode.Range(Math.max(line - 8, 0), 0, line, 0), vscode.TextEditorRevealType.AtTop);
  await person.picture(name);
}

exports.walk = [
  ["the file opens and the extension starts", async (person) => {
    doc = await openFile();
    hot = lineWith(doc, HOT_TEXT);
    await person.eventually("active", () => vscode.extensions.getExtension("perfloop.perfloop").isActive, 60);
  }],
  ["the hot line has a diagnostic that says the share", async (person) => {
    const item = await person.eventually("heat", () => heatOn(hot), 60, messages);
    assert.match(item.message, /70 %/);
  }],
  ["the hot function has a code lens", async (person) => {
    await person.eventually("lens", async () => /%/.test((await functionLens())?.command?.title), 30, () => lenses(doc));
  }],
  ["the hot line has an inlay hint", async (person) => {
    await person.eventually("hint", async () => /%/.test((await hintOn(hot))?.text), 30, () => hints(doc));
  }],
  ["hover says more", async () => assert.match(await hover(doc, hot), /%/)],
  ["a picture of it", (person) => pictureOf(person, hot, "heat.png")],
  ["typing above moves diagnostic, lens and hint", async (person) => {
    const edit = new vscode.WorkspaceEdit();
    edit.insert(doc.uri, new vscode.Position(0, 0), "# one\n# two\n# three\n");
    await vscode.workspace.applyEdit(edit);
    await person.eventually("diagnostic", () => heatOn(hot + 3) && !heatOn(hot), 20, messages);
    await person.eventually("lens", functionLens, 20, () => lenses(doc));
    await person.eventually("hint", async () => (await hintOn(hot + 3)) && !(await hintOn(hot)), 20, () => hints(doc));
  }],
  ["and taking it back moves it back", async (person) => {
    const edit = new vscode.WorkspaceEdit();
    edit.delete(doc.uri, new vscode.Range(0, 0, 3, 0));
    await vscode.workspace.applyEdit(edit);
    await person.eventually("diagnostic", () => heatOn(hot), 20, messages);
  }],
  ["a good change is faster, after a question whether its command may run", async (person) => {
    await setText(doc, fileIn("good.py"));
    assert.ok(await doc.save());
    await measure(person, "improvement", () => person.click("Allow"));
  }],
  ["it is committed with its numbers", async (person) => {
    await takeAction(person, doc, lineWith(doc, "def tokenize("), "keep and commit");
    await person.click("Allow"); // the tests are another command
    const last = () => execFileSync("git", ["-C", REPO, "log", "-1", "--format=%B"], { encoding: "utf8" });
    await person.eventually("commit", () => /^Perfloop-Verdict:/m.test(last()), 120, last);
    await person.eventually("the verdict goes", () => !diagnostics(doc, "improvement")[0], 30, messages);
  }],
  ["a bad change, not saved, is slower", async (person) => {
    await setText(doc, fileIn("bad.py"));
    await measure(person, "regression");
    await pictureOf(person, diagnostics(doc, "regression")[0].range.start.line, "regression.png");
  }],
  ["it is taken back", async (person) => {
    await takeAction(person, doc, lineWith(doc, "def tokenize("), "revert iteration");
    await person.eventually("the good text", () => doc.getText() === fileIn("good.py"), 60);
    await person.eventually("the regression goes", () => !diagnostics(doc, "regression")[0], 30, messages);
    assert.ok(await doc.save());
  }],
];
