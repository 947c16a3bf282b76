// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

namespace weir::cli {

/// Lines typed on a terminal, with editing keys and a history that is kept in
/// `$XDG_STATE_HOME/weir/<name>` (or below ~/.local/state), mode 0600. Without a place for it there
/// is no history.
///
/// Threads: one.
class LineEditor {
 public:
  static constexpr int kHistoryMax = 1000;

  explicit LineEditor(const std::string& history_name);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  /// Without the end of the line; nothing at the end of input (Ctrl-D).
  std::optional<std::string> read(const std::string& prompt);
  /// Puts an entry into the history, which may have several lines.
  void remember(const std::string& entry);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::cli
