/** A command, as its path of names (`release list`), with what may stand after it. */
export interface Place {
  readonly path: string;
  /** Subcommands, fixed arguments and options. */
  readonly words: readonly string[];
  /** Options that take a value; without choices it may be a file. */
  readonly values: readonly { readonly option: string; readonly choices: readonly string[] }[];
}

/** Shells that can be taught. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/** The script that teaches a shell these places. All words are rollwatch's own and need no quoting. */
export function completionScript(shell: string, places: readonly Place[]): string {
  if (shell === "fish") {
    return fishScript(places);
  }
  return shell === "zsh" ? zshScript(places) : bashScript(places);
}

function bashScript(places: readonly Place[]): string {
  return `# rollwatch completion for bash
_rollwatch() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" place="" word i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    case "\${place:+$place }$word" in
${placeCases(places, '      %) place="%" ;;')}
    esac
  done
  COMPREPLY=()
  case "$place:$previous" in
${valueCases(places, '    "%") COMPREPLY=($(compgen -W "$" -- "$current")); return ;;', '    "%") COMPREPLY=($(compgen -f -- "$current")); return ;;')}
  esac
  case "$place" in
${places.map(({ path, words }) => `    "${path}") COMPREPLY=($(compgen -W "${words.join(" ")}" -- "$current")) ;;`).join("\n")}
  esac
}
complete -F _rollwatch rollwatch
`;
}

function zshScript(places: readonly Place[]): string {
  return `#compdef rollwatch
# rollwatch completion for zsh
_rollwatch() {
  local previous="\${words[CURRENT-1]}" place="" word
  integer i
  for ((i = 2; i < CURRENT; i++)); do
    word="\${words[i]}"
    case "\${place:+$place }$word" in
${placeCases(places, '      %) place="%" ;;')}
    esac
  done
  case "$place:$previous" in
${valueCases(places, '    "%") compadd -- $; return ;;', '    "%") _files; return ;;')}
  esac
  case "$place" in
${places.map(({ path, words }) => `    "${path}") compadd -- ${words.join(" ")} ;;`).join("\n")}
  esac
}
if [ "$funcstack[1]" = "_rollwatch" ]; then _rollwatch "$@"; else compdef _rollwatch rollwatch; fi
`;
}

function fishScript(places: readonly Place[]): string {
  return `# rollwatch completion for fish
function __rollwatch_place
    set -l place
    for word in (commandline -opc)[2..]
        switch (string join ' ' $place $word)
            case ${places.flatMap(({ path }) => (path === "" ? [] : [`'${path}'`])).join(" ")}
                set -a place $word
        end
    end
    string join ' ' $place
end
complete -c rollwatch -f
${places
  .map(
    ({ path, words }) =>
      `complete -c rollwatch -n 'test "$(__rollwatch_place)" = "${path}"' -a '${words.join(" ")}'`,
  )
  .join("\n")}
${places
  .flatMap(({ path, values }) =>
    values.map(({ option, choices }) => {
      const from = choices.length === 0 ? "-rF" : `-xa '${choices.join(" ")}'`;
      return `complete -c rollwatch -n 'test "$(__rollwatch_place)" = "${path}"' -l ${option.slice(2)} ${from}`;
    }),
  )
  .join("\n")}
`;
}

function placeCases(places: readonly Place[], line: string): string {
  return places
    .flatMap(({ path }) => (path === "" ? [] : [line.replace("%", `"${path}"`).replace("%", path)]))
    .join("\n");
}

/** A case for each option that takes a value, with its choices or with files. */
function valueCases(places: readonly Place[], withChoices: string, withFiles: string): string {
  return places
    .flatMap(({ path, values }) =>
      values.map(({ option, choices }) => {
        const key = `${path}:${option}`;
        return choices.length === 0
          ? withFiles.replace("%", key)
          : withChoices
              .replace("%", key)
              .replace('"$"', `"${choices.join(" ")}"`)
              .replace("-- $;", `-- ${choices.join(" ")};`);
      }),
    )
    .join("\n");
}
