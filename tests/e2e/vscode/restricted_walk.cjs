/* A workspace that VS Code does not trust: heat is shown, nothing is run. */

const assert = require("node:assert");
const { vscode, HOT_TEXT, openFile, lineWith, diagnostics, takeAction, actions } = require("./tools.cjs");

let doc;

exports.walk = [
  ["the workspace is not trusted", async () => assert.equal(vscode.workspace.isTrusted, false)],
  ["the hot line has a diagnostic all the same", async (person) => {
    doc = await openFile();
    await person.eventually("heat", () => diagnostics(doc, "hot-line").find(
      (item) => item.range.start.line === lineWith(doc, HOT_TEXT)), 60);
  }],
  ["measuring is not offered, or refused", async (person) => {
    const line = lineWith(doc, "def tokenize(");
    const offered = (await actions(doc, line)).some((item) => item.title.includes("measure tokenize"));
    const refused = offered && (await takeAction(person, doc, line, "measure tokenize").then(() => false, (problem) => problem.message));
    assert.ok(!offered || /trust/.test(refused), `offered ${offered}, refused: ${refused}`);
    if (offered) {
      await person.picture("restricted.png");
    }
  }],
];
