// SPDX-License-Identifier: Apache-2.0
#include "daemon/bucket_events.h"

#include <utility>

namespace weir::daemon {
namespace {

/// Another account would have to be asked for its policy, and functions are not started by buckets.
Result<Arn> own_destination(const Scope& bucket_owner, const std::string& arn) {
  WEIR_TRY(Arn parsed, Arn::parse(arn));
  const bool is_known = parsed.service == "sns" || parsed.service == "sqs";
  if (is_known && parsed.scope.account == bucket_owner.account) return parsed;
  return Error{ErrorKind::invalid, "InvalidArgument",
               "The destination must be a topic or a queue of the bucket's account"};
}

}  // namespace

Result<void> BucketEvents::check(const Scope& bucket_owner, const std::string& arn) {
  WEIR_TRY(const Arn parsed, own_destination(bucket_owner, arn));
  if (parsed.resource.ends_with(".fifo")) {
    return Error{ErrorKind::invalid, "InvalidArgument", "FIFO destinations are not supported"};
  }
  if (parsed.service == "sqs") {
    WEIR_CHECK(queues_.queue(parsed.scope, parsed.resource));
    return {};
  }
  WEIR_CHECK(notify_.topic_attributes(parsed.scope, arn));
  return {};
}

Result<void> BucketEvents::send(const Scope& bucket_owner, const std::string& arn,
                                const Message& message) {
  WEIR_TRY(const Arn parsed, own_destination(bucket_owner, arn));
  if (parsed.service == "sqs") {
    queues::Sending sending;
    sending.body = message.body;
    WEIR_TRY(const auto sent, queues_.send(parsed.scope, parsed.resource, {std::move(sending)}));
    if (!sent.empty() && !sent.front()) return sent.front().error();
    return {};
  }
  notify::Publication publication;
  publication.message = message.body;
  publication.subject = message.subject;
  publication.once_key = message.id;
  WEIR_CHECK(notify_.publish(parsed.scope, arn, publication));
  return {};
}

}  // namespace weir::daemon
