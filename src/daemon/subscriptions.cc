// SPDX-License-Identifier: Apache-2.0
#include "daemon/subscriptions.h"

#include <utility>

#include "base/base64.h"
#include "vpc/flow_logs.h"

namespace weir::daemon {

void FunctionTarget::send(Parcel parcel, Done done) {
  const auto arn = Arn::parse(parcel.target_arn);
  if (!arn) return done(arn.error());
  const auto name = functions::function_name(*arn);
  if (!name) return done(name.error());
  functions_.invoke(*name, R"({"awslogs":{"data":")" + base64_encode(parcel.data) + R"("}})",
                    [done = std::move(done)](const Result<functions::Functions::Answer>& answer) {
                      done(answer ? Result<void>() : Result<void>(answer.error()));
                    });
}

void StreamTarget::send(Parcel parcel, Done done) {
  auto name = vpc::stream_of(parcel.target_arn);
  if (!name) return done(name.error());
  delivery::StreamRequest request;
  request.stream = *std::move(name);
  request.stream_arn = std::move(parcel.target_arn);
  request.id = std::move(parcel.id);
  request.created = parcel.created;
  request.records.push_back(std::move(parcel.data));
  streams_.send(std::move(request), std::move(done));
}

Result<bool> BucketSink::has_bucket(const Scope& scope, std::string_view bucket) {
  const auto found = objects_.bucket(scope, bucket);
  if (found) return true;
  const ErrorKind kind = found.error().kind;
  if (kind == ErrorKind::not_found || kind == ErrorKind::forbidden || kind == ErrorKind::invalid) {
    return false;
  }
  return found.error();
}

Result<void> BucketSink::put(const Scope& scope, std::string_view bucket, std::string_view key,
                             std::string_view bytes) {
  objects::PutOptions options;
  options.attributes.content_type = key.ends_with(".gz") ? "application/x-gzip" : "text/plain";
  const auto put =
      objects_.put(scope, bucket, key, objects::PutSource::bytes(bytes), std::move(options));
  return put ? Result<void>() : Result<void>(put.error());
}

}  // namespace weir::daemon
