// SPDX-License-Identifier: Apache-2.0
// What callers send: receipt handles, attributes of queues and messages, bodies.
#include <cstddef>
#include <cstdint>
#include <string>

#include "queues/queues_impl.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (const auto handle = queues::parse_handle(text)) {
    queues::MessageIndex::Entry entry;
    entry.sequence = handle->sequence;
    entry.receipt = handle->receipt;
    const auto again = queues::parse_handle(queues::make_handle(handle->queue_id, entry));
    WEIR_ASSERT(again && again->sequence == handle->sequence);
  }
  queues::Queue queue;
  queue.name = "q";
  for (const char* name : {"RedrivePolicy", "RedriveAllowPolicy", "Policy", "DelaySeconds"}) {
    if (!queues::check_attributes({}, queue, {{name, text}})) continue;
    if (!text.empty()) queue.attributes[name] = text;
  }
  (void)queue.redrive();
  (void)queue.allows_dead_letters_of("arn:aws:sqs:us-east-1:000000000000:a");
  (void)bool(queues::check_sending({.body = text}));
  (void)bool(queues::make_attribute(text, "Number", text, std::nullopt));
  return 0;
}
