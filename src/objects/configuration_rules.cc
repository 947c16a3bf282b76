// SPDX-License-Identifier: Apache-2.0
// What S3 refuses of a configuration whose form is right, and the questions that a stored one
// answers.
#include <algorithm>
#include <cctype>
#include <set>

#include "base/scope.h"
#include "objects/configurations.h"

namespace weir::objects {
namespace {

Error malformed() {
  return {
      ErrorKind::invalid, "MalformedXML",
      "The XML you provided was not well-formed or did not validate against our published schema"};
}
Error invalid(std::string message) {
  return {ErrorKind::invalid, "InvalidArgument", std::move(message)};
}
Error invalid_request(std::string message) {
  return {ErrorKind::invalid, "InvalidRequest", std::move(message)};
}
Error not_implemented(std::string_view what) {
  return {ErrorKind::invalid, "NotImplemented",
          "A header or element you provided implies functionality that is not implemented: " +
              std::string(what)};
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

/// `pattern` may hold one `*`.
bool matches_star(std::string_view pattern, std::string_view text) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == text;
  const std::string_view before = pattern.substr(0, star);
  const std::string_view after = pattern.substr(star + 1);
  return text.size() >= before.size() + after.size() && text.starts_with(before) &&
         text.ends_with(after);
}

// ---- Lifecycle

bool has_several(const LifecycleFilter& filter) {
  return int{filter.prefix.has_value()} + int{filter.tag.has_value()} +
             int{filter.larger_than.has_value()} + int{filter.less_than.has_value()} +
             int{filter.all_of.has_value()} >
         1;
}

bool filters_tags(const LifecycleRule& rule) {
  return rule.filter &&
         (rule.filter->tag || (rule.filter->all_of && !rule.filter->all_of->tags.empty()));
}

bool filters_sizes(const LifecycleRule& rule) {
  if (!rule.filter) return false;
  const auto& f = *rule.filter;
  return f.larger_than || f.less_than ||
         (f.all_of && (f.all_of->larger_than || f.all_of->less_than));
}

Result<void> check_date(const std::string& text) {
  const auto date = parse_iso8601(text);
  if (!date) return malformed();
  constexpr std::int64_t kDay = 86'400'000;
  if (date->ms % kDay != 0) return invalid("'Date' must be at midnight GMT");
  return {};
}

Result<void> check_positive(const std::optional<int>& number, std::string_view action) {
  if (!number || *number > 0) return {};
  return invalid("'Days' for " + std::string(action) + " action must be a positive integer");
}

Result<void> check(const LifecycleRule& rule, const LifecycleExpiration& expiration) {
  const int given = int{expiration.date.has_value()} + int{expiration.days.has_value()} +
                    int{expiration.expired_object_delete_marker.has_value()};
  if (given != 1) return malformed();
  if (expiration.date) WEIR_CHECK(check_date(*expiration.date));
  WEIR_CHECK(check_positive(expiration.days, "Expiration"));
  if (expiration.expired_object_delete_marker && filters_tags(rule)) {
    return invalid_request(
        "ExpiredObjectDeleteMarker cannot be specified with Tags based filtering");
  }
  return {};
}

Result<void> check(const LifecycleRule& rule) {
  if (rule.id && rule.id->size() > 255) {
    return invalid("ID length should not exceed allowed limit of 255");
  }
  if (rule.prefix.has_value() == rule.filter.has_value()) return malformed();
  if (rule.filter && has_several(*rule.filter)) return malformed();
  const bool acts = rule.expiration || rule.noncurrent_expiration || rule.abort_uploads ||
                    !rule.transitions.empty() || !rule.noncurrent_transitions.empty();
  if (!acts) {
    return invalid_request("At least one action needs to be specified in a rule");
  }
  if (rule.expiration) WEIR_CHECK(check(rule, *rule.expiration));
  if (rule.noncurrent_expiration) {
    if (!rule.noncurrent_expiration->days) return malformed();
    WEIR_CHECK(check_positive(rule.noncurrent_expiration->days, "NoncurrentVersionExpiration"));
    const auto kept = rule.noncurrent_expiration->newer_versions;
    if (kept && (*kept < 1 || *kept > 100)) {
      return invalid("NewerNoncurrentVersions must be between 1 and 100");
    }
  }
  if (rule.abort_uploads) {
    if (!rule.abort_uploads->days) return malformed();
    WEIR_CHECK(check_positive(rule.abort_uploads->days, "AbortIncompleteMultipartUpload"));
    if (filters_tags(rule)) {
      return invalid_request(
          "AbortIncompleteMultipartUpload cannot be specified with Tags based filtering");
    }
    if (filters_sizes(rule)) {
      return invalid_request(
          "AbortIncompleteMultipartUpload cannot be specified with ObjectSize based filtering");
    }
  }
  for (const auto& transition : rule.transitions) {
    if (transition.date.has_value() == transition.days.has_value()) return malformed();
    if (transition.date) WEIR_CHECK(check_date(*transition.date));
  }
  return {};
}

// ---- Notification

constexpr std::string_view kEvents[] = {
    "s3:ReducedRedundancyLostObject",
    "s3:ObjectCreated:*",
    "s3:ObjectCreated:Put",
    "s3:ObjectCreated:Post",
    "s3:ObjectCreated:Copy",
    "s3:ObjectCreated:CompleteMultipartUpload",
    "s3:ObjectRemoved:*",
    "s3:ObjectRemoved:Delete",
    "s3:ObjectRemoved:DeleteMarkerCreated",
    "s3:ObjectRestore:*",
    "s3:ObjectRestore:Post",
    "s3:ObjectRestore:Completed",
    "s3:ObjectRestore:Delete",
    "s3:Replication:*",
    "s3:Replication:OperationFailedReplication",
    "s3:Replication:OperationNotTracked",
    "s3:Replication:OperationMissedThreshold",
    "s3:Replication:OperationReplicatedAfterThreshold",
    "s3:LifecycleTransition",
    "s3:IntelligentTiering",
    "s3:ObjectAcl:Put",
    "s3:LifecycleExpiration:*",
    "s3:LifecycleExpiration:Delete",
    "s3:LifecycleExpiration:DeleteMarkerCreated",
    "s3:ObjectTagging:*",
    "s3:ObjectTagging:Put",
    "s3:ObjectTagging:Delete",
};

bool is_event(std::string_view name) {
  return std::find(std::begin(kEvents), std::end(kEvents), name) != std::end(kEvents);
}

/// The value of the filter's rule of that name, "" if it has none.
std::string_view filter_value(const NotificationTarget& target, std::string_view name) {
  if (!target.filter || !target.filter->key) return {};
  for (const FilterRule& rule : target.filter->key->rules) {
    if (lower_case(rule.name) == name) return rule.value;
  }
  return {};
}

Result<void> check(const NotificationTarget& target) {
  if (target.arn().empty() || !Arn::parse(target.arn())) {
    return invalid("The ARN is not well formed");
  }
  if (target.events.empty()) return malformed();
  for (const std::string& event : target.events) {
    if (!is_event(event)) {
      return invalid("The event '" + event + "' is not supported for notifications");
    }
  }
  std::set<std::string> names;
  if (!target.filter || !target.filter->key) return {};
  for (const FilterRule& rule : target.filter->key->rules) {
    const std::string name = lower_case(rule.name);
    if (name != "prefix" && name != "suffix") {
      return invalid("filter rule name must be either prefix or suffix");
    }
    if (!names.insert(name).second) {
      return invalid("Cannot specify more than one " + name + " rule in a filter.");
    }
  }
  return {};
}

bool events_overlap(std::string_view a, std::string_view b) {
  if (a == b) return true;
  const auto covers = [](std::string_view wide, std::string_view narrow) {
    return wide.ends_with(":*") && narrow.starts_with(wide.substr(0, wide.size() - 1));
  };
  return covers(a, b) || covers(b, a);
}

/// There may be a key that both take.
bool filters_overlap(const NotificationTarget& a, const NotificationTarget& b) {
  const auto prefix_a = filter_value(a, "prefix");
  const auto prefix_b = filter_value(b, "prefix");
  const auto suffix_a = filter_value(a, "suffix");
  const auto suffix_b = filter_value(b, "suffix");
  return (prefix_a.starts_with(prefix_b) || prefix_b.starts_with(prefix_a)) &&
         (suffix_a.ends_with(suffix_b) || suffix_b.ends_with(suffix_a));
}

bool overlap(const NotificationTarget& a, const NotificationTarget& b) {
  const bool events = std::any_of(a.events.begin(), a.events.end(), [&](const std::string& of_a) {
    return std::any_of(b.events.begin(), b.events.end(),
                       [&](const std::string& of_b) { return events_overlap(of_a, of_b); });
  });
  return events && filters_overlap(a, b);
}

}  // namespace

Result<void> check(const Cors& cors) {
  constexpr std::string_view kMethods[] = {"GET", "PUT", "POST", "DELETE", "HEAD"};
  const auto has_two_stars = [](const std::string& text) {
    return std::count(text.begin(), text.end(), '*') > 1;
  };
  for (const CorsRule& rule : cors.rules) {
    if (rule.allowed_methods.empty() || rule.allowed_origins.empty()) return malformed();
    for (const std::string& method : rule.allowed_methods) {
      if (std::find(std::begin(kMethods), std::end(kMethods), method) == std::end(kMethods)) {
        return invalid_request(
            "Found unsupported HTTP method in CORS config. Unsupported method is " + method);
      }
    }
    for (const auto& [name, values] : {std::pair("AllowedOrigin", &rule.allowed_origins),
                                       std::pair("AllowedHeader", &rule.allowed_headers)}) {
      for (const std::string& value : *values) {
        if (has_two_stars(value)) {
          return invalid_request(std::string(name) + " \"" + value +
                                 "\" can not have more than one wildcard.");
        }
      }
    }
    for (const std::string& header : rule.expose_headers) {
      if (header.find('*') != std::string::npos) {
        return invalid_request("ExposeHeader \"" + header +
                               "\" contains wildcard. We currently do not support wildcard for "
                               "ExposeHeader.");
      }
    }
  }
  return {};
}

const CorsRule* find_rule(const Cors& cors, std::string_view origin, std::string_view method,
                          const std::vector<std::string>& headers) {
  const auto allows = [&](const CorsRule& rule) {
    const bool takes_origin =
        std::any_of(rule.allowed_origins.begin(), rule.allowed_origins.end(),
                    [&](const std::string& pattern) { return matches_star(pattern, origin); });
    const bool takes_method = std::find(rule.allowed_methods.begin(), rule.allowed_methods.end(),
                                        method) != rule.allowed_methods.end();
    return takes_origin && takes_method &&
           std::all_of(headers.begin(), headers.end(), [&](const std::string& header) {
             return std::any_of(rule.allowed_headers.begin(), rule.allowed_headers.end(),
                                [&](const std::string& pattern) {
                                  return matches_star(lower_case(pattern), header);
                                });
           });
  };
  const auto found = std::find_if(cors.rules.begin(), cors.rules.end(), allows);
  return found == cors.rules.end() ? nullptr : &*found;
}

Result<void> check(const Lifecycle& lifecycle) {
  std::set<std::string> ids;
  for (const LifecycleRule& rule : lifecycle.rules) {
    WEIR_CHECK(check(rule));
    if (rule.id && !rule.id->empty() && !ids.insert(*rule.id).second) {
      return invalid("Rule ID must be unique. Found same ID for more than one rule");
    }
  }
  return {};
}

Result<void> check(const PublicAccessBlock&) { return {}; }

Result<void> check(const Encryption& encryption) {
  for (const EncryptionRule& rule : encryption.rules) {
    if (!rule.by_default) continue;
    if (rule.by_default->algorithm == "AES256" && rule.by_default->kms_key) {
      return invalid(
          "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or "
          "aws:kms:dsse");
    }
  }
  return {};
}

Result<void> check(const Ownership&) { return {}; }

const std::string& NotificationTarget::arn() const {
  static const std::string kNone;
  for (const auto* each : {&topic, &queue, &function}) {
    if (*each) return **each;
  }
  return kNone;
}

bool NotificationTarget::takes_key(std::string_view key) const {
  return key.starts_with(filter_value(*this, "prefix")) &&
         key.ends_with(filter_value(*this, "suffix"));
}

bool NotificationTarget::takes_event(std::string_view event) const {
  const std::string full = "s3:" + std::string(event);
  return std::any_of(events.begin(), events.end(), [&](const std::string& wanted) {
    return wanted == full ||
           (wanted.ends_with(":*") &&
            full.starts_with(std::string_view(wanted).substr(0, wanted.size() - 1)));
  });
}

std::vector<const NotificationTarget*> Notification::targets() const {
  std::vector<const NotificationTarget*> all;
  for (const auto* list : {&topics, &queues, &functions}) {
    for (const NotificationTarget& target : *list) all.push_back(&target);
  }
  return all;
}

Result<void> check(const Notification& notification) {
  if (notification.event_bridge) return not_implemented("EventBridgeConfiguration");
  const auto all = notification.targets();
  if (all.size() > Notification::kTargetsMax) {
    return invalid("Number of configurations exceeds the limit of 100");
  }
  std::set<std::string> ids;
  for (std::size_t i = 0; i < all.size(); ++i) {
    WEIR_CHECK(check(*all[i]));
    if (all[i]->id && !all[i]->id->empty() && !ids.insert(*all[i]->id).second) {
      return invalid("Same ID used for multiple configurations. Configuration IDs must be unique");
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (overlap(*all[i], *all[j])) {
        return invalid(
            "Configurations overlap. Configurations on the same bucket cannot share a common "
            "event type.");
      }
    }
  }
  return {};
}

Result<void> check(const Website& website) {
  if (!website.routing_rules.is_null()) return not_implemented("RoutingRules");
  if (website.redirect_all) {
    if (website.index || website.error) return malformed();
    return {};
  }
  if (!website.index) return malformed();
  if (website.index->suffix.empty() || website.index->suffix.find('/') != std::string::npos) {
    return invalid("The IndexDocument Suffix is not well formed");
  }
  return {};
}

Result<void> check(const Logging&) { return {}; }

Result<void> check(const Accelerate& accelerate) {
  if (!accelerate.status) return malformed();
  return {};
}

Result<void> check(const RequestPayment&) { return {}; }

Result<void> check(const ObjectLock& lock) {
  if (!lock.enabled) return malformed();
  if (!lock.rule) return {};
  if (!lock.rule->by_default) return malformed();
  const DefaultRetention& retention = *lock.rule->by_default;
  if (retention.days.has_value() == retention.years.has_value()) return malformed();
  const int period = retention.days ? *retention.days : *retention.years;
  if (period <= 0) {
    return Error{ErrorKind::invalid, "InvalidRetentionPeriod",
                 "Default retention period must be a positive integer value."};
  }
  const int max = retention.days ? ObjectLock::kDaysMax : ObjectLock::kYearsMax;
  if (period > max) {
    return Error{ErrorKind::invalid, "InvalidRetentionPeriod",
                 "Default retention period too large."};
  }
  return {};
}

Result<void> check(const Versioning& versioning) {
  if (versioning.mfa_delete == "Enabled") return not_implemented("MfaDelete");
  if (!versioning.status) {
    return Error{ErrorKind::invalid, "IllegalVersioningConfigurationException",
                 "The Versioning element must be specified"};
  }
  return {};
}

}  // namespace weir::objects
