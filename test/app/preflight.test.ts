import { chmod, mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkPlaces } from "../../src/app/preflight.ts";
import type { Config } from "../../src/config/schema.ts";
import { storyConfig } from "../support/story-config.ts";
import { openStoryWorld } from "../support/story-world.ts";
import { withTempFolder } from "../support/temp.ts";

/** A folder with everything that rollwatch needs: programs in `bin`, root and pm2 home. */
async function withPlaces(body: (folder: string, config: Config) => Promise<void>): Promise<void> {
  await withTempFolder(async (folder) => {
    const config = storyConfig(folder, {});
    await Promise.all(
      [config.application.root, config.application.pm2Home, join(folder, "bin")].map(async (path) =>
        mkdir(path),
      ),
    );
    await Promise.all(["git", "pm2"].map(async (name) => writeFile(join(folder, "bin", name), "")));
    await body(folder, config);
  });
}

async function check(folder: string, config: Config): Promise<void> {
  const world = openStoryWorld(config.application.root);
  await checkPlaces(config, world.ports, { PATH: `/nowhere:${join(folder, "bin")}` });
}

describe("before it begins, rollwatch", () => {
  it("makes its state folder for its owner alone", async () => {
    await withPlaces(async (folder, config) => {
      await check(folder, config);

      expect((await stat(config.state)).mode & 0o777).toBe(0o700);
    });
  });

  it.each(["git", "pm2"])(
    "refuses when the program %s is missing, and says what to do",
    async (name) => {
      await withPlaces(async (folder, config) => {
        const world = openStoryWorld(config.application.root);
        await world.ports.files.remove(join(folder, "bin", name));

        await expect(check(folder, config)).rejects.toMatchObject({
          code: "program-missing",
          message: expect.stringContaining(name),
          hint: expect.stringContaining(`Install ${name}`),
        });
      });
    },
  );

  it("refuses a program by an absolute path that is not there", async () => {
    await withPlaces(async (folder, config) => {
      const pm2Program = join(folder, "gone/pm2");
      const application = { ...config.application, pm2Program };

      await expect(check(folder, { ...config, application })).rejects.toMatchObject({
        code: "program-missing",
      });
    });
  });

  it.each(["root", "pm2Home"] as const)(
    "refuses when application.%s is not there, and makes nothing",
    async (key) => {
      await withPlaces(async (folder, config) => {
        const application = { ...config.application, [key]: join(folder, "gone") };

        await expect(check(folder, { ...config, application })).rejects.toMatchObject({
          code: "path-refused",
          message: expect.stringContaining(`application.${key}`),
        });
        await expect(stat(config.state)).rejects.toMatchObject({ code: "ENOENT" });
      });
    },
  );

  it("refuses a root that is a file", async () => {
    await withPlaces(async (folder, config) => {
      const application = { ...config.application, root: join(folder, "bin/git") };

      await expect(check(folder, { ...config, application })).rejects.toMatchObject({
        message: expect.stringContaining("no folder but a file"),
      });
    });
  });

  it("refuses a state folder that others may read", async () => {
    await withPlaces(async (folder, config) => {
      await mkdir(config.state);
      await chmod(config.state, 0o750);

      await expect(check(folder, config)).rejects.toMatchObject({
        code: "state-exposed",
        hint: expect.stringContaining(`chmod 700 ${config.state}`),
      });
    });
  });
});
