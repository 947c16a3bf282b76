// SPDX-License-Identifier: Apache-2.0
#include "cli/line_editor.h"

#include <histedit.h>
#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace weir::cli {
namespace {

/// "" if there is no home.
std::filesystem::path history_file(const std::string& name) {
  const char* const state = std::getenv("XDG_STATE_HOME");
  const char* const home = std::getenv("HOME");
  std::filesystem::path folder;
  if (state != nullptr && *state == '/') {
    folder = state;
  } else if (home != nullptr && *home == '/') {
    folder = std::filesystem::path(home) / ".local/state";
  } else {
    return {};
  }
  std::error_code failure;
  std::filesystem::create_directories(folder / "weir", failure);
  return failure ? std::filesystem::path() : folder / "weir" / name;
}

}  // namespace

struct LineEditor::Impl {
  EditLine* line = nullptr;
  History* history = nullptr;
  HistEvent event{};
  std::string prompt;
  std::filesystem::path file;

  static char* shown_prompt(EditLine* line) {
    void* self = nullptr;
    el_get(line, EL_CLIENTDATA, &self);
    return static_cast<Impl*>(self)->prompt.data();
  }
};

LineEditor::LineEditor(const std::string& history_name) : impl_(std::make_unique<Impl>()) {
  Impl& at = *impl_;
  at.line = el_init("weir", stdin, stdout, stderr);
  at.history = history_init();
  at.file = history_file(history_name);
  el_set(at.line, EL_CLIENTDATA, &at);
  el_set(at.line, EL_PROMPT, &Impl::shown_prompt);
  el_set(at.line, EL_EDITOR, "emacs");
  el_set(at.line, EL_SIGNAL, 0);
  el_set(at.line, EL_HIST, history, at.history);
  history(at.history, &at.event, H_SETSIZE, kHistoryMax);
  history(at.history, &at.event, H_SETUNIQUE, 1);
  if (!at.file.empty()) history(at.history, &at.event, H_LOAD, at.file.c_str());
}

LineEditor::~LineEditor() {
  history_end(impl_->history);
  el_end(impl_->line);
}

std::optional<std::string> LineEditor::read(const std::string& prompt) {
  impl_->prompt = prompt;
  int size = 0;
  const char* const text = el_gets(impl_->line, &size);
  if (text == nullptr || size <= 0) return std::nullopt;
  std::string line(text, static_cast<std::size_t>(size));
  while (line.ends_with('\n') || line.ends_with('\r')) line.pop_back();
  return line;
}

void LineEditor::remember(const std::string& entry) {
  Impl& at = *impl_;
  history(at.history, &at.event, H_ENTER, entry.c_str());
  if (at.file.empty()) return;
  const mode_t before = ::umask(0077);
  history(at.history, &at.event, H_SAVE, at.file.c_str());
  ::umask(before);
}

}  // namespace weir::cli
