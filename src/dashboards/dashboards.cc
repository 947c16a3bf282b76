// SPDX-License-Identifier: Apache-2.0
#include "dashboards/dashboards.h"

#include <algorithm>

#include "base/document.h"

namespace weir::dashboards {

namespace {

constexpr std::size_t kNameMax = 255;
constexpr std::string_view kNameCharacters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

Error invalid_value(std::string message) {
  return {ErrorKind::invalid, "InvalidParameterValue", std::move(message)};
}

Error invalid_input(std::string message) {
  return {ErrorKind::invalid, "InvalidParameterInput", std::move(message)};
}

Error no_such(std::string_view names, bool is_one) {
  return {ErrorKind::not_found, "ResourceNotFound",
          (is_one ? "Dashboard " : "Dashboards ") + std::string(names) +
              (is_one ? " does not exist" : " do not exist")};
}

Result<void> check_name(std::string_view name) {
  if (name.empty() || name.size() > kNameMax) {
    return invalid_value("The value for field DashboardName must have a length between 1 and 255.");
  }
  if (name.find_first_not_of(kNameCharacters) == std::string_view::npos) return {};
  // Recorded from the service, with the line feed at its end.
  return invalid_value(
      "The value for field DashboardName contains invalid characters. It can only contain "
      "alphanumerics, dash (-) and underscore (_).\n");
}

Result<void> check_prefix(std::string_view prefix) {
  const std::size_t bad = prefix.find_first_not_of(std::string(kNameCharacters) + '.');
  if (prefix.size() <= kNameMax && bad == std::string_view::npos) return {};
  return invalid_value(
      "The value for field DashboardNamePrefix is invalid. It can only contain alphanumerics, dash "
      "(-), underscore (_) and dot (.), at most 255 of them.");
}

Result<void> check_tags(const std::map<std::string, std::string>& tags) {
  if (tags.size() <= Dashboards::kTagsMax) return {};
  return invalid_value("The number of tags exceeds the limit of " +
                       std::to_string(Dashboards::kTagsMax) + " for a resource.");
}

std::string info_key(const Scope& scope, std::string_view name) {
  return "dashboards/" + scope.account + "/i/" + std::string(name);
}

std::string body_key(const Scope& scope, std::string_view name) {
  return "dashboards/" + scope.account + "/b/" + std::string(name);
}

}  // namespace

Shape Entry::shape() {
  using S = Entry;
  static constexpr Member members[] = {
      optional<&S::name>("DashboardName"),
      optional<&S::arn>("DashboardArn"),
      optional<&S::last_modified>("LastModified"),
      optional<&S::size>("Size"),
  };
  return {"DashboardEntry", members};
}

Shape Dashboards::Info::shape() {
  using S = Info;
  static constexpr Member members[] = {
      required<&S::last_modified>("lastModified"),
      required<&S::size>("size"),
      optional<&S::tags>("tags"),
  };
  return {"DashboardInfo", members};
}

std::string Dashboards::arn(const Scope& scope, std::string_view name) {
  return "arn:aws:cloudwatch::" + scope.account + ":dashboard/" + std::string(name);
}

std::optional<std::string> Dashboards::name_in(const Scope& scope, std::string_view arn_text) {
  const std::string beginning = arn(scope, "");
  if (!arn_text.starts_with(beginning)) return {};
  return std::string(arn_text.substr(beginning.size()));
}

Result<std::optional<Dashboards::Info>> Dashboards::find(const Scope& scope,
                                                         std::string_view name) const {
  WEIR_TRY(const auto stored, store_.get(info_key(scope, name)));
  if (!stored) return std::optional<Info>();
  WEIR_TRY(Info info, from_json_text<Info>(*stored));
  return std::optional(std::move(info));
}

Result<std::size_t> Dashboards::count(const Scope& scope) const {
  std::size_t number = 0;
  WEIR_CHECK(store_.scan(info_key(scope, ""), [&](std::string_view, std::string_view) {
    ++number;
    return true;
  }));
  return number;
}

Result<std::vector<Message>> Dashboards::put(const Scope& scope, std::string_view name,
                                             std::string_view body,
                                             const std::map<std::string, std::string>& tags) {
  WEIR_CHECK(check_name(name));
  WEIR_CHECK(check_tags(tags));
  if (body.size() > kBodyBytesMax) {
    return invalid_input("The field DashboardBody must not be longer than " +
                         std::to_string(kBodyBytesMax) + " bytes");
  }
  const auto document = parse_json(body);
  if (!document || document->map() == nullptr) {
    return invalid_input("The field DashboardBody must be a valid JSON object");
  }
  Messages messages = check_body(*document);
  if (!messages.errors.empty()) {
    Error error = invalid_input("The dashboard body is invalid, there are " +
                                std::to_string(messages.errors.size()) + " validation errors:\n" +
                                to_text(messages.errors));
    Document::List list;
    for (const Message& message : messages.errors) list.push_back(to_document(message));
    error.details.emplace_back(kMessagesDetail, to_json(Document(std::move(list))));
    return error;
  }
  const std::lock_guard lock(writing_);
  WEIR_TRY(auto before, find(scope, name));
  if (!before) {
    WEIR_TRY(const std::size_t number, count(scope));
    if (number >= kDashboardsMax) {
      return Error{
          ErrorKind::limit, "LimitExceeded",
          "The account has " + std::to_string(kDashboardsMax) + " dashboards, which is the limit."};
    }
    before.emplace().tags = tags;
  }
  before->last_modified = runtime_.now();
  before->size = static_cast<std::int64_t>(body.size());
  store::WriteBatch batch;
  batch.put(info_key(scope, name), to_json_text(*before));
  batch.put(body_key(scope, name), std::string(body));
  WEIR_CHECK(store_.write(batch));
  return std::move(messages.warnings);
}

Result<std::string> Dashboards::body(const Scope& scope, std::string_view name) const {
  WEIR_CHECK(check_name(name));
  WEIR_TRY(auto stored, store_.get(body_key(scope, name)));
  if (!stored) return no_such(name, true);
  return *std::move(stored);
}

Result<std::vector<Entry>> Dashboards::list(const Scope& scope, std::string_view prefix,
                                            std::string_view after) const {
  WEIR_CHECK(check_prefix(prefix));
  std::vector<Entry> out;
  const std::string all = info_key(scope, "");
  const std::string wanted = info_key(scope, prefix);
  const auto cursor = store_.cursor();
  cursor->seek(std::max(wanted, info_key(scope, after)));
  for (; cursor->valid() && cursor->key().starts_with(wanted); cursor->next()) {
    const std::string_view name = cursor->key().substr(all.size());
    if (name == after) continue;
    if (out.size() == kPageMax) break;
    WEIR_TRY(const Info info, from_json_text<Info>(cursor->value()));
    out.push_back({std::string(name), arn(scope, name), info.last_modified, info.size});
  }
  WEIR_CHECK(cursor->status());
  return out;
}

Result<void> Dashboards::remove(const Scope& scope, std::span<const std::string> names) {
  if (names.empty() || names.size() > kNamesMax) {
    return invalid_value("The collection DashboardNames must have a size between 1 and " +
                         std::to_string(kNamesMax) + ".");
  }
  for (const std::string& name : names) WEIR_CHECK(check_name(name));
  const std::lock_guard lock(writing_);
  store::WriteBatch batch;
  std::vector<std::string_view> missing;
  for (const std::string& name : names) {
    WEIR_TRY(const auto found, find(scope, name));
    if (!found) {
      missing.push_back(name);
      continue;
    }
    batch.erase(info_key(scope, name));
    batch.erase(body_key(scope, name));
  }
  if (!batch.empty()) WEIR_CHECK(store_.write(batch));
  if (missing.empty()) return {};
  std::string text;
  for (const std::string_view name : missing) {
    text.append(text.empty() ? "" : ", ").append(name);
  }
  return no_such(text, missing.size() == 1);
}

Result<Dashboards::Info> Dashboards::get_tagged(const Scope& scope, std::string_view name) const {
  WEIR_TRY(auto found, find(scope, name));
  if (found) return *std::move(found);
  return Error{ErrorKind::not_found,
               "ResourceNotFoundException",
               "The dashboard " + std::string(name) + " does not exist.",
               {{"ResourceType", "Dashboard"}, {"ResourceId", std::string(name)}}};
}

Result<void> Dashboards::save(const Scope& scope, std::string_view name, const Info& info) {
  return store_.put(info_key(scope, name), to_json_text(info));
}

Result<void> Dashboards::tag(const Scope& scope, std::string_view name,
                             const std::map<std::string, std::string>& tags) {
  const std::lock_guard lock(writing_);
  WEIR_TRY(Info info, get_tagged(scope, name));
  for (const auto& [key, value] : tags) info.tags.insert_or_assign(key, value);
  WEIR_CHECK(check_tags(info.tags));
  return save(scope, name, info);
}

Result<void> Dashboards::untag(const Scope& scope, std::string_view name,
                               std::span<const std::string> keys) {
  const std::lock_guard lock(writing_);
  WEIR_TRY(Info info, get_tagged(scope, name));
  for (const std::string& key : keys) info.tags.erase(key);
  return save(scope, name, info);
}

Result<std::map<std::string, std::string>> Dashboards::tags(const Scope& scope,
                                                            std::string_view name) const {
  WEIR_TRY(Info info, get_tagged(scope, name));
  return std::move(info.tags);
}

}  // namespace weir::dashboards
