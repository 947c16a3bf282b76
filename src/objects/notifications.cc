// SPDX-License-Identifier: Apache-2.0
#include "objects/notifications.h"

#include <algorithm>
#include <set>
#include <vector>

#include "base/counters.h"
#include "base/log.h"
#include "objects/digest.h"
#include "objects/tree_files.h"

namespace weir::objects {
namespace {

constexpr std::string_view kPrefix = "objects/outbox/";
constexpr std::string_view kSubject = "Amazon S3 Notification";
constexpr Duration kRetryMax = std::chrono::minutes(1);

struct Waiting {
  std::string id;
  std::string account;
  std::string region;
  std::string arn;
  std::string message;

  static Shape shape() {
    using S = Waiting;
    static constexpr Member members[] = {required<&S::id>("id"), required<&S::account>("account"),
                                         required<&S::region>("region"), required<&S::arn>("arn"),
                                         required<&S::message>("message")};
    return {"Event", members};
  }
};

/// As in a form: a blank is `+`, `/` stays.
std::string url_encoded(std::string_view key) {
  std::string out;
  for (const char c : key) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') ||
                          std::string_view("-_.*/").find(c) != std::string_view::npos;
    if (is_plain) {
      out += c;
    } else if (c == ' ') {
      out += '+';
    } else {
      out += '%';
      out += "0123456789ABCDEF"[byte >> 4];
      out += "0123456789ABCDEF"[byte & 15];
    }
  }
  return out;
}

std::string sequence_key(std::uint64_t number) {
  std::string key(kPrefix);
  store::append_u64(key, number);
  return key;
}

bool is_temporary(const Error& error) {
  return error.kind == ErrorKind::unavailable || error.kind == ErrorKind::limit ||
         error.kind == ErrorKind::internal;
}

}  // namespace

std::string event_message(const Event& event, std::string_view configuration_id,
                          std::string_view sequencer) {
  const Bucket& bucket = event.bucket;
  Document object;
  object["key"] = url_encoded(event.object.key);
  if (event.name.starts_with("ObjectCreated:")) {
    object["size"] = static_cast<std::int64_t>(event.object.size);
  }
  if (!event.object.etag.empty() && !event.name.ends_with("DeleteMarkerCreated")) {
    object["eTag"] = event.object.etag;
  }
  if (bucket.version_mode() != VersionMode::off) {
    object["versionId"] = event.object.shown_version();
  }
  object["sequencer"] = sequencer;
  Document in_bucket;
  in_bucket["name"] = bucket.name;
  in_bucket["ownerIdentity"]["principalId"] = bucket.account;
  in_bucket["arn"] = "arn:aws:s3:::" + bucket.name;
  Document record;
  record["eventVersion"] = "2.1";
  record["eventSource"] = "aws:s3";
  record["awsRegion"] = bucket.region;
  record["eventTime"] = to_iso8601(event.time);
  record["eventName"] = event.name;
  record["userIdentity"]["principalId"] = event.requester.principal;
  record["requestParameters"]["sourceIPAddress"] = event.requester.source_ip;
  record["responseElements"]["x-amz-request-id"] = event.requester.request_id;
  record["responseElements"]["x-amz-id-2"] = event.requester.host_id;
  record["s3"]["s3SchemaVersion"] = "1.0";
  record["s3"]["configurationId"] = configuration_id;
  record["s3"]["bucket"] = std::move(in_bucket);
  record["s3"]["object"] = std::move(object);
  Document::List records;
  records.push_back(std::move(record));
  Document message;
  message["Records"] = std::move(records);
  return to_json(message);
}

Result<void> Notifications::load() {
  std::size_t count = 0;
  std::uint64_t last = 0;
  WEIR_CHECK(store_.scan(kPrefix, [&](std::string_view key, std::string_view) {
    ++count;
    last = store::read_u64(key.substr(kPrefix.size()));
    return true;
  }));
  waiting_ = count;
  next_ = last + 1;
  if (count > 0) drain_soon();
  return {};
}

Result<void> Notifications::accept(const Event& event) {
  if (!event.bucket.settings.notification) return {};
  for (const NotificationTarget* target : event.bucket.settings.notification->targets()) {
    if (!target->takes_event(event.name) || !target->takes_key(event.object.key)) continue;
    // Grows with each event of a key.
    const std::uint64_t sequence =
        std::max(event.object.order, static_cast<std::uint64_t>(event.time.ms) * 1'000'000);
    std::string sequencer = hex16(sequence);
    WEIR_CHECK(
        add(event.bucket, target->arn(), event_message(event, target->id.value_or(""), sequencer)));
  }
  return {};
}

Result<void> Notifications::check(const Scope& bucket_owner, const Notification& wanted) {
  for (const NotificationTarget* target : wanted.targets()) {
    if (const auto found = sink_.check(bucket_owner, target->arn()); !found) {
      return Error{ErrorKind::invalid,
                   "InvalidArgument",
                   "Unable to validate the following destination configurations",
                   {{"ArgumentName", target->arn()}, {"ArgumentValue", found.error().message}}};
    }
  }
  return {};
}

Result<void> Notifications::send_test(const Bucket& bucket, const Requester& requester) {
  if (!bucket.settings.notification) return {};
  Document message;
  message["Service"] = "Amazon S3";
  message["Event"] = "s3:TestEvent";
  message["Time"] = to_iso8601(runtime_.now());
  message["Bucket"] = bucket.name;
  message["RequestId"] = requester.request_id;
  message["HostId"] = requester.host_id;
  const std::string text = to_json(message);
  std::set<std::string> told;
  for (const NotificationTarget* target : bucket.settings.notification->targets()) {
    if (told.insert(target->arn()).second) WEIR_CHECK(add(bucket, target->arn(), text));
  }
  return {};
}

Result<void> Notifications::add(const Bucket& bucket, const std::string& arn, std::string message) {
  if (waiting_ >= kOutboxMax) {
    return Error{ErrorKind::unavailable, "SlowDown",
                 "Please reduce your request rate. (event notifications wait for " + arn + ")"};
  }
  const Waiting waiting{runtime_.uuid(), bucket.account, bucket.region, arn, std::move(message)};
  ++waiting_;
  if (const auto put = store_.put(sequence_key(next_++), to_json_text(waiting)); !put) {
    --waiting_;
    return put.error();
  }
  drain_soon();
  return {};
}

void Notifications::drain_soon() {
  if (is_draining_.exchange(true)) return;
  runtime_.post([this] { drain(); });
}

/// One batch. A destination that fails is passed over and holds up no other.
void Notifications::drain() {
  static Counter& dropped =
      counter("weir_s3_events_dropped_total", "Events of buckets whose destination is gone.");
  std::vector<std::pair<std::string, std::string>> batch;
  std::set<std::string> failing;
  store::WriteBatch done;
  const auto scanned = store_.scan(kPrefix, [&](std::string_view key, std::string_view value) {
    batch.emplace_back(key, value);
    return batch.size() < kOutboxMax;
  });
  if (!scanned)
    log::warn("the outbox of bucket events cannot be read", {{"error", scanned.error().message}});
  for (const auto& [key, value] : batch) {
    if (done.operations().size() >= kBatch) break;
    const auto waiting = from_json_text<Waiting>(value);
    if (waiting && failing.contains(waiting->arn)) continue;
    const auto sent = waiting ? sink_.send({waiting->account, waiting->region}, waiting->arn,
                                           {waiting->id, std::string(kSubject), waiting->message})
                              : Result<void>(waiting.error());
    if (!sent && waiting && is_temporary(sent.error())) {
      failing.insert(waiting->arn);
      continue;
    }
    if (!sent) {
      dropped.add();
      log::warn("an event of a bucket is dropped", {{"error", sent.error().message}});
    }
    done.erase(key);
  }
  const std::size_t count = done.operations().size();
  const bool is_erased = done.empty() || store_.write(done);
  if (is_erased) waiting_ -= count;
  is_draining_ = false;
  // What is being added now is drained by who adds it.
  if (waiting_ == 0 || batch.empty()) return;
  const bool is_stuck = count == 0 || !is_erased;
  failures_ = is_stuck ? std::min(failures_ + 1, 6) : 0;
  if (is_draining_.exchange(true)) return;
  if (!is_stuck) {
    runtime_.post([this] { drain(); });
  } else {
    runtime_.after(std::min<Duration>(std::chrono::seconds(1 << failures_), kRetryMax),
                   [this] { drain(); });
  }
}

}  // namespace weir::objects
