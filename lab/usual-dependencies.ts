import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, rename, stat } from "node:fs/promises";
import path from "node:path";
import { run } from "./command.ts";
import { npmEnvironment, ROOT } from "./environment.ts";

/** What a service of this kind usually depends on, by exact version: some 330 packages and 11,000 files once installed. */
const USUAL = [
  "axios@1.21.1",
  "bcryptjs@3.0.3",
  "compression@1.8.2",
  "cors@2.8.6",
  "csv-parse@7.0.3",
  "dotenv@18.0.10",
  "exceljs@4.4.0",
  "express@5.3.0",
  "express-rate-limit@8.7.4",
  "helmet@8.3.0",
  "ioredis@6.0.0",
  "joi@18.3.2",
  "jsonwebtoken@9.0.3",
  "knex@3.3.0",
  "lodash@4.18.1",
  "luxon@3.7.2",
  "morgan@1.12.1",
  "multer@2.5.0",
  "node-cron@4.6.0",
  "nodemailer@10.6.0",
  "sequelize@6.37.8",
  "socket.io@4.8.4",
  "swagger-ui-express@5.0.1",
  "uuid@14.0.3",
  "winston@3.19.0",
];

const LOCKS = path.join(ROOT, ".cache", "locks");
const RESOLVE_LIMIT_MS = 5 * 60_000;
const FILES = ["package.json", "package-lock.json"];

/**
 * Adds the usual dependencies to the package.json and lock file in `folder`. What npm made of the same two files before is
 * kept in the clone's cache, so that the network is needed only once.
 */
export async function addUsualDependencies(folder: string): Promise<void> {
  const texts = await Promise.all(FILES.map((file) => readFile(path.join(folder, file), "utf8")));
  const hash = createHash("sha256")
    .update(JSON.stringify([USUAL, texts]))
    .digest("hex");
  const kept = path.join(LOCKS, hash.slice(0, 16));
  if ((await stat(kept).catch(() => undefined)) === undefined) {
    await resolve(folder, kept);
    return;
  }
  for (const file of FILES) {
    await copyFile(path.join(kept, file), path.join(folder, file));
  }
}

async function resolve(folder: string, kept: string): Promise<void> {
  const args = ["install", "--package-lock-only", "--save-exact", "--prefer-offline", "--no-audit"];
  await run("npm", [...args, "--no-fund", ...USUAL], {
    cwd: folder,
    env: npmEnvironment(),
    timeoutMs: RESOLVE_LIMIT_MS,
  });
  const fresh = `${kept}.${process.pid}`;
  await mkdir(fresh, { recursive: true });
  for (const file of FILES) {
    await copyFile(path.join(folder, file), path.join(fresh, file));
  }
  await rename(fresh, kept);
}
