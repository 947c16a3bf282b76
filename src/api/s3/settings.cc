// SPDX-License-Identifier: Apache-2.0
// The configurations of a bucket: one table, three functions for all of them.
#include <algorithm>

#include "api/s3/parse.h"
#include "objects/notifications.h"
#include "wire/xml.h"

namespace weir::api::s3 {
namespace {

using objects::Bucket;
using objects::Configurations;

/// One sub-resource: how its document is called, and what a bucket answers that does not have it:
/// an error 404 or a document.
struct Setting {
  std::string_view name;
  std::string_view root;
  std::string_view absent_code;
  std::string_view absent_text;  // message of the error, or the inside of the document
  /// Reads, checks and keeps it.
  Result<void> (*put)(Bucket&, const Document&);
  /// False: it is not set.
  bool (*write)(const Bucket&, wire::XmlWriter&);
  void (*clear)(Bucket&);
};

template <class T>
struct MemberOf;
template <class T>
struct MemberOf<std::optional<T> Configurations::*> {
  using Type = T;
};

template <auto M>
constexpr Setting setting(std::string_view name, std::string_view root,
                          std::string_view absent_code, std::string_view absent_text) {
  using T = typename MemberOf<decltype(M)>::Type;
  Setting made{name, root, absent_code, absent_text, nullptr, nullptr, nullptr};
  made.put = [](Bucket& bucket, const Document& tree) -> Result<void> {
    auto read = from_document<T>(tree, {.textual = true});
    if (!read) return malformed_xml();
    WEIR_CHECK(check(*read));
    bucket.settings.*M = *std::move(read);
    return {};
  };
  made.write = [](const Bucket& bucket, wire::XmlWriter& xml) {
    const auto& value = bucket.settings.*M;
    if (!value) return false;
    wire::write_members(xml, type_of<T>(), &*value, {});
    return true;
  };
  made.clear = [](Bucket& bucket) { (bucket.settings.*M).reset(); };
  return made;
}

constexpr Setting kSettings[] = {
    setting<&Configurations::cors>("cors", "CORSConfiguration", "NoSuchCORSConfiguration",
                                   "The CORS configuration does not exist"),
    setting<&Configurations::lifecycle>("lifecycle", "LifecycleConfiguration",
                                        "NoSuchLifecycleConfiguration",
                                        "The lifecycle configuration does not exist"),
    setting<&Configurations::public_access_block>(
        "publicAccessBlock", "PublicAccessBlockConfiguration",
        "NoSuchPublicAccessBlockConfiguration",
        "The public access block configuration was not found"),
    setting<&Configurations::encryption>(
        "encryption", "ServerSideEncryptionConfiguration", "",
        "<Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm>"
        "</ApplyServerSideEncryptionByDefault><BucketKeyEnabled>false</BucketKeyEnabled></Rule>"),
    setting<&Configurations::ownership>(
        "ownershipControls", "OwnershipControls", "",
        "<Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule>"),
    setting<&Configurations::notification>("notification", "NotificationConfiguration", "", ""),
    setting<&Configurations::website>("website", "WebsiteConfiguration",
                                      "NoSuchWebsiteConfiguration",
                                      "The specified bucket does not have a website configuration"),
    setting<&Configurations::logging>("logging", "BucketLoggingStatus", "", ""),
    setting<&Configurations::accelerate>("accelerate", "AccelerateConfiguration", "", ""),
    setting<&Configurations::request_payment>("requestPayment", "RequestPaymentConfiguration", "",
                                              "<Payer>BucketOwner</Payer>"),
    setting<&Configurations::object_lock>(
        "object-lock", "ObjectLockConfiguration", "ObjectLockConfigurationNotFoundError",
        "Object Lock configuration does not exist for this bucket"),
    setting<&Configurations::versioning>("versioning", "VersioningConfiguration", "", ""),
};

Result<const Setting*> setting_of(const Call& call) {
  for (const Setting& each : kSettings) {
    if (call.has(each.name)) return &each;
  }
  return Error{ErrorKind::invalid, "NotImplemented",
               "A parameter you provided implies functionality that is not implemented"};
}

/// Elements of one name are gathered where they first stand, so that mixed lists are read whole.
Document gathered(const Document& tree) {
  const auto* map = tree.map();
  if (map == nullptr) return tree;
  Document::Map out;
  for (const auto& [name, value] : *map) {
    const auto known = std::find_if(out.begin(), out.end(),
                                    [&](const auto& member) { return member.first == name; });
    Document::List items;
    if (value.list() != nullptr) {
      for (const Document& item : *value.list()) items.push_back(gathered(item));
    } else {
      items.push_back(gathered(value));
    }
    if (known == out.end()) {
      if (items.size() == 1) {
        out.emplace_back(name, std::move(items.front()));
      } else {
        out.emplace_back(name, Document(std::move(items)));
      }
      continue;
    }
    Document::List all;
    if (known->second.list() != nullptr) {
      all = std::move(*known->second.list());
    } else {
      all.push_back(std::move(known->second));
    }
    for (Document& item : items) all.push_back(std::move(item));
    known->second = Document(std::move(all));
  }
  return out;
}

void name_rules(Bucket& bucket, Runtime& runtime) {
  if (auto& lifecycle = bucket.settings.lifecycle) {
    for (auto& rule : lifecycle->rules) {
      if (!rule.id || rule.id->empty()) rule.id = runtime.uuid();
    }
  }
  if (auto& notification = bucket.settings.notification) {
    for (auto* list : {&notification->topics, &notification->queues, &notification->functions}) {
      for (auto& target : *list) {
        if (!target.id || target.id->empty()) target.id = runtime.uuid();
      }
    }
  }
}

}  // namespace

Answer get_setting(Call& call) {
  WEIR_TRY(const objects::Bucket bucket, call.objects.bucket(call.scope(), call.bucket));
  WEIR_TRY(const Setting* wanted, setting_of(call));
  wire::XmlWriter xml;
  xml.open(wanted->root, {{"xmlns", kNamespace}});
  if (wanted->write(bucket, xml)) {
    xml.close();
    return xml_answer(xml.take());
  }
  if (!wanted->absent_code.empty()) {
    return Error{ErrorKind::not_found,
                 std::string(wanted->absent_code),
                 std::string(wanted->absent_text),
                 {{"BucketName", call.bucket}}};
  }
  return xml_answer("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<" + std::string(wanted->root) +
                    " xmlns=\"" + std::string(kNamespace) + "\">" +
                    std::string(wanted->absent_text) + "</" + std::string(wanted->root) + ">");
}

Answer put_setting(Call& call) {
  WEIR_TRY(const Setting* wanted, setting_of(call));
  WEIR_TRY(const std::string body, body_text(call));
  WEIR_CHECK(check_body_digest(call, body));
  auto tree = wire::parse_xml(body);
  const bool is_notification = wanted->name == "notification";
  if (!tree && !(is_notification && body.empty())) return malformed_xml();
  const Document read = tree ? gathered(*tree) : Document(Document::Map{});
  WEIR_CHECK(call.objects.bucket(call.scope(), call.bucket));
  if (is_notification && call.notifications != nullptr) {
    objects::Bucket wish;
    WEIR_CHECK(wanted->put(wish, read));
    const bool skips = call.header("x-amz-skip-destination-validation") == "true";
    if (!skips) WEIR_CHECK(call.notifications->check(call.scope(), *wish.settings.notification));
  }
  objects::Bucket changed;
  const auto change = [&](objects::Bucket& bucket) -> Result<void> {
    WEIR_CHECK(wanted->put(bucket, read));
    name_rules(bucket, call.runtime);
    changed = bucket;
    return {};
  };
  WEIR_CHECK(call.objects.update_bucket(call.scope(), call.bucket, change));
  if (is_notification && call.notifications != nullptr) {
    WEIR_CHECK(call.notifications->send_test(changed, call.requester()));
  }
  wire::HttpResponse response;
  return response;
}

Answer delete_setting(Call& call) {
  WEIR_TRY(const Setting* wanted, setting_of(call));
  WEIR_CHECK(call.objects.update_bucket(call.scope(), call.bucket,
                                        [&](objects::Bucket& bucket) -> Result<void> {
                                          wanted->clear(bucket);
                                          return {};
                                        }));
  wire::HttpResponse response;
  response.status = 204;
  return response;
}

}  // namespace weir::api::s3
