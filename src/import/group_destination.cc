// SPDX-License-Identifier: Apache-2.0
#include "import/group_destination.h"

#include <algorithm>
#include <future>
#include <map>
#include <utility>
#include <vector>

#include "base/document.h"

namespace weir::import {
namespace {

// Bounds of one call; the daemon's are 10000 events and 1 MiB for each stream, 26 bytes of it for
// each event.
constexpr std::size_t kEventsMax = 10'000;
constexpr std::size_t kBytesMax = 1'000'000;
constexpr std::size_t kEventOverhead = 26;
constexpr std::size_t kStreamNameMax = 500;

Error refused(const client::HttpResponse& response) {
  Error error{ErrorKind::invalid, "HTTP " + std::to_string(response.status), {}};
  std::string message = response.body.substr(0, 300);
  if (const auto body = parse_json(response.body); body) {
    for (const char* name : {"message", "Message"}) {
      const Document* said = body->find(name);
      if (said != nullptr && said->string() != nullptr) message = *said->string();
    }
    const Document* type = body->find("__type");
    if (type != nullptr && type->string() != nullptr) error.code = *type->string();
  }
  error.message = "the daemon refuses the import: " + error.code + ": " + message;
  return error;
}

/// Calls an operation of the daemon.
Result<Document> call(const client::SignedClient& client, std::string_view operation,
                      std::string body) {
  client::SignedClient::Call call{.body = std::move(body)};
  call.headers.add("Content-Type", "application/x-amz-json-1.1");
  call.headers.add("X-Amz-Target", "Weir_20261101." + std::string(operation));
  WEIR_TRY(const client::HttpResponse response, client.send(call));
  if (response.status != 200) return refused(response);
  return parse_json(response.body);
}

std::int64_t integer_of(const Document& document, std::string_view name) {
  const Document* member = document.find(name);
  return member != nullptr && member->integer() != nullptr ? *member->integer() : 0;
}

std::string text_of(const Document& document, std::string_view name) {
  const Document* member = document.find(name);
  return member != nullptr && member->string() != nullptr ? *member->string() : std::string();
}

class GroupSink final : public SourceSink {
 public:
  GroupSink(Runtime& runtime, const client::SignedClient& client, const GroupOptions& options,
            const SourceInfo& source, Destination::Start start)
      : runtime_(runtime),
        client_(client),
        options_(options),
        source_(source),
        grown_from_(std::move(start.grown_from)),
        skip_(start.position),
        from_(start.position) {}
  ~GroupSink() override {
    if (sending_.valid()) sending_.wait();
  }
  GroupSink(const GroupSink&) = delete;
  GroupSink& operator=(const GroupSink&) = delete;

  Result<void> add(const Batch& batch, std::vector<Refused>& refused) override {
    for (std::size_t row = 0; row < batch.size(); ++row) {
      const auto time = batch.time_of(row);
      if (!time || time->ms < 0) {
        refused.push_back({row, "the record has no time"});
        continue;
      }
      if (position_++ < skip_) continue;
      append(stream_of(batch, row), *time, batch.line(row, line_));
      if (events_ == kEventsMax || bytes_ >= kBytesMax) WEIR_CHECK(send(false));
    }
    return {};
  }

  Result<void> finish(bool is_complete) override {
    if (events_ > 0 || is_complete) WEIR_CHECK(send(is_complete));
    return wait();
  }

  std::uint64_t expired() const override { return expired_; }

 private:
  const std::string& stream_of(const Batch& batch, std::size_t row) {
    std::string_view name = batch.text(flow::Field::interface_id, row);
    bool is_interface = true;
    if (name.empty()) name = batch.text(flow::Field::resource_id, row);
    if (name.empty()) {
      is_interface = false;
      name = batch.around(row).stream;
      if (name.empty()) name = "imported";
    }
    stream_ = options_.stream_prefix;
    stream_ += name.substr(0, kStreamNameMax);
    if (is_interface) stream_ += "-all";
    std::ranges::replace_if(
        stream_, [](char c) { return c == ':' || c == '*'; }, '_');
    return stream_;
  }

  /// Events are written as JSON while they come.
  void append(const std::string& stream, Time time, std::string_view line) {
    std::string& events = streams_[stream];
    events += events.empty() ? "{\"timestamp\":" : ",{\"timestamp\":";
    events += std::to_string(time.ms);
    events += ",\"message\":";
    append_json_string(events, line);
    events += '}';
    ++events_;
    bytes_ += line.size() + kEventOverhead;
  }

  std::string body(bool is_complete) {
    std::string text = "{\"logGroupName\":";
    append_json_string(text, options_.log_group);
    text += ",\"source\":";
    append_json_string(text, source_.name);
    text += ",\"version\":";
    append_json_string(text, source_.version);
    if (!grown_from_.empty()) {
      text += ",\"grownFrom\":";
      append_json_string(text, grown_from_);
    }
    text += ",\"from\":" + std::to_string(from_) + ",\"position\":" + std::to_string(position_) +
            ",\"isComplete\":" + (is_complete ? "true" : "false") + ",\"streams\":[";
    bool is_first = true;
    for (const auto& [stream, events] : streams_) {
      text += is_first ? "{\"logStreamName\":" : ",{\"logStreamName\":";
      is_first = false;
      append_json_string(text, stream);
      text.append(",\"logEvents\":[").append(events).append("]}");
    }
    return text += "]}";
  }

  /// Sends what was gathered while the next records are read; the call before must be answered.
  Result<void> send(bool is_complete) {
    WEIR_CHECK(wait());
    position_ = std::max(position_, from_);
    // Shared: std::function wants to be copyable.
    const auto done = std::make_shared<std::promise<Result<Document>>>();
    sending_ = done->get_future();
    runtime_.post([&client = client_, done, text = body(is_complete)] {
      done->set_value(call(client, "ImportLogEvents", text));
    });
    from_ = position_;
    streams_.clear();
    events_ = bytes_ = 0;
    return {};
  }

  Result<void> wait() {
    if (!sending_.valid()) return {};
    WEIR_TRY(const Document answer, sending_.get());
    expired_ += static_cast<std::uint64_t>(integer_of(answer, "expired"));
    return {};
  }

  Runtime& runtime_;
  const client::SignedClient& client_;
  const GroupOptions& options_;
  const SourceInfo source_;
  const std::string grown_from_;
  const std::int64_t skip_;    // records that the daemon has
  std::int64_t position_ = 0;  // records seen
  std::int64_t from_;          // records sent
  std::string line_;
  std::string stream_;
  std::map<std::string, std::string, std::less<>> streams_;
  std::size_t events_ = 0;
  std::size_t bytes_ = 0;
  std::uint64_t expired_ = 0;
  std::future<Result<Document>> sending_;
};

class GroupDestination final : public Destination {
 public:
  GroupDestination(Runtime& runtime, client::SignedClient& client, GroupOptions options)
      : runtime_(runtime), client_(client), options_(std::move(options)) {}

  Result<Start> start(const SourceInfo& source, const Sources& place) override {
    const bool is_on_page = has_page_ && source.name > after_ &&
                            (is_last_page_ || (!page_.empty() && source.name <= page_.back().name));
    if (!is_on_page) WEIR_CHECK(load_page(source.name));
    const auto found = std::ranges::lower_bound(page_, source.name, {}, &Known::name);
    if (found == page_.end() || found->name != source.name) return Start{};
    Start start{.is_complete = found->is_complete, .position = found->position, .grown_from = {}};
    if (found->version == source.version) return start;
    if (!place.is_grown_from(source, found->version)) return Start{};
    start.is_complete = false;
    start.grown_from = found->version;
    return start;
  }

  Result<std::unique_ptr<SourceSink>> open(const SourceInfo& source, Start start) override {
    return std::unique_ptr<SourceSink>(
        std::make_unique<GroupSink>(runtime_, client_, options_, source, std::move(start)));
  }

 private:
  struct Known {
    std::string name;
    std::string version;
    std::int64_t position = 0;
    bool is_complete = false;
  };

  /// What the daemon knows from that name on.
  Result<void> load_page(const std::string& name) {
    after_ = name.substr(0, name.size() - 1);  // sorts before it
    page_.clear();
    has_page_ = true;
    is_last_page_ = true;
    std::string body = "{\"logGroupName\":";
    append_json_string(body, options_.log_group);
    body += ",\"nextToken\":";
    append_json_string(body, after_);
    auto answer = call(client_, "ListImports", body + '}');
    if (!answer) {
      // A group that does not exist yet knows nothing; the first import makes it.
      if (answer.error().code.ends_with("ResourceNotFoundException")) return {};
      return std::move(answer).error();
    }
    const Document* imports = answer->find("imports");
    if (imports == nullptr || imports->list() == nullptr) return {};
    for (const Document& known : *imports->list()) {
      const Document* complete = known.find("isComplete");
      page_.push_back({.name = text_of(known, "source"),
                       .version = text_of(known, "version"),
                       .position = integer_of(known, "position"),
                       .is_complete = complete != nullptr && complete->boolean() != nullptr &&
                                      *complete->boolean()});
    }
    is_last_page_ = text_of(*answer, "nextToken").empty();
    return {};
  }

  Runtime& runtime_;
  client::SignedClient& client_;
  const GroupOptions options_;
  bool has_page_ = false;
  bool is_last_page_ = false;
  std::string after_;
  std::vector<Known> page_;
};

}  // namespace

std::unique_ptr<Destination> group_destination(Runtime& runtime, client::SignedClient& client,
                                               GroupOptions options) {
  return std::make_unique<GroupDestination>(runtime, client, std::move(options));
}

}  // namespace weir::import
