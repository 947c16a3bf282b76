// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "alarms/draft.h"
#include "metrics/page_token.h"

namespace weir::alarms {

namespace {

constexpr int kRecordsMax = 100;

std::string purpose_of(const HistoryQuery& query) {
  return "DescribeAlarmHistory " + query.alarm_name.value_or("") + ' ' +
         query.item_type.value_or("") + (query.ascending ? " up" : " down") +
         (query.with_metric ? " metric" : "") + (query.with_composite ? " composite" : "");
}

std::string time_key(const Scope& scope, Time time) {
  std::string key = history_prefix(scope);
  store::append_u64(key, static_cast<std::uint64_t>(std::max<std::int64_t>(time.ms, 0)));
  return key;
}

}  // namespace

Shape HistoryItem::shape() {
  using S = HistoryItem;
  static constexpr Member members[] = {
      optional<&S::alarm_name>("AlarmName"),   optional<&S::alarm_type>("AlarmType"),
      optional<&S::timestamp>("Timestamp"),    optional<&S::item_type>("HistoryItemType"),
      optional<&S::summary>("HistorySummary"), optional<&S::data>("HistoryData"),
  };
  return {"AlarmHistoryItem", members};
}

std::string history_prefix(const Scope& scope) { return "alarms.history/" + scope.key(); }

std::string history_key(const Scope& scope, Time time, std::uint64_t number) {
  std::string key = time_key(scope, time);
  store::append_u64(key, number);
  return key;
}

Result<HistoryPage> Alarms::Impl::history(const Scope& scope, const HistoryQuery& query) const {
  const std::string prefix = history_prefix(scope);
  // [low, high) are the keys of the time range.
  std::string low = query.start ? time_key(scope, *query.start) : prefix;
  std::string high =
      query.end ? time_key(scope, *query.end + Duration(1)) : store::prefix_end(prefix);
  if (!query.next_token.empty()) {
    const auto last = metrics::read_page_token(purpose_of(query), query.next_token);
    if (!last) return Error{ErrorKind::invalid, "InvalidNextToken", "The next token is invalid."};
    if (query.ascending) {
      low = prefix + *last + '\0';
    } else {
      high = prefix + *last;
    }
  }
  const auto wanted = static_cast<std::size_t>(std::clamp(query.records_max, 1, kRecordsMax));
  // How an item of the alarm begins: those of others need not be parsed.
  const std::string beginning =
      query.alarm_name ? R"({"AlarmName":)" + to_json(Document(*query.alarm_name)) : "";
  HistoryPage page;
  std::string last_key;
  const auto cursor = store.cursor();
  if (query.ascending) {
    cursor->seek(low);
  } else {
    cursor->seek_back(high);
    if (cursor->valid() && cursor->key() >= high) cursor->previous();
  }
  for (; cursor->valid() && cursor->key() >= low && cursor->key() < high;
       query.ascending ? cursor->next() : cursor->previous()) {
    if (!cursor->value().starts_with(beginning)) continue;
    WEIR_TRY(HistoryItem item, from_json_text<HistoryItem>(cursor->value()));
    if (item.alarm_type == "CompositeAlarm" ? !query.with_composite : !query.with_metric) continue;
    if (query.item_type && item.item_type != *query.item_type) continue;
    if (page.items.size() == wanted) {
      page.next_token = metrics::make_page_token(purpose_of(query), last_key);
      break;
    }
    last_key = cursor->key().substr(prefix.size());
    page.items.push_back(std::move(item));
  }
  WEIR_CHECK(cursor->status());
  return page;
}

Result<void> Alarms::Impl::prune_history() {
  std::map<Scope, std::size_t> counts = state.lock()->history_count;
  const Time oldest = runtime.now() - config.history_kept;
  for (const auto& [scope, count] : counts) {
    const std::string prefix = history_prefix(scope);
    const std::string kept_from = time_key(scope, oldest);
    const std::size_t surplus = count - std::min(count, config.history_items_max);
    std::size_t erased = 0;
    const auto cursor = store.cursor();
    cursor->seek(prefix);
    for (; cursor->valid() && cursor->key().starts_with(prefix); cursor->next()) {
      if (cursor->key() >= kept_from && erased >= surplus) break;
      ++erased;
    }
    WEIR_CHECK(cursor->status());
    if (erased == 0) continue;
    const bool is_all = !cursor->valid() || !cursor->key().starts_with(prefix);
    store::WriteBatch batch;
    batch.erase_range(prefix, is_all ? store::prefix_end(prefix) : std::string(cursor->key()));
    WEIR_CHECK(store.write(batch));
    state.lock()->history_count[scope] -= erased;
  }
  return {};
}

}  // namespace weir::alarms
