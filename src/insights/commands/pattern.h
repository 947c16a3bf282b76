// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "insights/commands/steps.h"

/// What `pattern`, `diff` and `anomaly` share.
namespace weir::insights {

/// A variable word of a message.
struct PatternVariable {
  std::string_view kind;  // "Number", "IPAddress", "Token", ...
  std::string_view text;
};

/// The message with its variable words replaced: `<Number-1>`, `<IPAddress-2>`, `<Token-3>`. The
/// words themselves are appended to `variables`, if given.
void append_pattern(std::string_view message, std::string& out,
                    std::vector<PatternVariable>* variables = nullptr);
/// FATAL, ERROR, WARN, INFO, DEBUG, TRACE or NONE, by the words of a pattern.
std::string_view severity_of(std::string_view pattern);

/// How often each pattern occurs, in the query's own time and in an earlier one, and what is
/// unusual in its course.
class PatternGather : public Gather {
 public:
  struct Slots {
    Slot template_text = 0;  // in: the pattern of each row
    Slot source = 0;         // in: what the pattern was made of
    std::optional<Slot> timestamp;
    Slot pattern = 0;  // out
    Slot count = 0;
    std::optional<Slot> earlier;  // out, of a comparison: the count of the earlier time
    std::optional<Slot> findings;
  };
  explicit PatternGather(Slots slots) : slots_(slots) {}
  /// Whether there are times to watch.
  bool has_times() const { return slots_.timestamp.has_value(); }
  /// From now on each pattern's course is watched as well: the findings (see anomaly.h) go to that
  /// slot.
  void watch(Slot findings) { slots_.findings = findings; }

  std::unique_ptr<State> begin(const RunContext& run) const override;
  std::vector<Slot> reads() const override;

 private:
  class PatternState;
  Slots slots_;
};

/// Adds the clustering of a field; with `is_compared` also how much there was in the earlier time.
void add_pattern(Compiler& c, ExpressionPtr from, bool is_compared);

/// Reads `| diff [...]` or `| logcompare ...` if it follows, and notes the earlier time in the
/// plan.
Result<bool> take_diff(Compiler& c);
/// Adds the columns of the comparison and gives the order of the rows.
Order add_difference(Compiler& c, Slot count, Slot earlier, Slot pattern,
                     std::vector<OutputColumn>& outputs);

}  // namespace weir::insights
