// SPDX-License-Identifier: Apache-2.0
#include "api/s3/access.h"
#include "api/s3/parse.h"
#include "wire/xml.h"

namespace weir::api::s3 {
namespace {

Error no_lock_configuration() {
  return {ErrorKind::not_found, "NoSuchObjectLockConfiguration",
          "The specified object does not have a ObjectLock configuration"};
}

Result<void> check_bucket(const Call& call) {
  WEIR_TRY(const objects::Bucket bucket, call.objects.bucket(call.scope(), call.bucket));
  if (bucket.is_locking()) return {};
  return Error{ErrorKind::invalid, "InvalidRequest", "Bucket is missing Object Lock Configuration"};
}

}  // namespace

Answer get_object_retention(Call& call) {
  WEIR_CHECK(check_bucket(call));
  WEIR_TRY(const auto object,
           call.objects.head(call.scope(), call.bucket, call.key, call.version()));
  if (!object.retention) return no_lock_configuration();
  wire::XmlWriter xml;
  xml.open("Retention", {{"xmlns", kNamespace}});
  xml.element("Mode", object.retention->mode);
  xml.element("RetainUntilDate", to_iso8601(object.retention->until));
  xml.close();
  return xml_answer(xml.take());
}

Answer put_object_retention(Call& call) {
  WEIR_CHECK(check_bucket(call));
  WEIR_TRY(const std::string body, body_text(call));
  WEIR_CHECK(check_body_digest(call, body));
  WEIR_TRY(auto retention, parse_retention_body(body));
  const bool is_bypassing = bypasses_governance(call);
  if (is_bypassing) {
    WEIR_CHECK(authorize(call, "s3:BypassGovernanceRetention", call.bucket, call.key));
  }
  WEIR_CHECK(call.objects.set_retention(call.scope(), call.bucket, call.key, call.version(),
                                        std::move(retention), is_bypassing));
  wire::HttpResponse response;
  return response;
}

Answer get_object_legal_hold(Call& call) {
  WEIR_CHECK(check_bucket(call));
  WEIR_TRY(const auto object,
           call.objects.head(call.scope(), call.bucket, call.key, call.version()));
  if (!object.legal_hold) return no_lock_configuration();
  wire::XmlWriter xml;
  xml.open("LegalHold", {{"xmlns", kNamespace}});
  xml.element("Status", *object.legal_hold ? "ON" : "OFF");
  xml.close();
  return xml_answer(xml.take());
}

Answer put_object_legal_hold(Call& call) {
  WEIR_CHECK(check_bucket(call));
  WEIR_TRY(const std::string body, body_text(call));
  WEIR_CHECK(check_body_digest(call, body));
  WEIR_TRY(const bool is_held, parse_legal_hold(body));
  WEIR_CHECK(
      call.objects.set_legal_hold(call.scope(), call.bucket, call.key, call.version(), is_held));
  wire::HttpResponse response;
  return response;
}

}  // namespace weir::api::s3
