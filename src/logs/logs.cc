// SPDX-License-Identifier: Apache-2.0
#include "logs/logs.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "logs/errors.h"
#include "logs/logs_impl.h"

namespace weir::logs {
namespace {

constexpr std::size_t kNameCharactersMax = 512;
constexpr std::string_view kDeliveryClass = "DELIVERY";
constexpr int kRetentionDays[] = {1,   3,   5,   7,   14,   30,   60,   90,   120,  150,  180,
                                  365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653};

Error violation(std::string_view member, std::string_view value, std::string constraint) {
  const Violation broken{.path = std::string(member),
                         .value = std::string(value),
                         .constraint = std::move(constraint)};
  return invalid_parameter(violation_message({&broken, 1}));
}

bool is_group_character(char c) {
  constexpr std::string_view kSigns = ".-_/#";
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         kSigns.find(c) != kSigns.npos;
}

Result<void> check_name(std::string_view member, std::string_view name, bool is_group) {
  if (name.empty()) {
    return violation(member, name, "Member must have length greater than or equal to 1");
  }
  if (name.size() > kNameCharactersMax) {
    return invalid_parameter(
        "Invalid LogGroup or LogStream, both must have length less than or equal to 512.");
  }
  const bool is_good = is_group ? std::ranges::all_of(name, is_group_character)
                                : name.find_first_of(":*") == name.npos;
  if (!is_good) {
    return violation(member, name,
                     std::string("Member must satisfy regular expression pattern: ") +
                         (is_group ? "[\\.\\-_/#A-Za-z0-9]+" : "[^:*]*"));
  }
  return {};
}

bool is_reserved(std::string_view name) {
  std::string start(name.substr(0, 4));
  std::ranges::transform(start, start.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return start == "aws/";
}

LogGroupStatus status_of(const GroupState& group) {
  return {.group = group.data,
          .stored_bytes = group.stored_bytes,
          .metric_filter_count = static_cast<int>(group.filters.size())};
}

bool is_wanted(const GroupState& group, const Logs::GroupQuery& query) {
  const std::string_view name = group.data.name;
  if (!query.log_group_class.empty() && group.data.log_group_class != query.log_group_class) {
    return false;
  }
  if (query.names && !query.names->contains(name)) return false;
  const auto is_tagged = [&group](const TagFilter& tag) { return fits(tag, group.data.tags); };
  if (!std::ranges::all_of(query.tags, is_tagged)) return false;
  return query.substrings.empty() ||
         std::ranges::any_of(query.substrings, [name](std::string_view text) {
           return text.starts_with('^') ? name.starts_with(text.substr(1))
                                        : name.find(text) != name.npos;
         });
}

/// Streams without events sort as never used.
std::int64_t last_event_of(const LogStream& stream) { return stream.last_event_ms.value_or(-1); }

/// Walks from the place of the page on, so that each page of many streams costs the same.
Page<LogStream> streams_by_name(const GroupState& group, const Logs::StreamQuery& query) {
  const auto& streams = group.streams;
  Page<LogStream> page;
  const auto take = [&](const LogStream& stream) {
    if (page.items.size() == query.limit) {
      page.next = page.items.back().name;
      return false;
    }
    page.items.push_back(stream);
    return true;
  };
  const auto begin = streams.lower_bound(query.prefix);
  if (!query.descending) {
    auto it = query.after < query.prefix ? begin : streams.upper_bound(query.after);
    if (query.after.empty()) it = begin;
    while (it != streams.end() && it->first.starts_with(query.prefix) && take(it->second->data)) {
      ++it;
    }
    return page;
  }
  const std::string behind = store::prefix_end(query.prefix);
  auto it = behind.empty() ? streams.end() : streams.lower_bound(behind);
  if (!query.after.empty() && (behind.empty() || query.after < behind)) {
    it = streams.lower_bound(std::max(query.after, query.prefix));
  }
  while (it != begin && take(std::prev(it)->second->data)) --it;
  return page;
}

Result<Page<LogStream>> streams_by_event(const GroupState& group, const Logs::StreamQuery& query) {
  GroupState::Place after;
  if (!query.after.empty()) {
    const std::size_t colon = query.after.find(':');
    const char* const end = query.after.data() + std::min(colon, query.after.size());
    if (std::from_chars(query.after.data(), end, after.first).ptr != end ||
        colon == query.after.npos) {
      return bad_token();
    }
    after.second = std::string_view(query.after).substr(colon + 1);
  }
  const auto& places = group.by_last_event;
  Page<LogStream> page;
  const auto take = [&](const GroupState::Place& place) {
    if (page.items.size() == query.limit) {
      const LogStream& last = page.items.back();
      page.next = std::to_string(last_event_of(last)) + ":" + last.name;
      return false;
    }
    page.items.push_back(group.streams.find(place.second)->second->data);
    return true;
  };
  if (query.descending) {
    auto it = query.after.empty() ? places.end() : places.lower_bound(after);
    while (it != places.begin() && take(*std::prev(it))) --it;
  } else {
    auto it = query.after.empty() ? places.begin() : places.upper_bound(after);
    while (it != places.end() && take(*it)) ++it;
  }
  return page;
}

}  // namespace

Logs::Logs(Runtime& runtime, store::KvStore& store, const MetricSink& sink, Config config)
    : impl_(std::make_unique<Impl>(runtime, store, sink, config)) {}

Logs::~Logs() {
  impl_->housekeeping = Timer();
  impl_->retention = Timer();
  impl_->merging = Timer();
  impl_->publishing = Timer();
  impl_->service_metrics.publish();
  impl_->hand_over.work();  // so that the next start finds nothing to repeat
}

Arrivals& Logs::arrivals() { return impl_->arrivals; }
ServiceMetrics& Logs::service_metrics() { return impl_->service_metrics; }

GroupState* Logs::Impl::find_group(State& state, const Scope& scope, std::string_view name) {
  const auto in_scope = state.find(scope);
  if (in_scope == state.end()) return nullptr;
  const auto group = in_scope->second.groups.find(name);
  return group == in_scope->second.groups.end() ? nullptr : &group->second;
}

StreamState* Logs::Impl::find_stream(GroupState& group, std::string_view name) {
  const auto stream = group.streams.find(name);
  return stream == group.streams.end() ? nullptr : stream->second.get();
}

void GroupState::add(std::shared_ptr<StreamState> stream) {
  const auto added = streams.emplace(stream->data.name, std::move(stream)).first;
  const LogStream& its = added->second->data;
  by_last_event.emplace(last_event_of(its), added->first);
  stored_bytes += its.stored_bytes;
}

void GroupState::remove(const StreamState& stream) {
  by_last_event.erase({last_event_of(stream.data), stream.data.name});
  stored_bytes -= stream.data.stored_bytes;
  streams.erase(streams.find(stream.data.name));
}

void GroupState::change(StreamState& stream, LogStream changed) {
  stored_bytes += changed.stored_bytes - stream.data.stored_bytes;
  if (last_event_of(changed) != last_event_of(stream.data)) {
    by_last_event.erase({last_event_of(stream.data), stream.data.name});
    by_last_event.emplace(last_event_of(changed), streams.find(changed.name)->first);
  }
  stream.data = std::move(changed);
}

void Logs::Impl::change_stream(const Scope& scope, std::string_view group,
                               const std::shared_ptr<StreamState>& stream, LogStream data) {
  auto locked = state.lock();
  GroupState* const found = find_group(*locked, scope, group);
  if (found == nullptr || find_stream(*found, data.name) != stream.get()) {
    stream->data = std::move(data);  // all was loaded anew meanwhile
    return;
  }
  found->change(*stream, std::move(data));
  note_mergeable(scope, *found, stream);
}

std::string stream_key(const Scope& scope, std::string_view group, std::string_view stream) {
  return member_key(scope, "s/", group).append(stream);
}

// ---- Groups -------------------------------------------------------------------------------------

Result<void> Logs::create_log_group(const Scope& scope, LogGroup group) {
  WEIR_CHECK(check_name("logGroupName", group.name, true));
  if (is_reserved(group.name)) {
    return invalid_parameter("Log groups starting with AWS/ are reserved for AWS.");
  }
  const std::lock_guard control(impl_->control);
  {
    auto state = impl_->state.lock();
    ScopeState& in_scope = (*state)[scope];
    if (in_scope.groups.contains(group.name)) return already_exists("log group");
    if (in_scope.groups.size() >= impl_->config.log_groups_max) return limit_exceeded();
    group.id = in_scope.next_id++;
  }
  group.creation_time_ms = impl_->runtime.now().ms;
  group.retention_in_days.reset();
  if (group.log_group_class == kDeliveryClass) group.retention_in_days = kDeliveryRetentionDays;
  WEIR_CHECK(impl_->store.put(group_key(scope, group.name), to_json_text(group)));
  auto state = impl_->state.lock();
  std::string name = group.name;
  (*state)[scope].groups[std::move(name)].data = std::move(group);
  return {};
}

Result<void> Logs::ensure_group(const Scope& scope, std::string_view name) {
  if (log_group(scope, name)) return {};
  LogGroup group;
  group.name = name;
  const auto created = create_log_group(scope, std::move(group));
  if (!created && created.error().kind == ErrorKind::already_exists) return {};
  return created;
}

Result<LogGroupStatus> Logs::log_group(const Scope& scope, std::string_view name) const {
  auto state = impl_->state.lock();
  const GroupState* group = Impl::find_group(*state, scope, name);
  if (group == nullptr) return group_missing();
  return status_of(*group);
}

Page<LogGroupStatus> Logs::log_groups(const Scope& scope, const GroupQuery& query) const {
  Page<LogGroupStatus> page;
  auto state = impl_->state.lock();
  const auto in_scope = state->find(scope);
  if (in_scope == state->end()) return page;
  const auto& groups = in_scope->second.groups;
  auto it = query.after < query.prefix ? groups.lower_bound(query.prefix)
                                       : groups.upper_bound(query.after);
  if (query.after.empty()) it = groups.lower_bound(query.prefix);
  for (; it != groups.end() && it->first.starts_with(query.prefix); ++it) {
    if (!is_wanted(it->second, query)) continue;
    if (page.items.size() == query.limit) {
      page.next = page.items.back().group.name;
      break;
    }
    page.items.push_back(status_of(it->second));
  }
  return page;
}

template <class Change>
Result<void> Logs::Impl::change_group(const Scope& scope, std::string_view name, Change change) {
  const std::lock_guard lock(control);
  LogGroup group;
  {
    auto locked = state.lock();
    const GroupState* found = find_group(*locked, scope, name);
    if (found == nullptr) return group_missing();
    group = found->data;
  }
  WEIR_CHECK(change(group));
  WEIR_CHECK(store.put(group_key(scope, name), to_json_text(group)));
  auto locked = state.lock();
  find_group(*locked, scope, name)->data = std::move(group);  // `control` keeps it there
  return {};
}

Result<void> Logs::set_retention(const Scope& scope, std::string_view name,
                                 std::optional<int> days) {
  if (days && std::ranges::find(kRetentionDays, *days) == std::end(kRetentionDays)) {
    std::string allowed;
    for (const int day : kRetentionDays)
      allowed += (allowed.empty() ? "" : ", ") + std::to_string(day);
    return violation("retentionInDays", std::to_string(*days),
                     "Member must satisfy enum value set: [" + allowed + "]");
  }
  WEIR_CHECK(impl_->change_group(scope, name, [days](LogGroup& group) -> Result<void> {
    if (group.log_group_class == kDeliveryClass) {
      return invalid_parameter("The retention of log groups of class DELIVERY is fixed.");
    }
    group.retention_in_days = days;
    return {};
  }));
  return {};
}

Result<void> Logs::set_deletion_protection(const Scope& scope, std::string_view name,
                                           bool enabled) {
  return impl_->change_group(scope, name, [enabled](LogGroup& group) -> Result<void> {
    group.deletion_protection_enabled = enabled;
    return {};
  });
}

Result<void> Logs::set_kms_key(const Scope& scope, std::string_view name, std::string_view key) {
  return impl_->change_group(scope, name, [key](LogGroup& group) -> Result<void> {
    group.kms_key_id = key;
    return {};
  });
}

Result<void> Logs::tag(const Scope& scope, std::string_view name,
                       const std::map<std::string, std::string>& tags) {
  return impl_->change_group(scope, name, [&](LogGroup& group) -> Result<void> {
    for (const auto& [key, value] : tags) group.tags.insert_or_assign(key, value);
    if (group.tags.size() <= kTagsMax) return {};
    return Error{ErrorKind::limit,
                 "TooManyTagsException",
                 "A log group can have at most 50 tags.",
                 {{"resourceName", std::string(name)}}};
  });
}

Result<void> Logs::untag(const Scope& scope, std::string_view name,
                         std::span<const std::string> keys) {
  return impl_->change_group(scope, name, [keys](LogGroup& group) -> Result<void> {
    for (const std::string& key : keys) group.tags.erase(key);
    return {};
  });
}

Result<void> Logs::delete_log_group(const Scope& scope, std::string_view name) {
  const std::lock_guard control(impl_->control);
  std::vector<std::shared_ptr<StreamState>> streams;
  store::WriteBatch batch;
  {
    auto state = impl_->state.lock();
    const GroupState* group = Impl::find_group(*state, scope, name);
    if (group == nullptr) return group_missing();
    if (group->data.deletion_protection_enabled) {
      return Error{ErrorKind::invalid, "ValidationException",
                   "Cannot delete log group with deletion protection enabled. Disable deletion "
                   "protection first."};
    }
    for (const auto& [stream_name, stream] : group->streams) streams.push_back(stream);
    batch.erase_prefix(events_key(scope, group->data.id));
  }
  batch.erase(group_key(scope, name));
  for (const std::string_view kind : {"s/", "f/", "d/", "i/"}) {
    batch.erase_prefix(member_key(scope, kind, name));
  }
  for (const std::string_view kind : {"f/", "p/"}) {
    batch.erase_prefix(subscription_key(scope, kind, name));
  }
  WEIR_CHECK(impl_->remove_streams(scope, name, streams, batch));
  {
    auto state = impl_->state.lock();
    auto& groups = (*state)[scope].groups;
    groups.erase(groups.find(name));
  }
  if (impl_->group_deleted) impl_->group_deleted(scope, name);
  return {};
}

void Logs::on_group_deleted(std::function<void(const Scope&, std::string_view)> callback) {
  const std::lock_guard control(impl_->control);
  impl_->group_deleted = std::move(callback);
}

// ---- Streams ------------------------------------------------------------------------------------

Result<void> Logs::create_log_stream(const Scope& scope, std::string_view group,
                                     std::string_view name) {
  WEIR_CHECK(check_name("logStreamName", name, false));
  const std::lock_guard control(impl_->control);
  auto stream = std::make_shared<StreamState>();
  {
    auto state = impl_->state.lock();
    GroupState* found = Impl::find_group(*state, scope, group);
    if (found == nullptr) return group_missing();
    if (found->streams.contains(name)) return already_exists("log stream");
    stream->data.id = (*state)[scope].next_id++;
  }
  stream->data.name = name;
  stream->data.creation_time_ms = impl_->runtime.now().ms;
  WEIR_CHECK(impl_->store.put(stream_key(scope, group, name), pack_stream(stream->data)));
  auto state = impl_->state.lock();
  Impl::find_group(*state, scope, group)->add(std::move(stream));
  return {};
}

Result<void> Logs::ensure_stream(const Scope& scope, std::string_view group,
                                 std::string_view name) {
  {
    auto state = impl_->state.lock();
    GroupState* found = Impl::find_group(*state, scope, group);
    if (found != nullptr && found->streams.contains(name)) return {};
  }
  WEIR_CHECK(ensure_group(scope, group));
  const auto created = create_log_stream(scope, group, name);
  if (!created && created.error().kind == ErrorKind::already_exists) return {};
  return created;
}

/// Writes `batch` while no put to the streams is under way, and lets none follow.
Result<void> Logs::Impl::remove_streams(const Scope& scope, std::string_view group,
                                        const std::vector<std::shared_ptr<StreamState>>& streams,
                                        const store::WriteBatch& batch) {
  const auto mark = [&](bool is_deleted) {
    for (const auto& stream : streams) {
      const std::lock_guard writing(stream->writing);
      auto locked = state.lock();
      stream->is_deleted = is_deleted;
    }
  };
  mark(true);
  if (auto written = store.write(batch); !written) {
    mark(false);
    return written;
  }
  for (const auto& operation : batch.operations()) {
    if (operation.kind != store::WriteBatch::Operation::Kind::erase_range) continue;
    note_removed(operation.key, operation.value, 0);
  }
  auto locked = state.lock();
  GroupState& found = *find_group(*locked, scope, group);
  for (const auto& stream : streams) {
    to_reclaim.lock()->bytes += static_cast<std::uint64_t>(stream->data.stored_bytes);
    found.remove(*stream);
  }
  return {};
}

Result<void> Logs::delete_log_stream(const Scope& scope, std::string_view group,
                                     std::string_view name) {
  const std::lock_guard control(impl_->control);
  std::vector<std::shared_ptr<StreamState>> streams;
  store::WriteBatch batch;
  {
    auto state = impl_->state.lock();
    const GroupState* found = Impl::find_group(*state, scope, group);
    if (found == nullptr) return group_missing();
    const auto stream = found->streams.find(name);
    if (stream == found->streams.end()) return stream_missing();
    streams.push_back(stream->second);
    std::string prefix = events_key(scope, found->data.id);
    store::append_u64(prefix, static_cast<std::uint64_t>(stream->second->data.id));
    batch.erase_prefix(prefix);
  }
  batch.erase(stream_key(scope, group, name));
  return impl_->remove_streams(scope, group, streams, batch);
}

Result<Page<LogStream>> Logs::log_streams(const Scope& scope, std::string_view group,
                                          const StreamQuery& query) const {
  auto state = impl_->state.lock();
  const GroupState* found = Impl::find_group(*state, scope, group);
  if (found == nullptr) return group_missing();
  return query.by_last_event ? streams_by_event(*found, query) : streams_by_name(*found, query);
}

}  // namespace weir::logs
