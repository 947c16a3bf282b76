// SPDX-License-Identifier: Apache-2.0
#include "daemon/traffic.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <thread>
#include <utility>

#include "base/counters.h"
#include "base/guarded.h"
#include "base/log.h"
#include "capture/af_packet_source.h"
#include "capture/nflog_source.h"
#include "capture/pcap_file_source.h"

namespace weir::daemon {
namespace {

constexpr std::size_t kRecordsPerChunk = 256;
constexpr std::size_t kRecordsWaitingMax = 16'384;
// Flows shown at a time to who looks at them.
constexpr std::size_t kShownWhenBusy = 4'096;
constexpr std::size_t kShownWhenIdle = 131'072;
constexpr Duration kTick{100};
constexpr Duration kRetryDelayMin{100};
constexpr Duration kRetryDelayMax{2'000};

/// Finished records together with all that their texts are slices of.
struct Chunk {
  std::shared_ptr<const flow::Context> context;
  std::vector<flow::Record> records;
  std::deque<std::string> texts;  // of the rules; stable addresses

  void add(const flow::Record& record) {
    flow::Record& kept = records.emplace_back(record);
    for (const flow::Field field : {flow::Field::weir_reject_owner, flow::Field::weir_reject_id}) {
      if (kept.has(field)) kept.set(field, std::string_view(texts.emplace_back(kept.text(field))));
    }
  }
};

/// Passes chunks to the sink on a thread of its own. Who pushes waits while too many records wait.
class Delivery {
 public:
  explicit Delivery(Traffic::Sink sink) : sink_(std::move(sink)), thread_([this] { run(); }) {}
  ~Delivery() { stop(); }

  void push(Chunk chunk) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return records_ < kRecordsWaitingMax || is_stopping_; });
    records_ += chunk.records.size();
    chunks_.push_back(std::move(chunk));
    changed_.notify_all();
  }
  /// Delivers what waits, then ends. Nobody may push any more.
  void stop() {
    {
      const std::lock_guard lock(mutex_);
      is_stopping_ = true;
      changed_.notify_all();
    }
    if (thread_.joinable()) thread_.join();
  }

 private:
  void run() {
    while (auto chunk = pop()) sink_(*chunk->context, chunk->records);
  }
  std::optional<Chunk> pop() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !chunks_.empty() || is_stopping_; });
    if (chunks_.empty()) return std::nullopt;
    Chunk chunk = std::move(chunks_.front());
    chunks_.pop_front();
    records_ -= chunk.records.size();
    changed_.notify_all();
    return chunk;
  }

  Traffic::Sink sink_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Chunk> chunks_;
  std::size_t records_ = 0;
  bool is_stopping_ = false;
  std::thread thread_;  // last: it uses the others
};

/// What people call the device: `eth0`, `blue/eth0`, `eth0.42`.
std::string shown_name(const Traffic::Interface& interface) {
  std::string name = interface.device;
  if (!interface.network_namespace.empty()) name = interface.network_namespace + '/' + name;
  if (interface.vlan != 0) name += '.' + std::to_string(interface.vlan);
  return name;
}

/// Whether only what the records say about the interface may differ.
bool is_same_capture(const Traffic::Interface& a, Traffic::Interface b) {
  b.context = a.context;
  return a == b;
}

/// Somebody looks at the flows: shared with the capture threads, which may come too late.
class Look {
 public:
  Look(LiveFlows view, std::size_t interfaces) : view_(std::move(view)), waiting_(interfaces) {}

  /// Shows some of the open flows from the `from`th on; how many are left.
  std::size_t show(const flow::Meter& meter, std::string_view device, std::size_t from,
                   std::size_t count) {
    const std::lock_guard lock(mutex_);
    if (is_over_) return 0;
    return meter.for_each_open_flow(
        [&](const flow::Meter::OpenFlow& flow) {
          view_.add({meter.context(), device, flow});
        },
        from, count);
  }
  void finish() {
    const std::lock_guard lock(mutex_);
    --waiting_;
    changed_.notify_all();
  }
  /// Nothing is shown after it.
  Traffic::Seen wait(std::size_t interfaces) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, Traffic::kSeenTimeout, [this] { return waiting_ == 0; });
    is_over_ = true;
    return {std::move(view_), interfaces - waiting_, waiting_};
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  LiveFlows view_;
  std::size_t waiting_;
  bool is_over_ = false;
};

std::string_view owner_kind(std::string_view id) {
  if (id.starts_with("sg-")) return "SG";
  return id.starts_with("acl-") ? "NACL" : "";
}

/// The counters of one interface for /metrics.
struct Metrics {
  explicit Metrics(std::string name)
      : device(std::move(name)),
        label("interface=\"" + device + '"'),
        packets(counter("weir_capture_packets_total", "IP packets counted", label)),
        bytes(counter("weir_capture_bytes_total", "IP bytes counted", label)),
        drops(counter("weir_capture_dropped_total", "packets the kernel dropped before the capture",
                      label)),
        skipped(counter("weir_flow_packets_skipped_total", "packets without room in the flow table",
                        label)),
        records(counter("weir_flow_records_total", "flow records written", label)) {}
  void add(const flow::Meter::Stats& now, const flow::Meter::Stats& before,
           std::uint64_t dropped) const {
    packets.add(now.packets - before.packets);
    bytes.add(now.bytes - before.bytes);
    skipped.add(now.packets_skipped - before.packets_skipped);
    records.add(now.records - before.records);
    drops.add(dropped);
  }
  std::string device;
  std::string label;
  Counter& packets;
  Counter& bytes;
  Counter& drops;
  Counter& skipped;
  Counter& records;
};

/// One interface: its capture, its meter, and the thread of both.
class Worker {
 public:
  using Source = std::unique_ptr<capture::AfPacketSource>;

  Worker(Runtime& runtime, const Traffic::Config& config, Traffic::Interface interface,
         Delivery& delivery, Source source)
      : runtime_(runtime),
        config_(config),
        interface_(std::move(interface)),
        delivery_(delivery),
        metrics_(shown_name(interface_)),
        meter_(std::make_shared<const flow::Context>(interface_.context), meter_config(),
               [this](const flow::Record& record) { take(record); }) {
    Traffic::InterfaceStatus status;
    status.device = shown_name(interface_);
    status.interface_id = interface_.context.interface_id;
    *status_.lock() = std::move(status);
    thread_ = std::jthread([this, first = std::move(source)](const std::stop_token& stop) mutable {
      run(stop, std::move(first));
    });
  }

  static Result<Source> open(const Traffic::Interface& interface, const Traffic::Config& config) {
    return capture::AfPacketSource::open(interface.device,
                                         {.ring_bytes = config.ring_bytes,
                                          .tick = kTick,
                                          .other_hosts = interface.is_guest,
                                          .network_namespace = interface.network_namespace});
  }

  const Traffic::Interface& interface() const { return interface_; }
  /// Ends the capture: with what has passed until now, or at once, leaving the rest in the ring for
  /// who takes it over.
  void request_stop(bool leaves_source) {
    leaves_source_ = leaves_source;
    thread_.request_stop();
  }
  /// Waits for the end; the ring that was left, or nullptr.
  Source take_source() {
    if (thread_.joinable()) thread_.join();
    return std::move(left_);
  }
  Traffic::InterfaceStatus status() const { return *status_.lock(); }

  /// For records from now on. Called by the thread that reconciles.
  void set_context(const flow::Context& context) {
    interface_.context = context;
    inbox_.lock()->context = std::make_shared<const flow::Context>(context);
  }
  /// Called by the verdict thread.
  void post(const capture::Verdict& verdict) {
    auto inbox = inbox_.lock();
    if (inbox->verdicts.size() >= config_.verdicts_waiting_max) {
      ++inbox->dropped;
    } else {
      inbox->verdicts.push_back(verdict);
    }
  }
  void post_lost() { inbox_.lock()->is_incomplete = true; }
  void post(std::shared_ptr<Look> look) { inbox_.lock()->looks.push_back(std::move(look)); }

 private:
  /// What other threads leave for this one.
  struct Inbox {
    std::vector<capture::Verdict> verdicts;
    std::uint64_t dropped = 0;
    bool is_incomplete = false;
    std::shared_ptr<const flow::Context> context;
    std::vector<std::shared_ptr<Look>> looks;  // bounded by the listener's workers
  };
  /// A look that is under way.
  struct Showing {
    std::shared_ptr<Look> look;
    Time window;
    std::size_t next = 0;
  };

  flow::Meter::Config meter_config() {
    flow::Meter::Config meter = config_.meter;
    meter.window = interface_.window;
    meter.hash_seed = runtime_.random();
    return meter;
  }

  void run(const std::stop_token& stop, Source source) {
    Duration retry_delay = kRetryDelayMin;
    while (!stop.stop_requested()) {
      if (!source) {
        auto opened = open(interface_, config_);
        if (!opened) {
          set_error(opened.error().message);
          // A device that is not there carries nothing.
          wait_to_retry(stop, retry_delay, opened.error().kind != ErrorKind::not_found);
          retry_delay = std::min(2 * retry_delay, kRetryDelayMax);
          continue;
        }
        source = *std::move(opened);
        meter_.mark_incomplete();  // it may have carried something before
      }
      set_error("");
      retry_delay = kRetryDelayMin;
      const auto result =
          source->run(stop, [&](const capture::Batch& batch) { take(batch, *source); });
      if (result) break;
      set_error(result.error().message);
      source.reset();
    }
    if (source && leaves_source_) {
      left_ = std::move(source);
    } else if (source) {
      source->drain([&](const capture::Batch& batch) { take(batch, *source); });
    }
    take_inbox();
    for (const Showing& showing : showings_) showing.look->finish();
    meter_.finish();
    flush();
    publish(nullptr, 0);
  }

  void wait_to_retry(const std::stop_token& stop, Duration delay, bool is_incomplete) {
    std::mutex mutex;
    std::condition_variable_any wake;
    for (Duration waited{0}; waited < delay && !stop.stop_requested(); waited += kTick) {
      std::unique_lock lock(mutex);
      wake.wait_for(lock, stop, kTick, [] { return false; });
      meter_.advance(runtime_.now());
      if (is_incomplete) meter_.mark_incomplete();  // nobody knows what passes now
      take_inbox();
      show_flows(kShownWhenIdle);
      flush();
      publish(nullptr, 0);
    }
  }

  /// The next part of what somebody wants to see; a window that ended meanwhile is shown as far as
  /// it was.
  void show_flows(std::size_t count) {
    std::erase_if(showings_, [&](Showing& showing) {
      if (showing.next == 0) showing.window = meter_.open_since();
      const bool is_same = showing.window == meter_.open_since();
      const std::size_t left =
          is_same ? showing.look->show(meter_, metrics_.device, showing.next, count) : 0;
      showing.next += count;
      if (left == 0) showing.look->finish();
      return left == 0;
    });
  }

  bool is_ours(const net::Packet& packet) const {
    if (interface_.vlan != 0) return packet.vlan == interface_.vlan;
    const auto& others = interface_.vlans_elsewhere;
    return packet.vlan == 0 ||
           std::find(others.begin(), others.end(), int{packet.vlan}) == others.end();
  }

  void take(const capture::Batch& batch, const capture::AfPacketSource& source) {
    take_inbox();
    if (interface_.vlan == 0 && interface_.vlans_elsewhere.empty()) {
      meter_.add(batch.packets, interface_.is_guest);
    } else {
      ours_.clear();
      std::copy_if(batch.packets.begin(), batch.packets.end(), std::back_inserter(ours_),
                   [this](const net::Packet& packet) { return is_ours(packet); });
      meter_.add(ours_, interface_.is_guest);
    }
    meter_.lost(batch.dropped);
    meter_.advance(runtime_.now());
    show_flows(batch.packets.empty() ? kShownWhenIdle : kShownWhenBusy);
    flush();
    publish(&source.counters(), batch.dropped);
  }

  void take_inbox() {
    Inbox inbox = std::exchange(*inbox_.lock(), {});
    if (inbox.context) {
      flush();
      meter_.set_context(std::move(inbox.context));
    }
    for (capture::Verdict& verdict : inbox.verdicts) {
      if (verdict.packet.time_ns == 0) verdict.packet.time_ns = runtime_.now().ms * 1'000'000;
      // The capture sees what reaches the device, before nftables; not what is refused on its way
      // there.
      const bool is_captured = verdict.is_ingress != interface_.is_guest;
      meter_.refused(
          verdict.packet, verdict.is_ingress ? flow::Direction::ingress : flow::Direction::egress,
          {std::string(owner_kind(verdict.owner_id)), verdict.owner_id, verdict.rule}, is_captured);
    }
    if (inbox.is_incomplete || inbox.dropped != 0) meter_.mark_incomplete();
    verdicts_dropped_ += inbox.dropped;
    for (auto& look : inbox.looks) showings_.push_back({std::move(look), {}, 0});
  }

  void take(const flow::Record& record) {
    chunk_.add(record);
    if (chunk_.records.size() >= kRecordsPerChunk) flush();
  }
  void flush() {
    if (chunk_.records.empty()) return;
    chunk_.context = meter_.shared_context();
    delivery_.push(std::exchange(chunk_, {}));
  }

  void publish(const capture::SourceCounters* counters, std::uint64_t dropped) {
    metrics_.add(meter_.stats(), published_, dropped);
    published_ = meter_.stats();
    auto status = status_.lock();
    status->meter = meter_.stats();
    status->verdicts_dropped = verdicts_dropped_;
    status->kernel_drops += dropped;
    if (counters == nullptr) return;
    status->frames_other = counters->other.value();
    status->frames_malformed = counters->malformed.value();
  }
  void set_error(const std::string& error) {
    auto status = status_.lock();
    if (!error.empty() && status->error != error) {
      log::warn("capture interrupted, will retry",
                {{"interface", status->device}, {"error", error}});
    }
    status->error = error;
    status->is_running = error.empty();
  }

  Runtime& runtime_;
  const Traffic::Config& config_;
  Traffic::Interface interface_;
  Delivery& delivery_;
  Metrics metrics_;
  Chunk chunk_;
  flow::Meter meter_;
  std::vector<net::Packet> ours_;  // of a batch, where VLANs are told apart
  flow::Meter::Stats published_;
  std::vector<Showing> showings_;
  std::uint64_t verdicts_dropped_ = 0;
  Guarded<Inbox> inbox_;
  Guarded<Traffic::InterfaceStatus> status_;
  std::atomic<bool> leaves_source_{false};
  Source left_;          // of the thread until it has ended
  std::jthread thread_;  // last: it uses the others
};

}  // namespace

struct Traffic::Impl {
  using Workers = std::map<std::string, std::shared_ptr<Worker>>;  // by ENI

  Impl(Runtime& runtime_in, Config config_in, Sink sink)
      : runtime(runtime_in), config(config_in), delivery(std::move(sink)) {}

  void take(const capture::VerdictBatch& batch);
  static std::map<std::string, Worker::Source> stop(Workers going,
                                                    const std::vector<Interface>& next);
  std::shared_ptr<Worker> find(const std::string& interface_id) {
    auto all = workers.lock();
    const auto found = all->find(interface_id);
    return found == all->end() ? nullptr : found->second;
  }

  Runtime& runtime;
  const Config config;
  Delivery delivery;
  Guarded<Workers> workers;
  Counter verdicts_unknown;
  Guarded<std::shared_ptr<capture::NflogSource>> verdicts;
  Guarded<bool> verdicts_running{false};
  std::jthread verdict_thread;
};

void Traffic::Impl::take(const capture::VerdictBatch& batch) {
  for (const capture::Verdict& verdict : batch.verdicts) {
    if (const auto worker = find(verdict.interface_id)) {
      worker->post(verdict);
    } else {
      verdicts_unknown.add();
    }
  }
  if (batch.lost == 0) return;
  // Whose they were is not known.
  auto all = workers.lock();
  for (const auto& [id, worker] : *all) worker->post_lost();
}

Traffic::Traffic(Runtime& runtime, Config config, Sink sink)
    : impl_(std::make_unique<Impl>(runtime, config, std::move(sink))) {}

Traffic::~Traffic() { stop(); }

Result<void> Traffic::set_interfaces(std::vector<Interface> interfaces) {
  Impl::Workers kept;
  std::vector<Interface> missing;
  {
    auto workers = impl_->workers.lock();
    for (Interface& interface : interfaces) {
      const auto found = workers->find(interface.context.interface_id);
      if (found == workers->end() || !is_same_capture(found->second->interface(), interface)) {
        missing.push_back(std::move(interface));
        continue;
      }
      if (found->second->interface().context != interface.context) {
        found->second->set_context(interface.context);
      }
      kept.insert(*found);
      workers->erase(found);
    }
    std::swap(*workers, kept);
  }
  // Now `kept` are those that go; two that share a device must not both count its packets.
  auto sources = Impl::stop(std::move(kept), missing);

  std::optional<Error> first_error;
  for (Interface& interface : missing) {
    const std::string id = interface.context.interface_id;
    Worker::Source source = std::move(sources[id]);
    if (source && !source->is_device(interface.device)) source.reset();
    if (!source) {
      auto opened = Worker::open(interface, impl_->config);
      if (!opened && !first_error) first_error = opened.error();
      if (!opened && opened.error().kind == ErrorKind::forbidden) continue;
      if (opened) source = *std::move(opened);
    }
    auto worker = std::make_shared<Worker>(impl_->runtime, impl_->config, std::move(interface),
                                           impl_->delivery, std::move(source));
    impl_->workers.lock()->insert_or_assign(id, std::move(worker));
  }
  if (first_error) return *std::move(first_error);
  return {};
}

/// Stops all of `going`, together. Returns, by ENI, the rings with which those of `next` can go on:
/// of the same namespace and with the same choice of frames.
std::map<std::string, Worker::Source> Traffic::Impl::stop(Workers going,
                                                          const std::vector<Interface>& next) {
  for (auto& [id, worker] : going) {
    const Interface& old = worker->interface();
    worker->request_stop(std::any_of(next.begin(), next.end(), [&](const Interface& one) {
      return one.context.interface_id == old.context.interface_id &&
             one.network_namespace == old.network_namespace && one.is_guest == old.is_guest;
    }));
  }
  std::map<std::string, Worker::Source> left;
  for (auto& [id, worker] : going) left[id] = worker->take_source();
  return left;
}

Result<void> Traffic::start_verdicts() {
  if (impl_->verdict_thread.joinable()) return {};
  WEIR_TRY(std::shared_ptr<capture::NflogSource> source,
           capture::NflogSource::open({.group = impl_->config.nflog_group, .tick = kTick}));
  *impl_->verdicts.lock() = source;
  *impl_->verdicts_running.lock() = true;
  impl_->verdict_thread = std::jthread([impl = impl_.get(), source](const std::stop_token& stop) {
    const auto result =
        source->run(stop, [&](const capture::VerdictBatch& batch) { impl->take(batch); });
    *impl->verdicts_running.lock() = false;
    if (!result) log::error("verdicts of nftables are lost", {{"error", result.error().message}});
  });
  return {};
}

void Traffic::stop() {
  impl_->verdict_thread.request_stop();
  if (impl_->verdict_thread.joinable()) impl_->verdict_thread.join();
  Impl::stop(std::exchange(*impl_->workers.lock(), {}), {});
  impl_->delivery.stop();
}

Traffic::Status Traffic::status() const {
  Status status;
  {
    auto workers = impl_->workers.lock();
    for (const auto& [id, worker] : *workers) status.interfaces.push_back(worker->status());
  }
  status.verdicts_running = *impl_->verdicts_running.lock();
  if (const auto verdicts = *impl_->verdicts.lock()) {
    status.verdicts = verdicts->counters().messages.value();
    status.verdicts_lost = verdicts->counters().lost.value();
    status.verdicts_unknown =
        verdicts->counters().foreign.value() + impl_->verdicts_unknown.value();
  }
  return status;
}

Traffic::Seen Traffic::look(LiveFlows view) const {
  std::shared_ptr<Look> look;
  std::size_t count = 0;
  {
    auto workers = impl_->workers.lock();
    count = workers->size();
    look = std::make_shared<Look>(std::move(view), count);
    for (const auto& [id, worker] : *workers) worker->post(look);
  }
  return look->wait(count);
}

Result<Traffic::Summary> Traffic::replay(const std::filesystem::path& path,
                                         const flow::Context& context,
                                         const flow::Meter::Config& config, const Sink& sink) {
  WEIR_TRY(const auto source, capture::PcapFileSource::open(path));
  std::vector<flow::Record> records;
  const auto flush = [&] {
    if (!records.empty()) sink(context, records);
    records.clear();
  };
  flow::Meter meter(std::make_shared<const flow::Context>(context), config,
                    [&](const flow::Record& record) {
                      records.push_back(record);
                      if (records.size() >= kRecordsPerChunk) flush();
                    });
  const auto result =
      source->run({}, [&](const capture::Batch& batch) { meter.add(batch.packets); });
  meter.finish();
  flush();
  if (!result) return result.error();
  const capture::SourceCounters& counters = source->counters();
  return Summary{counters.frames.value(), counters.other.value(), counters.malformed.value(),
                 counters.fragments_unresolved.value(), meter.stats()};
}

}  // namespace weir::daemon
