// SPDX-License-Identifier: Apache-2.0
#include "cli/completion.h"

#include <CLI/CLI.hpp>

namespace weir::cli {
namespace {

/// One shell `case` line for each command path: the words that may follow it.
void append_cases(std::string& out, const CLI::App& app, const std::string& path) {
  std::string words;
  for (const CLI::App* command : app.get_subcommands({})) words += command->get_name() + ' ';
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) words += "--" + name + ' ';
  }
  if (!words.empty()) words.pop_back();
  out.append("    '").append(path).append("') choices='").append(words).append("' ;;\n");
  for (const CLI::App* command : app.get_subcommands({})) {
    append_cases(out, *command,
                 path.empty() ? command->get_name() : path + ' ' + command->get_name());
  }
}

/// The part that both shells share: sets `choices` from `typed`.
std::string cases(const CLI::App& app) {
  std::string text = "  case \"$typed\" in\n";
  append_cases(text, app, "");
  return text + "    *) choices='' ;;\n  esac\n";
}

}  // namespace

std::string completion_script(const CLI::App& app, std::string_view shell) {
  if (shell == "zsh") {
    return "#compdef weir\n"
           "_weir() {\n"
           "  local typed='' choices='' i\n"
           "  for ((i = 2; i < CURRENT; i++)); do\n"
           "    [[ ${words[i]} == -* ]] || typed=\"${typed:+$typed }${words[i]}\"\n"
           "  done\n" +
           cases(app) +
           "  compadd -- ${=choices}\n"
           "}\n"
           "compdef _weir weir\n";
  }
  return "_weir() {\n"
         "  local typed='' choices='' i\n"
         "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
         "    [[ ${COMP_WORDS[i]} == -* ]] || typed=\"${typed:+$typed }${COMP_WORDS[i]}\"\n"
         "  done\n" +
         cases(app) +
         "  COMPREPLY=($(compgen -W \"$choices\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
         "}\n"
         "complete -o default -F _weir weir\n";
}

}  // namespace weir::cli
