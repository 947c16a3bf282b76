// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/document.h"
#include "base/result.h"

namespace weir::objects {

/// Who wants what, for a bucket policy.
struct AccessRequest {
  std::string action;    // `s3:GetObject`
  std::string resource;  // `arn:aws:s3:::bucket/key`
  std::string account;   // "" is an anonymous caller
  /// Condition keys in lower case (`aws:sourceip`) and their values. A key that stands here without
  /// a value is known and absent.
  std::map<std::string, std::optional<std::string>> context;
};

/// A bucket policy (IAM User Guide, "Policy evaluation logic" and "IAM JSON policy elements").
///
/// Everything that is not understood fails closed: a condition operator or key that is not known
/// keeps an Allow from matching and lets a Deny match. Principals are `*`, account ids and root
/// ARNs; a user or role ARN stands for its account in a Deny and for nobody in an Allow, since
/// callers have accounts only. Service principals match nobody.
class BucketPolicy {
 public:
  enum class Verdict { none, allow, deny };

  /// Error MalformedPolicy with AWS's text.
  static Result<BucketPolicy> parse(std::string_view text, std::string_view bucket);
  Verdict evaluate(const AccessRequest& request) const;
  /// Does it allow something to everybody? S3 User Guide, "The meaning of public".
  bool is_public() const;

 private:
  struct Statement {
    bool is_allow = false;
    Document principal;
    bool is_not_principal = false;
    std::vector<std::string> actions;
    bool is_not_action = false;
    std::vector<std::string> resources;
    bool is_not_resource = false;
    Document condition;
  };
  static Result<Statement> read(const Document& tree, std::string_view bucket);
  static bool names(const Statement& statement, const AccessRequest& request);
  std::vector<Statement> statements_;
};

/// `*` is any text, `?` any character.
bool matches_wildcards(std::string_view pattern, std::string_view text);

/// Do the conditions of a statement hold? What is not known: `otherwise`.
bool conditions_hold(const Document& condition, const AccessRequest& request, bool otherwise);

}  // namespace weir::objects
