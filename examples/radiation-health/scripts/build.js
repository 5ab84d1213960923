#!/usr/bin/env node
const { execFileSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { version } = require("../package.json");

const ROOT = path.resolve(__dirname, "..");
const DIST = path.join(ROOT, "dist");

/** Renames into place, so that a service that reads during the build sees the old file or the new one. */
function write(name, content) {
  const target = path.join(DIST, name);
  fs.writeFileSync(`${target}.new`, content);
  fs.renameSync(`${target}.new`, target);
}

const commit = execFileSync("git", ["rev-parse", "HEAD"], { cwd: ROOT, encoding: "utf8" }).trim();
const release = { release: `v${version}`, commit, builtAt: new Date().toISOString() };
const page = fs.readFileSync(path.join(ROOT, "web", "index.html"), "utf8");

fs.mkdirSync(DIST, { recursive: true });
write("index.html", page.replaceAll("%RELEASE%", release.release));
write("release.json", `${JSON.stringify(release, null, 2)}\n`);
console.log(`built ${release.release} (${commit.slice(0, 12)})`);
