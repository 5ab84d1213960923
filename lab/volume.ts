import { mkdir, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { run } from "./command.ts";
import { constructedEnvironment } from "./environment.ts";
import type { Lab } from "./lab.ts";

/** A file system of its own in the lab, ext4 in an image, whose power can be cut. Only root may have one. */
export interface Volume {
  readonly folder: string;
  /** Returns when everything that was written is on the disk. */
  sync(): Promise<void>;
  /** From now on nothing reaches the disk, as when the power is cut: what was not synced is lost. */
  cutPower(): Promise<void>;
  /** Mounts it again, as the disk has it. Nobody may use it: waits until nobody does. */
  comeBack(): Promise<void>;
}

const SIZE_BYTES = 96 * 1024 * 1024;
/** The kernel would write by itself every 5 s, and a rename over a file would write that file: what nobody synced is to be lost. */
const OPTIONS = "loop,commit=300,noauto_da_alloc";
/** FS_IOC_SHUTDOWN of linux/fs.h with its NOLOGFLUSH. perl is part of every Debian; Node has no ioctl. */
const SHUTDOWN =
  'open(my $f, "<", $ARGV[0]) or die $!; my $how = pack("L", 2); ioctl($f, 0x8004587d, $how) or die $!';
const LIMIT_MS = 20_000;

/** Makes it, mounted; it ends with the lab. */
export async function openVolume(lab: Lab): Promise<Volume> {
  const image = join(lab.folder, "volume.img");
  const folder = join(lab.folder, "volume");
  const marker = join(folder, "marker");
  await mkdir(folder);
  await writeFile(image, "");
  await truncate(image, SIZE_BYTES);
  await command("mkfs.ext4", "-q", "-F", "-m", "0", image);
  await mount();
  lab.onEnd("volume", unmount);
  await writeFile(marker, "");

  async function mount(): Promise<void> {
    await command("mount", "-o", OPTIONS, image, folder);
  }

  async function unmount(): Promise<void> {
    const limit = AbortSignal.timeout(LIMIT_MS);
    for (;;) {
      try {
        await command("umount", folder);
        return;
      } catch (error) {
        if (limit.aborted) {
          throw error;
        }
        await sleep(50);
      }
    }
  }

  return {
    folder,
    sync: async () => command("sync", "--file-system", folder),
    cutPower: async () => command("perl", "-e", SHUTDOWN, marker),
    async comeBack() {
      await unmount();
      await mount();
    },
  };
}

async function command(program: string, ...args: readonly string[]): Promise<void> {
  await run(program, args, { cwd: "/", env: constructedEnvironment() });
}
