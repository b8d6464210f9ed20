/*
 * Runs the walk that $WALK_FILE exports inside the extension host, where the API of VS Code is.
 *
 * A walk is a list of [what, async (person) => ...]; the first step that throws ends it. `person` is
 * what a step can do besides calling the API: wait for something, and ask the driver, which has the
 * window, for a click or a picture (a file in $WALK_RUN, taken away when done).
 */

const fs = require("node:fs");
const path = require("node:path");

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

async function eventually(what, condition, seconds = 20, seen = () => "") {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const value = await condition();
    if (value) {
      return value;
    }
    if (Date.now() > end) {
      throw new Error(`${what}: not after ${seconds} s; ${JSON.stringify(await seen())}`);
    }
    await pause(50);
  }
}

async function driver(request) {
  const file = path.join(process.env.WALK_RUN, "request");
  fs.writeFileSync(`${file}.part`, JSON.stringify(request));
  fs.renameSync(`${file}.part`, file);
  await eventually(`the window does ${JSON.stringify(request)}`, () => !fs.existsSync(file), 90);
}

const person = {
  eventually,
  click: (button) => driver({ click: button }),
  picture: (name) => driver({ picture: name }),
};

exports.activate = async () => {
  const { WALK_FILE, WALK_OUT } = process.env;
  if (!WALK_FILE || !WALK_OUT) {
    return;
  }
  const said = [];
  let failed = false;
  try {
    for (const [what, step] of require(WALK_FILE).walk) {
      try {
        await step(person);
        said.push(`ok   ${what}`);
      } catch (problem) {
        said.push(`FAIL ${what}: ${problem?.stack ?? problem}`);
        failed = true;
        break;
      }
    }
  } catch (problem) {
    said.push(`FAIL the walk does not load: ${problem?.stack ?? problem}`);
    failed = true;
  }
  fs.writeFileSync(`${WALK_OUT}.part`, JSON.stringify({ failed, said, version: require("vscode").version }));
  fs.renameSync(`${WALK_OUT}.part`, WALK_OUT);
};
