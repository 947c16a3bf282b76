// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace weir::cli {

/// A line on standard error that is drawn over, where that is a terminal; gone at the end of this.
class ProgressText {
 public:
  ProgressText() = default;
  ~ProgressText();
  ProgressText(const ProgressText&) = delete;
  ProgressText& operator=(const ProgressText&) = delete;

  void show(std::string_view text);

 private:
  bool is_shown_ = false;
};

}  // namespace weir::cli
