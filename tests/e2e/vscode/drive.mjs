/*
 * Starts a real VS Code (code-server and chromium), lets a walk run inside it, and ends all of it.
 *
 *     drive.mjs WALK.cjs VSIX...
 *
 * Environment: VSCODE (folder made by get_editors.sh), RUN (a fresh folder for all it writes), REPO (the
 * folder that VS Code opens), FILE (in it, opened in front), SERVER (the language server),
 * RESTRICTED=1 (a workspace that is not trusted). Pictures go to $SHOTS, default $RUN.
 * Prints one line per step; ends with status 1 if one failed.
 */

import { execFileSync, spawn } from "node:child_process";
import fs from "node:fs";
import { createRequire } from "node:module";
import net from "node:net";
import path from "node:path";

const { VSCODE, RUN, REPO, FILE, SERVER, RESTRICTED, SHOTS = RUN } = process.env;
const [walk, ...extensions] = process.argv.slice(2);
const { chromium } = createRequire(`${VSCODE}/package.json`)("playwright-core");
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

// Of these two a remote window believes only the machine's settings.
const MACHINE_SETTINGS = { "perfloop.path": SERVER, "perfloop.arguments": [] };
const SETTINGS = {
  "telemetry.telemetryLevel": "off",
  "update.mode": "none",
  "extensions.autoUpdate": false,
  "extensions.autoCheckUpdates": false,
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
  "workbench.enableExperiments": false,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "security.workspace.trust.enabled": Boolean(RESTRICTED),
  "security.workspace.trust.startupPrompt": "never",
  "security.workspace.trust.banner": "never",
  "chat.disableAIFeatures": true,
  "git.enabled": false,
  "editor.accessibilitySupport": "off",
  "editor.inlayHints.enabled": "on",
  "editor.codeLens": true,
  "editor.minimap.enabled": false,
  "files.autoSave": "off",
  "window.commandCenter": false,
  "workbench.colorTheme": "Default Dark Modern",
};

const freePort = () =>
  new Promise((done) => {
    const probe = net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });

async function answers(url) {
  try {
    return (await fetch(url)).status === 200;
  } catch {
    return false;
  }
}

async function startServer(port, out) {
  for (const folder of ["user/User", "user/Machine", "extensions", "home"]) {
    fs.mkdirSync(path.join(RUN, folder), { recursive: true });
  }
  fs.writeFileSync(path.join(RUN, "user/User/settings.json"), JSON.stringify(SETTINGS, null, 2));
  fs.writeFileSync(path.join(RUN, "user/Machine/settings.json"), JSON.stringify(MACHINE_SETTINGS, null, 2));
  const env = {
    ...process.env,
    EXTENSIONS_GALLERY: '{"serviceUrl":"","itemUrl":"","resourceUrlTemplate":""}',
    WALK_FILE: path.resolve(walk),
    WALK_OUT: out,
    WALK_RUN: RUN,
  };
  for (const name of Object.keys(env)) {
    if (name.startsWith("VSCODE_") || name === "PASSWORD") {
      delete env[name];
    }
  }
  const folders = ["--user-data-dir", path.join(RUN, "user"), "--extensions-dir", path.join(RUN, "extensions")];
  const install = extensions.flatMap((file) => ["--install-extension", path.resolve(file)]);
  execFileSync(`${VSCODE}/code-server`, [...folders, ...install], { env, stdio: "pipe" });
  const quiet = ["--disable-telemetry", "--disable-update-check", "--disable-getting-started-override"];
  const trust = RESTRICTED ? [] : ["--disable-workspace-trust"];
  const log = fs.openSync(path.join(RUN, "code-server.log"), "a");
  const server = spawn(
    `${VSCODE}/code-server`,
    [...folders, ...quiet, ...trust, "--auth", "none", "--bind-addr", `127.0.0.1:${port}`],
    { env, detached: true, stdio: ["ignore", log, log] },
  );
  for (let tries = 0; !(await answers(`http://127.0.0.1:${port}/healthz`)); tries++) {
    if (tries > 300 || server.exitCode !== null) {
      throw new Error(`code-server does not answer, see ${RUN}/code-server.log`);
    }
    await pause(100);
  }
  return server;
}

async function openWindow(port) {
  const browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    headless: true,
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--force-color-profile=srgb",
      "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ],
  });
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 720 } })).newPage();
  const file = `vscode-remote://127.0.0.1:${port}${REPO}/${FILE}`;
  const payload = encodeURIComponent(JSON.stringify([["openFile", file]]));
  await page.goto(`http://127.0.0.1:${port}/?folder=${encodeURIComponent(REPO)}&payload=${payload}`);
  await page.waitForSelector(".monaco-workbench", { timeout: 90000 });
  return { browser, page };
}

/** What a walk asks of the window, one request at a time. */
async function serveRequests(page, until) {
  const file = path.join(RUN, "request");
  while (!until()) {
    if (fs.existsSync(file)) {
      const { click, picture } = JSON.parse(fs.readFileSync(file, "utf8"));
      if (click) {
        await page.locator(".notifications-toasts .monaco-button, .monaco-dialog-box .monaco-button", { hasText: click })
          .first().click({ timeout: 60000 });
      } else if (picture) {
        // Lenses are drawn a moment after they are known.
        await page.waitForFunction(() => {
          const lenses = [...document.querySelectorAll(".codelens-decoration a")].map((lens) => lens.textContent);
          return lenses.some((text) => text.includes("%")) && !lenses.some((text) => text.startsWith("Cancel"));
        }, null, { timeout: 10000 }).catch(() => {});
        await page.screenshot({ path: path.join(SHOTS, picture) });
      }
      fs.rmSync(file);
    }
    await pause(100);
  }
}

const out = path.join(RUN, "result.json");
let server, window_, status = 1;
try {
  const port = await freePort();
  server = await startServer(port, out);
  window_ = await openWindow(port);
  const end = Date.now() + 900_000;
  await serveRequests(window_.page, () => fs.existsSync(out) || Date.now() > end);
  const { failed, said, version } = JSON.parse(fs.readFileSync(out, "utf8"));
  console.log([...said, `VS Code ${version}: ${failed ? "failed" : "the whole walk"}`].join("\n"));
  status = failed ? 1 : 0;
} catch (problem) {
  console.log(`FAIL ${problem.stack}`);
  await window_?.page.screenshot({ path: path.join(SHOTS, "failed.png") }).catch(() => {});
} finally {
  await window_?.browser.close();
  try {
    process.kill(-server.pid, "SIGTERM"); // the whole group, language server included
  } catch {
    // it has ended by itself, or never started
  }
}
process.exit(status);
