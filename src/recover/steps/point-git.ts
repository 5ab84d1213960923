import { z } from "zod";
import { Failure } from "../../model/failure.ts";
import { StepBase } from "../descriptor.ts";
import type { StepPorts } from "../ports.ts";
import type { Step } from "../step.ts";

/** Lets git say what is installed: HEAD and index at the target's commit, the work tree left alone. */
export const PointGitDescriptor = StepBase.extend({
  kind: z.literal("point-git"),
  commit: z.string(),
});
export type PointGitDescriptor = z.infer<typeof PointGitDescriptor>;

/** Done when HEAD names the commit. */
export function createPointGit(descriptor: PointGitDescriptor, ports: StepPorts): Step {
  const { git, application } = ports;
  const { commit } = descriptor;

  return {
    describe: () => descriptor.text,
    isDone: async (signal) => (await git.head(application.root, signal)) === commit,
    run: async (signal) => {
      const busy = await git.busy(application.root);
      if (busy !== null) {
        throw new Failure("git-refused", `the repository is in use: ${busy}`, {
          hint: `The application is restored all the same; later run \`git reset ${commit}\`.`,
        });
      }
      await git.pointHead(application.root, commit, signal);
      return `HEAD is ${commit.slice(0, 8)}`;
    },
  };
}
