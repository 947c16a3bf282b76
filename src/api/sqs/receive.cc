// SPDX-License-Identifier: Apache-2.0
#include "api/sqs/receive.h"

#include <algorithm>
#include <functional>
#include <mutex>
#include <utility>

#include "base/log.h"

namespace weir::api::sqs {

namespace {

/// `All`, `.*`, a name, or a prefix as `foo.*`.
bool is_wanted(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::any_of(names, [&](const std::string& wanted) {
    if (wanted == "All" || wanted == ".*" || wanted == name) return true;
    return wanted.ends_with(".*") && name.starts_with(wanted.substr(0, wanted.size() - 2));
  });
}

/// Threads: take(), on_ready() and close() on the server's, try_again() on a worker.
class LongPoll final : public wire::LaterAnswer, public std::enable_shared_from_this<LongPoll> {
 public:
  LongPoll(Runtime& runtime, queues::Queues& queues, Scope scope, std::string queue,
           queues::Receiving receiving, Selection selection, Time until)
      : runtime_(runtime),
        queues_(queues),
        scope_(std::move(scope)),
        queue_(std::move(queue)),
        receiving_(std::move(receiving)),
        selection_(std::move(selection)),
        until_(until) {}

  Result<void> wait() {
    auto ended = [weak = weak_from_this()](queues::Queues::WaitEnd end) {
      const auto self = weak.lock();
      if (!self) return;
      if (end == queues::Queues::WaitEnd::ready) {
        self->try_again();
      } else {
        self->answer({});
      }
    };
    WEIR_TRY(auto wait, queues_.wait(scope_, queue_, until_, std::move(ended)));
    std::unique_ptr<queues::Wait> earlier;  // destroyed without the lock
    const std::lock_guard lock(mutex_);
    if (is_closed_) {
      earlier = std::move(wait);
    } else {
      earlier = std::exchange(wait_, std::move(wait));
    }
    return {};
  }

  std::shared_ptr<const void> take() override {
    const std::lock_guard lock(mutex_);
    return std::exchange(output_, nullptr);
  }
  void on_ready(std::function<void()> ready) override {
    const std::lock_guard lock(mutex_);
    ready_ = std::move(ready);
  }
  void close() override {
    std::unique_ptr<queues::Wait> wait;
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
    ready_ = nullptr;
    wait = std::move(wait_);
  }

 private:
  void try_again() {
    {
      const std::lock_guard lock(mutex_);
      if (is_closed_) return;  // nobody would get the messages
    }
    auto received = queues_.receive(scope_, queue_, receiving_);
    if (received && received->empty() && runtime_.now() < until_ && wait()) return;
    if (!received) {  // the head of the answer has been sent, so the error cannot be told
      log::info("a receive that waited ended early",
                {{"queue", queue_}, {"error", received.error().message}});
      received = std::vector<queues::Received>{};
    }
    answer(*std::move(received));
  }

  void answer(std::vector<queues::Received> received) {
    auto output =
        std::make_shared<const ReceiveMessage::Output>(selection_.output(std::move(received)));
    std::unique_ptr<queues::Wait> wait;
    const std::lock_guard lock(mutex_);
    output_ = std::move(output);
    wait = std::move(wait_);
    if (ready_) ready_();
  }

  Runtime& runtime_;
  queues::Queues& queues_;
  const Scope scope_;
  const std::string queue_;
  const queues::Receiving receiving_;
  const Selection selection_;
  const Time until_;

  std::mutex mutex_;
  std::unique_ptr<queues::Wait> wait_;
  std::shared_ptr<const ReceiveMessage::Output> output_;  // shared: as Answer::value
  std::function<void()> ready_;
  bool is_closed_ = false;
};

}  // namespace

Selection::Selection(const ReceiveMessage::Input& in)
    : system_names(in.attribute_names), attribute_names(in.message_attribute_names) {
  system_names.insert(system_names.end(), in.message_system_attribute_names.begin(),
                      in.message_system_attribute_names.end());
}

ReceiveMessage::Output Selection::output(std::vector<queues::Received> received) const {
  ReceiveMessage::Output output;
  for (queues::Received& from : received) {
    if (!output.messages) output.messages.emplace();
    Message& message = output.messages->emplace_back();
    message.message_id = std::move(from.message_id);
    message.receipt_handle = std::move(from.receipt_handle);
    message.md5_of_body = queues::md5_hex(from.body);
    message.body = std::move(from.body);
    for (auto& [name, value] : from.system_attributes) {
      if (!is_wanted(system_names, name)) continue;
      if (!message.attributes) message.attributes.emplace();
      message.attributes->emplace(name, std::move(value));
    }
    queues::MessageAttributes shown;
    for (auto& [name, attribute] : from.attributes) {
      if (is_wanted(attribute_names, name)) shown.emplace(name, std::move(attribute));
    }
    if (shown.empty()) continue;
    message.md5_of_message_attributes = queues::md5_of_attributes(shown);
    message.message_attributes.emplace();
    for (auto& [name, attribute] : shown) {
      MessageAttributeValue& value = (*message.message_attributes)[name];
      value.data_type = attribute.type;
      if (attribute.is_binary()) {
        value.binary_value = std::move(attribute.value);
      } else {
        value.string_value = std::move(attribute.value.value);
      }
    }
  }
  return output;
}

Result<std::shared_ptr<wire::LaterAnswer>> make_long_poll(Runtime& runtime, queues::Queues& queues,
                                                          const Scope& scope,
                                                          const std::string& queue,
                                                          queues::Receiving receiving,
                                                          Selection selection, Time until) {
  auto poll = std::make_shared<LongPoll>(runtime, queues, scope, queue, std::move(receiving),
                                         std::move(selection), until);
  WEIR_CHECK(poll->wait());
  return std::shared_ptr<wire::LaterAnswer>(std::move(poll));
}

}  // namespace weir::api::sqs
