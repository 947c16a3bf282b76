// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "insights/aggregates.h"
#include "insights/engine.h"
#include "insights/lexer.h"
#include "insights/plan.h"
#include "insights/rows.h"

namespace weir::insights {

class Compiler;
class PatternGather;

/// The rows of `stats ... by bin(5m)`: what `fillmissing` completes.
struct TimeBins {
  Slot time = 0;
  std::int64_t period = 0;  // milliseconds, or minus a number of months
  std::int64_t offset_ms = 0;
  std::vector<Slot> others = {};  // the other keys
};

/// A row of the table of commands (commands.cc). `compile` is called behind the command's name and
/// stops before the next `|`.
struct Command {
  std::string_view name;
  Result<void> (*compile)(Compiler& compiler) = nullptr;
  bool is_of_standard_class = false;  // groups of class INFREQUENT_ACCESS do not have it
};
const Command* find_command(std::string_view name);
std::vector<std::string_view> command_names();

/// An aggregate within an expression of `stats`.
struct AggregateCall {
  const AggregateFunction* function = nullptr;
  std::vector<Value> constants;  // numbers
  ExpressionPtr argument;        // may be none
  Slot argument_slot = 0;        // where its column stands
  Slot output = 0;
};

/// From the text of a query to its plan, in one pass: names become slots as they are met.
class Compiler {
 public:
  Compiler(std::string_view text, const CompileOptions& options)
      : options_(options), lexer_(text) {}
  Result<std::shared_ptr<const Plan>> run();

  // Tokens.
  const Token& peek() const { return token_; }
  Result<Token> take();
  bool at_symbol(std::string_view symbol) const;
  bool at_word(std::string_view word) const;
  bool at_end_of_command() const;
  Result<bool> take_symbol(std::string_view symbol);
  Result<bool> take_word(std::string_view word);
  Result<void> need_symbol(std::string_view symbol);
  Result<void> need_word(std::string_view word);
  Result<std::string> need_name(std::string_view what);
  Result<std::string> need_string(std::string_view what);
  Result<std::size_t> need_count(std::string_view what);
  /// `30m`: milliseconds, or minus a number of months.
  Result<std::int64_t> need_period(std::string_view what);
  /// `name=`, the beginning of an option. A field of that name is left where it is.
  Result<bool> take_option(std::string_view name);
  Result<bool> need_truth();
  Result<std::shared_ptr<const Regex>> need_regex();
  Error unexpected(std::string_view expecting) const;
  Error error_from(std::size_t begin, std::string message) const;
  std::string source(std::size_t begin, std::size_t end) const;
  std::size_t last_end() const { return last_end_; }

  // Expressions (compile_expression.cc).
  Result<ExpressionPtr> expression();
  /// `expression [as name]`.
  struct Item {
    ExpressionPtr expression;
    std::string name;
  };
  Result<Item> item();
  /// While it is set, calls of aggregates are allowed and collected there.
  void collect_aggregates(std::vector<AggregateCall>* calls) { aggregates_ = calls; }

  // Names.
  Slot new_slot() { return static_cast<Slot>(plan_->slots++); }
  /// The slot of a name as it is now.
  Slot resolve(const std::string& name);
  ExpressionPtr field(const std::string& name);
  void define(const std::string& name, Slot slot);
  Slot system_slot(SystemField field);
  /// From here on only these names are known (behind `stats`).
  void close_names(const std::vector<OutputColumn>& outputs);
  bool is_closed() const { return is_closed_; }
  /// The names that are shown, then those that commands have defined.
  std::vector<std::string> known_names() const;
  /// The slot of an expression: its own if it is a field, else that of a step that computes it.
  Slot slot_of(ExpressionPtr expression);

  // The plan.
  Plan& plan() { return *plan_; }
  void add_step(std::unique_ptr<Step> step);
  void add_gather(std::unique_ptr<Gather> gather);
  /// Adds to the output of `fields`.
  void show(const std::string& name, Slot slot);
  /// The output of `display`, or of a command that makes other rows.
  void show_only(std::vector<OutputColumn> outputs, bool by_display = false);
  bool shows_anything() const { return has_shown_; }
  const std::vector<OutputColumn>& shown() const { return shown_; }
  /// define(), and show() where anything is shown.
  void redefine(const std::string& name, Slot slot);
  /// The order that rows are to have; none: they have it.
  const std::optional<Order>& order() const { return order_; }
  void set_order(std::optional<Order> order) { order_ = std::move(order); }
  bool rows_are_events() const { return rows_are_events_; }
  void set_rows_are_events(bool are) { rows_are_events_ = are; }
  /// One batch in order from here on; at most `count` rows.
  void put_in_order(std::optional<std::size_t> count);
  void set_limit(std::size_t limit) { limit_ = limit; }
  void clear_limit() { limit_.reset(); }
  /// Reads `( ... )`, a query of its own; gives its number among the plan's sub-queries. `limit`:
  /// of its rows.
  Result<std::size_t> subquery(SubQuery::Use use, std::optional<std::size_t> limit = {});
  void warn(std::string text) { plan_->warnings.push_back(std::move(text)); }
  void set_alias(std::string alias) { left_alias_ = std::move(alias); }
  int stats_count = 0;
  int appendcols_count = 0;
  bool has_join = false;
  /// Of the rows as they are now; forgotten by close_names().
  std::optional<TimeBins> bins;
  PatternGather* pattern = nullptr;  // the plan's
  /// Where tokens are read from; set back by those who look ahead.
  Result<void> go_to(std::size_t at);
  void warn_of_hyphen(const Token& left, std::size_t begin, std::size_t end);

 private:
  friend class ExpressionCompiler;
  Result<void> advance();
  Result<void> commands();
  Result<void> command();
  Result<void> sources();
  Result<void> source(Source& out);
  Result<void> source_arguments(Source& out);
  Result<std::string> bare_group();
  Result<SourceTime> source_time();
  Result<std::vector<std::string>> string_list();
  Result<void> finish();

  CompileOptions options_;
  Lexer lexer_;
  Token token_;
  std::size_t last_end_ = 0;
  std::shared_ptr<Plan> plan_ = std::make_shared<Plan>();
  std::map<std::string, Slot, std::less<>> names_;
  std::map<std::string, Slot, std::less<>> base_;  // fields of events
  std::map<SystemField, Slot> system_;
  bool is_closed_ = false;
  std::vector<AggregateCall>* aggregates_ = nullptr;
  std::vector<OutputColumn> shown_;
  bool has_shown_ = false;
  bool display_given_ = false;
  std::optional<Order> order_;
  bool rows_are_events_ = true;
  std::optional<std::size_t> limit_;
  std::string left_alias_;
  int depth_ = 0;
  bool is_nested_ = false;
  std::size_t command_count_ = 0;
};

/// Fills what a gather needs to know about what comes after it.
void tell_gathers(Plan& plan);

}  // namespace weir::insights
