// SPDX-License-Identifier: Apache-2.0
#include "logs/subscriptions.h"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/guarded.h"
#include "base/log.h"
#include "logs/arrivals.h"
#include "logs/errors.h"
#include "logs/service_metrics.h"
#include "logs/store_keys.h"
#include "logs/subscription_payload.h"
#include "logs/subscription_pump.h"

namespace weir::logs {
namespace {

constexpr Duration kHousekeepingPeriod = std::chrono::seconds(10);
constexpr std::string_view kGroupResource = "log-group:";

std::string member(const Scope& scope, std::string_view kind, std::string_view group,
                   std::string_view name) {
  return subscription_key(scope, kind, group).append(name);
}

/// As the metric dimension DestinationType and in messages; the service's own name if it has none.
struct Vendor {
  std::string_view service;
  std::string_view metric_kind;
  std::string_view refusal;  // when the test message is not taken
  bool wants_role = false;
};
constexpr Vendor kVendors[] = {
    {"lambda", "Lambda",
     "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission "
     "to execute your function."},
    {"firehose", "Kinesis Firehose",
     "Could not deliver test message to specified Firehose stream. Check if the given Firehose "
     "stream is in ACTIVE state.",
     true},
    {"kinesis", "Kinesis Stream",
     "Could not deliver test message to specified Kinesis stream. Check if the given kinesis "
     "stream is in ACTIVE state.",
     true},
    {"logs", "CloudWatch Logs",
     "Could not deliver test message to specified destination. Check if the destination is "
     "valid."},
};

const Vendor* vendor_of(std::string_view service) {
  for (const Vendor& vendor : kVendors) {
    if (vendor.service == service) return &vendor;
  }
  return nullptr;
}

Error unknown_vendor(std::string_view service) {
  return invalid_parameter(
      "PutSubscriptionFilter operation cannot work with destinationArn for vendor " +
      std::string(service));
}

/// Why the target did not take the test message goes into the details: AWS's text does not say.
Error refused_test(std::string_view service, const Error& error) {
  Error refused = invalid_parameter(std::string(vendor_of(service)->refusal));
  refused.details.emplace_back("reason", error.message);
  return refused;
}

Result<void> check_vendor(const Scope& scope, const SubscriptionFilter& filter, const Arn& arn) {
  const Vendor* vendor = vendor_of(arn.service);
  if (vendor == nullptr) return unknown_vendor(arn.service);
  const std::string start = "destinationArn for vendor " + arn.service + " cannot be used with";
  if (arn.service == "lambda" && arn.scope.account != scope.account) {
    return Error{ErrorKind::forbidden, "AccessDeniedException",
                 "Cross-account lambda invocation passing is not allowed. You must use "
                 "DestinationPolicies to create cross account lambda triggers."};
  }
  if (vendor->wants_role && !filter.role_arn) return invalid_parameter(start + "out roleArn");
  if (!vendor->wants_role && filter.role_arn) return invalid_parameter(start + " roleArn");
  return {};
}

/// Waits for the one answer.
Result<void> send_and_wait(SubscriptionTransport& transport, SubscriptionTransport::Parcel parcel) {
  struct Answer {
    std::mutex mutex;
    std::condition_variable came;
    std::optional<Result<void>> result;
  };
  const auto answer = std::make_shared<Answer>();  // the callback may hold it for a moment longer
  transport.send(std::move(parcel), [answer](Result<void> result) {
    const std::lock_guard lock(answer->mutex);
    answer->result = std::move(result);
    answer->came.notify_one();
  });
  std::unique_lock lock(answer->mutex);
  answer->came.wait(lock, [&] { return answer->result.has_value(); });
  return *answer->result;
}

}  // namespace

struct Subscriptions::Impl {
  using PumpPtr = std::shared_ptr<SubscriptionPump>;  // shared with its work under way
  using Filters = std::map<std::string, PumpPtr, std::less<>>;
  using State = std::map<Scope, std::map<std::string, Filters, std::less<>>>;

  Impl(Runtime& runtime_in, store::KvStore& store_in, Logs& logs_in, Destinations& destinations_in,
       Transports transports_in, Config config_in)
      : runtime(runtime_in),
        store(store_in),
        logs(logs_in),
        destinations(destinations_in),
        transports(std::move(transports_in)),
        config(config_in),
        around{.runtime = runtime,
               .store = store,
               .logs = logs,
               .retry_time_max = config.retry_time_max,
               .find_target = [this](const CompiledSubscription& compiled) {
                 return find_target(compiled);
               }} {}

  ~Impl() {
    logs.on_group_deleted(nullptr);
    logs.count_other_regex_filters(nullptr);
    housekeeping = Timer();
    for (const PumpPtr& pump : pumps()) pump->stop();
    publish();
  }

  std::vector<PumpPtr> pumps() const {
    std::vector<PumpPtr> all;
    auto locked = state.lock();
    for (const auto& [scope, groups] : *locked) {
      for (const auto& [group, filters] : groups) {
        for (const auto& [name, pump] : filters) all.push_back(pump);
      }
    }
    return all;
  }

  Filters filters_of(const Scope& scope, std::string_view group) const {
    auto locked = state.lock();
    const auto in_scope = locked->find(scope);
    if (in_scope == locked->end()) return {};
    const auto found = in_scope->second.find(group);
    return found == in_scope->second.end() ? Filters() : found->second;
  }

  // ---- Targets ----------------------------------------------------------------------------------

  Result<SubscriptionTarget> target_of(std::string_view arn_text) const {
    WEIR_TRY(Arn arn, Arn::parse(arn_text));
    if (const std::string_view name = destination_in(arn); !name.empty()) {
      WEIR_TRY(const Destination destination, destinations.destination(arn.scope, name));
      WEIR_TRY(arn, Arn::parse(destination.target_arn));
    }
    const Vendor* vendor = vendor_of(arn.service);
    if (vendor == nullptr) return unknown_vendor(arn.service);
    SubscriptionTarget target{.arn = arn.text(),
                              .scope = arn.scope,
                              .log_group_name = {},
                              .kind = std::string(vendor->metric_kind)};
    std::string_view resource = arn.resource;
    if (arn.service == "logs" && resource.starts_with(kGroupResource)) {
      if (resource.ends_with(":*")) resource.remove_suffix(2);
      target.log_group_name = resource.substr(kGroupResource.size());
      return target;
    }
    const auto transport = transports.find(arn.service);
    if (transport == transports.end()) {
      return Error{ErrorKind::not_found, "ResourceNotFoundException",
                   "nothing here delivers to " + arn.text()};
    }
    target.transport = transport->second;
    return target;
  }

  Result<SubscriptionTarget> find_target(const CompiledSubscription& compiled) const {
    WEIR_TRY(SubscriptionTarget target, target_of(compiled.filter.destination_arn));
    WEIR_CHECK(check_loop(compiled.scope, compiled.filter.log_group_name, target));
    return target;
  }

  /// Whether events of the group would come back to it. Each group is looked at once.
  Result<void> check_loop(const Scope& scope, std::string_view group,
                          const SubscriptionTarget& target) const {
    using Place = std::pair<Scope, std::string>;
    const Place start(scope, std::string(group));
    std::set<Place> seen;
    std::vector<Place> ahead;
    if (target.transport == nullptr) ahead.emplace_back(target.scope, target.log_group_name);
    while (!ahead.empty()) {
      const Place place = std::move(ahead.back());
      ahead.pop_back();
      if (place == start) {
        return invalid_parameter("The destination leads back to the log group " + place.second +
                                 ", which would send its events in a circle.");
      }
      if (!seen.insert(place).second) continue;
      for (const auto& [name, pump] : filters_of(place.first, place.second)) {
        const auto next = target_of(pump->compiled()->filter.destination_arn);
        if (next && next->transport == nullptr)
          ahead.emplace_back(next->scope, next->log_group_name);
      }
    }
    return {};
  }

  /// Sends the test message.
  Result<void> probe(const SubscriptionTarget& target) const {
    if (target.transport == nullptr) {
      const auto group = logs.log_group(target.scope, target.log_group_name);
      return group ? Result<void>() : group.error();
    }
    return send_and_wait(*target.transport, {.id = runtime.uuid(),
                                             .target_arn = target.arn,
                                             .data = control_payload(runtime.now()),
                                             .created = runtime.now()});
  }

  Result<void> check_access(const Scope& scope, const Arn& arn) const {
    const std::string_view name = destination_in(arn);
    if (name.empty()) return {};
    WEIR_TRY(const Destination destination, destinations.destination(arn.scope, name));
    if (Destinations::is_open_to(arn.scope, destination, scope.account)) return {};
    return Error{
        ErrorKind::forbidden, "AccessDeniedException",
        "User with accountId: " + scope.account +
            " is not authorized to perform: logs:PutSubscriptionFilter on resource: " + arn.text()};
  }

  // ---- Filters ----------------------------------------------------------------------------------

  std::size_t count_regexes(const Scope& scope, std::string_view group,
                            std::string_view without_filter) const {
    std::size_t count = 0;
    for (const auto& [name, pump] : filters_of(scope, group)) {
      count += name != without_filter && pump->compiled()->pattern.has_regex();
    }
    return count;
  }

  Result<void> check_group(const CompiledSubscription& compiled) const {
    const Scope& scope = compiled.scope;
    const SubscriptionFilter& filter = compiled.filter;
    WEIR_TRY(const LogGroupStatus status, logs.log_group(scope, filter.log_group_name));
    if (status.group.log_group_class != "STANDARD") {
      return Error{ErrorKind::invalid, "InvalidOperationException",
                   "Subscription filters are not supported for log groups of class " +
                       status.group.log_group_class};
    }
    const Filters filters = filters_of(scope, filter.log_group_name);
    if (!filters.contains(filter.filter_name) && filters.size() >= config.filters_per_group_max) {
      return limit_exceeded();
    }
    if (compiled.pattern.has_regex() &&
        count_regexes(scope, filter.log_group_name, filter.filter_name) +
                logs.regex_filters(scope, filter.log_group_name) >=
            Logs::kRegexFiltersMax) {
      return limit_exceeded();
    }
    return {};
  }

  Result<void> replace(SubscriptionPump& pump, CompiledSubscription compiled) {
    SubscriptionFilter& filter = compiled.filter;
    filter.creation_time_ms = pump.compiled()->filter.creation_time_ms;
    WEIR_CHECK(store.put(member(compiled.scope, "f/", filter.log_group_name, filter.filter_name),
                         to_json_text(filter)));
    pump.replace(std::make_shared<const CompiledSubscription>(std::move(compiled)));
    return {};
  }

  /// What comes after start() is in the arrivals, so the filter misses nothing from its answer on.
  Result<void> create(CompiledSubscription compiled) {
    compiled.filter.creation_time_ms = runtime.now().ms;
    const auto kept = std::make_shared<const CompiledSubscription>(std::move(compiled));
    const SubscriptionFilter& filter = kept->filter;
    const auto pump = std::make_shared<SubscriptionPump>(
        around, member(kept->scope, "p/", filter.log_group_name, filter.filter_name), kept);
    const SubscriptionPosition start = pump->start(std::nullopt);
    store::WriteBatch batch;
    batch.put(member(kept->scope, "f/", filter.log_group_name, filter.filter_name),
              to_json_text(filter));
    batch.put(pump->position_key(), to_json_text(start));
    if (auto written = store.write(batch); !written) {
      pump->stop();
      return written;
    }
    (*state.lock())[kept->scope][filter.log_group_name].emplace(filter.filter_name, pump);
    return {};
  }

  /// Ends the work on a group that is gone; called while the group cannot be made again.
  void forget_group(const Scope& scope, std::string_view group) {
    const std::lock_guard lock(control);
    Filters filters;
    {
      auto locked = state.lock();
      auto& groups = (*locked)[scope];
      const auto found = groups.find(group);
      if (found == groups.end()) return;
      filters = std::move(found->second);
      groups.erase(found);
    }
    for (const auto& [name, pump] : filters) pump->stop();
    // A position may have been written after the group's own batch.
    store::WriteBatch batch;
    for (const std::string_view kind : {"f/", "p/"}) {
      batch.erase_prefix(subscription_key(scope, kind, group));
    }
    if (const auto erased = store.write(batch); !erased) {
      log::warn("positions of subscriptions stay behind, the next start removes them",
                {{"group", group}, {"error", erased.error().message}});
    }
  }

  // ---- Loading and housekeeping -----------------------------------------------------------------

  Result<void> load() {
    std::map<std::string, SubscriptionFilter, std::less<>> filters;  // by the rest of their key
    std::map<std::string, SubscriptionPosition, std::less<>> positions;
    const auto split = [](std::string_view key, std::string_view& kind) {
      key.remove_prefix(kSubscriptionsPrefix.size());
      const Scope scope = Scope::take_from(key);
      kind = key.substr(0, 2);
      return scope.key().append(key.substr(2));
    };
    Result<void> read;
    WEIR_CHECK(store.scan(kSubscriptionsPrefix, [&](std::string_view key, std::string_view value) {
      std::string_view kind;
      const std::string rest = split(key, kind);
      if (kind == "f/") {
        auto filter = from_json_text<SubscriptionFilter>(value);
        if (!filter) read = filter.error();
        if (filter) filters.emplace(rest, *std::move(filter));
      } else {
        auto position = from_json_text<SubscriptionPosition>(value);
        if (!position) read = position.error();
        if (position) positions.emplace(rest, *position);
      }
      return static_cast<bool>(read);
    }));
    WEIR_CHECK(read);
    store::WriteBatch left_over;
    for (auto& [rest, filter] : filters) {
      std::string_view key = rest;
      const Scope scope = Scope::take_from(key);
      const auto position = positions.extract(rest);
      if (!logs.log_group(scope, filter.log_group_name)) {
        left_over.erase(member(scope, "f/", filter.log_group_name, filter.filter_name));
        left_over.erase(member(scope, "p/", filter.log_group_name, filter.filter_name));
        continue;
      }
      WEIR_CHECK(take_up(scope, std::move(filter),
                         position.empty() ? std::nullopt : std::optional(position.mapped())));
    }
    for (const auto& [rest, position] : positions) {
      std::string_view key = rest;
      const Scope scope = Scope::take_from(key);
      left_over.erase(std::string(kSubscriptionsPrefix) + scope.key() + "p/" + std::string(key));
    }
    if (!left_over.empty()) WEIR_CHECK(store.write(left_over));
    logs.on_group_deleted(
        [this](const Scope& scope, std::string_view group) { forget_group(scope, group); });
    logs.count_other_regex_filters([this](const Scope& scope, std::string_view group) {
      return count_regexes(scope, group, "");
    });
    housekeeping = Timer(runtime, kHousekeepingPeriod, [this] { keep_house(); });
    return {};
  }

  Result<void> take_up(const Scope& scope, SubscriptionFilter filter,
                       const std::optional<SubscriptionPosition>& position) {
    const std::string group = filter.log_group_name;
    const std::string name = filter.filter_name;
    WEIR_TRY(CompiledSubscription compiled,
             CompiledSubscription::compile(scope, std::move(filter)));
    const auto pump = std::make_shared<SubscriptionPump>(
        around, member(scope, "p/", group, name),
        std::make_shared<const CompiledSubscription>(std::move(compiled)));
    (*state.lock())[scope][group].emplace(name, pump);
    pump->start(position);
    return {};
  }

  /// A filter that finds nothing to do moves on, too: what lies before all positions is erased.
  void keep_house() {
    for (const PumpPtr& pump : pumps()) pump->step();
    {
      const std::lock_guard lock(control);
      store::WriteBatch batch;
      for (const PumpPtr& pump : pumps()) {
        if (const auto position = pump->unsaved_position()) {
          batch.put(pump->position_key(), to_json_text(*position));
        }
      }
      const auto written = batch.empty() ? Result<void>() : store.write(batch);
      if (!written) {
        log::warn("cannot write down how far subscriptions have come",
                  {{"error", written.error().message}});
      }
    }
    publish();
  }

  void publish() {
    ServiceMetrics& metrics = logs.service_metrics();
    for (const PumpPtr& pump : pumps()) {
      const auto counts = pump->take_counts();
      const auto compiled = pump->compiled();
      ServiceMetrics::Dimensions dimensions = {{"LogGroupName", compiled->filter.log_group_name},
                                               {"FilterName", compiled->filter.filter_name}};
      if (!counts.target_kind.empty()) dimensions["DestinationType"] = counts.target_kind;
      const auto add = [&](std::string_view name, std::uint64_t value, std::string_view unit) {
        metrics.add(compiled->scope, name, dimensions, static_cast<double>(value), unit);
      };
      add("ForwardedLogEvents", counts.events, "None");
      add("ForwardedBytes", counts.bytes, "Bytes");
      add("DeliveryErrors", counts.errors, "None");
      add("DeliveryThrottling", counts.throttled, "None");
    }
  }

  Runtime& runtime;
  store::KvStore& store;
  Logs& logs;
  Destinations& destinations;
  const Transports transports;
  const Config config;
  const SubscriptionPump::Surroundings around;
  std::mutex control;  // one change of filters at a time; not while a target is asked
  mutable Guarded<State> state;
  Timer housekeeping;
};

Subscriptions::Subscriptions(Runtime& runtime, store::KvStore& store, Logs& logs,
                             Destinations& destinations, Transports transports, Config config)
    : impl_(std::make_unique<Impl>(runtime, store, logs, destinations, std::move(transports),
                                   config)) {}

Subscriptions::~Subscriptions() = default;

Result<void> Subscriptions::load() { return impl_->load(); }

/// AWS looks at the destination before the log group (recorded); the place of the test message in
/// this order is unverified.
Result<void> Subscriptions::put(const Scope& scope, SubscriptionFilter filter) {
  const auto arn = Arn::parse(filter.destination_arn);
  if (!arn) {
    return invalid_parameter("destinationArn " + filter.destination_arn + " is no ARN");
  }
  WEIR_CHECK(check_vendor(scope, filter, *arn));
  WEIR_TRY(CompiledSubscription compiled, CompiledSubscription::compile(scope, std::move(filter)));
  WEIR_CHECK(impl_->check_group(compiled));
  WEIR_CHECK(impl_->check_access(scope, *arn));
  const auto target = impl_->target_of(compiled.filter.destination_arn);
  if (!target) return refused_test(arn->service, target.error());
  WEIR_CHECK(impl_->check_loop(scope, compiled.filter.log_group_name, *target));
  if (const auto taken = impl_->probe(*target); !taken) {
    return refused_test(arn->service, taken.error());
  }
  const std::lock_guard control(impl_->control);
  WEIR_CHECK(impl_->check_group(compiled));
  const auto filters = impl_->filters_of(scope, compiled.filter.log_group_name);
  const auto found = filters.find(compiled.filter.filter_name);
  if (found != filters.end()) return impl_->replace(*found->second, std::move(compiled));
  return impl_->create(std::move(compiled));
}

Result<void> Subscriptions::remove(const Scope& scope, std::string_view group,
                                   std::string_view name) {
  WEIR_CHECK(impl_->logs.log_group(scope, group));
  const std::lock_guard control(impl_->control);
  const auto filters = impl_->filters_of(scope, group);
  const auto found = filters.find(name);
  if (found == filters.end()) {
    return not_found("The specified subscription filter does not exist.");
  }
  store::WriteBatch batch;
  batch.erase(member(scope, "f/", group, name));
  WEIR_CHECK(impl_->store.write(batch));
  {
    auto state = impl_->state.lock();
    Impl::Filters& of_group = (*state)[scope].find(group)->second;
    of_group.erase(of_group.find(name));
  }
  found->second->stop();
  // Only now: its work may have written the position until here. If it stays, the next start
  // removes it.
  return impl_->store.erase(found->second->position_key());
}

Result<Page<SubscriptionFilter>> Subscriptions::list(const Scope& scope, std::string_view group,
                                                     std::string_view prefix,
                                                     std::string_view after,
                                                     std::size_t limit) const {
  WEIR_CHECK(impl_->logs.log_group(scope, group));
  Page<SubscriptionFilter> page;
  for (const auto& [name, pump] : impl_->filters_of(scope, group)) {
    if (name <= after || !name.starts_with(prefix)) continue;
    if (page.items.size() == limit) {
      page.next = page.items.back().filter_name;
      break;
    }
    page.items.push_back(pump->compiled()->filter);
  }
  return page;
}

Result<Destination> Subscriptions::put_destination(const Scope& scope, Destination destination) {
  const auto target = impl_->target_of(destination.target_arn);
  const Result<void> taken = target ? impl_->probe(*target) : Result<void>(target.error());
  if (!taken) return refused_test("logs", taken.error());
  return impl_->destinations.put(scope, std::move(destination));
}

}  // namespace weir::logs
