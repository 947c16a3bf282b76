// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <numeric>

#include "insights/commands/steps.h"
#include "insights/group_table.h"

namespace weir::insights {
namespace {

constexpr std::int64_t kGapDefault = 30 * 60'000;  // User Guide, sessionize

/// Numbers the sessions in the order of their first events; rows that lack an identity field or a
/// time belong to none.
class SessionStep : public Step {
 public:
  SessionStep(std::vector<Slot> identity, Slot time, std::int64_t gap_ms, Slot to)
      : identity_(std::move(identity)), time_(time), gap_ms_(gap_ms), to_(to) {}
  Result<void> apply(Batch& batch, const RunContext&) const override;
  std::vector<Slot> reads() const override {
    std::vector<Slot> slots = identity_;
    slots.push_back(time_);
    return slots;
  }

 private:
  struct Row {
    std::size_t row;
    std::int64_t time;
  };
  std::vector<Row> rows_by_time(Batch& batch, std::span<const ColumnPtr> keys) const;

  std::vector<Slot> identity_;
  Slot time_;
  std::int64_t gap_ms_;
  Slot to_;
};

std::vector<SessionStep::Row> SessionStep::rows_by_time(Batch& batch,
                                                        std::span<const ColumnPtr> keys) const {
  const ColumnPtr times = batch.column(time_);
  std::vector<Row> rows;
  for (std::size_t i = 0; i < batch.rows(); ++i) {
    const Value time = times->at(i, batch.arena());
    const bool is_known =
        time.kind == Value::Kind::time && std::ranges::none_of(keys, [&](const ColumnPtr& key) {
          const Value value = key->at(i, batch.arena());
          return value.is_null() || value.is_tree();
        });
    if (is_known) rows.push_back({i, time.integer});
  }
  std::ranges::stable_sort(rows, {}, &Row::time);
  return rows;
}

Result<void> SessionStep::apply(Batch& batch, const RunContext&) const {
  struct Open {
    std::int64_t last_ms = 0;
    std::int64_t number = 0;  // 0: none yet
  };
  std::vector<ColumnPtr> keys;
  for (const Slot slot : identity_) keys.push_back(batch.column(slot));
  GroupTable identities(keys.size());
  std::vector<std::uint32_t> identity_of_row;
  identities.find(keys, batch.rows(), identity_of_row);
  std::vector<Open> open(identities.size());
  std::vector<Value> sessions(batch.rows());
  std::int64_t count = 0;
  for (const Row& row : rows_by_time(batch, keys)) {
    Open& session = open[identity_of_row[row.row]];
    if (session.number == 0 || row.time - session.last_ms > gap_ms_) session.number = ++count;
    session.last_ms = row.time;
    sessions[row.row] = Value::of(session.number);
  }
  batch.set(to_, std::make_shared<const Column>(Column::of(std::move(sessions))));
  return {};
}

}  // namespace

/// `sessionize field, ... [maxspan 30m] [as session_id]` (User Guide).
Result<void> compile_sessionize(Compiler& c) {
  const std::size_t begin = c.last_end();
  if (c.is_closed() && std::ranges::count(c.known_names(), "@timestamp") == 0) {
    return c.error_from(begin, "sessionize needs @timestamp, which these rows do not have");
  }
  WEIR_TRY(const std::vector<std::string> names, name_list(c, "a field"));
  std::int64_t gap_ms = kGapDefault;
  WEIR_TRY(const bool has_gap, c.take_word("maxspan"));
  if (has_gap) {
    const Token token = c.peek();
    WEIR_TRY(gap_ms, c.need_period("a period such as 30m"));
    if (gap_ms < 0) {
      return malformed(token.begin, token.end, "maxspan is a period of a fixed length");
    }
  }
  std::string name = "session_id";
  WEIR_TRY(const bool has_name, c.take_word("as"));
  if (has_name) {
    WEIR_TRY(name, c.need_name("a name"));
  }
  std::vector<Slot> identity;
  for (const std::string& one : names) identity.push_back(c.slot_of(c.field(one)));
  const Slot time = c.resolve("@timestamp");
  c.put_in_order(std::nullopt);
  const Slot to = c.new_slot();
  c.add_step(std::make_unique<SessionStep>(std::move(identity), time, gap_ms, to));
  c.redefine(name, to);
  return {};
}

}  // namespace weir::insights
