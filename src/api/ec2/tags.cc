// SPDX-License-Identifier: Apache-2.0
#include "api/ec2/tags.h"

#include <map>

namespace weir::api::ec2 {
namespace {

/// One tag of one resource, so that select() can treat it as a resource.
struct Tagged {
  std::string id;  // resource id and key: the order of the answer and of its pages
  TagDescription shown;
  vpc::Tags tags;
};

using vpc::ScopeState;

constexpr FilterField<Tagged> kFields[] = {
    {"key", [](const Tagged& t, const ScopeState&, Values& out) { out.push_back(t.shown.key); }},
    {"resource-id",
     [](const Tagged& t, const ScopeState&, Values& out) { out.push_back(t.shown.resource_id); }},
    {"resource-type",
     [](const Tagged& t, const ScopeState&, Values& out) { out.push_back(t.shown.resource_type); }},
    {"value",
     [](const Tagged& t, const ScopeState&, Values& out) { out.push_back(t.shown.value); }},
};

using TaggedMap = std::map<std::string, Tagged, std::less<>>;

template <class T>
void add_all(TaggedMap& into, const std::map<std::string, T, std::less<>>& resources) {
  for (const auto& [id, resource] : resources) {
    for (const vpc::Tag& tag : resource.tags) {
      Tagged tagged{id + ' ' + tag.key,
                    {tag.key, id, std::string(vpc::resource_type_of(id)), tag.value},
                    {tag}};
      std::string key = tagged.id;
      into.emplace(std::move(key), std::move(tagged));
    }
  }
}

TaggedMap all_tags(const ScopeState& state) {
  TaggedMap all;
  add_all(all, state.vpcs);
  add_all(all, state.subnets);
  add_all(all, state.acls);
  add_all(all, state.groups);
  add_all(all, state.group_rules);
  add_all(all, state.enis);
  add_all(all, state.flow_logs);
  return all;
}

}  // namespace

Shape CreateTags::Input::shape() {
  using S = Input;
  static constexpr Member members[] = {
      optional<&S::dry_run>("DryRun"),
      required<&S::resource_ids>("Resources").query("ResourceId"),
      required<&S::tags>("Tags").query("Tag"),
  };
  return {"CreateTagsRequest", members};
}

Shape DeleteTags::Input::shape() {
  using S = Input;
  static constexpr Member members[] = {
      optional<&S::dry_run>("DryRun"),
      required<&S::resource_ids>("Resources").query("ResourceId"),
      optional<&S::tags>("Tags").query("Tag"),
  };
  return {"DeleteTagsRequest", members};
}

Shape TagDescription::shape() {
  using S = TagDescription;
  static constexpr Member members[] = {
      optional<&S::key>("key"),
      optional<&S::resource_id>("resourceId"),
      optional<&S::resource_type>("resourceType"),
      optional<&S::value>("value"),
  };
  return {"TagDescription", members};
}

Shape DescribeTags::Input::shape() {
  using S = Input;
  static constexpr Member members[] = {
      optional<&S::dry_run>("DryRun"),
      optional<&S::filters>("Filters").query("Filter"),
      optional<&S::max_results>("MaxResults"),
      optional<&S::next_token>("NextToken"),
  };
  return {"DescribeTagsRequest", members};
}

Shape DescribeTags::Output::shape() {
  using S = Output;
  static constexpr Member members[] = {
      optional<&S::next_token>("nextToken"),
      optional<&S::tags>("tagSet"),
  };
  return {"DescribeTagsResult", members};
}

void TagsApi::add_to(wire::OperationTable& table) {
  add<CreateTags>(table, *this, &TagsApi::create);
  add<DeleteTags>(table, *this, &TagsApi::remove);
  add<DescribeTags>(table, *this, &TagsApi::describe);
}

Result<Return> TagsApi::create(const wire::Request& request, const CreateTags::Input& in) {
  WEIR_CHECK(network_.create_tags(request.scope, in.resource_ids, in.tags,
                                  origin_of(request, in.dry_run)));
  return Return{};
}

Result<Return> TagsApi::remove(const wire::Request& request, const DeleteTags::Input& in) {
  WEIR_CHECK(network_.delete_tags(request.scope, in.resource_ids, in.tags,
                                  origin_of(request, in.dry_run)));
  return Return{};
}

Result<DescribeTags::Output> TagsApi::describe(const wire::Request& request,
                                               const DescribeTags::Input& in) {
  WEIR_TRY(const auto state, network_.state(request.scope));
  static const std::vector<std::string> kNoIds;
  const Selection selection{kNoIds, "", in.filters, in.max_results, in.next_token};
  WEIR_TRY(auto page, select<Tagged>(all_tags(*state), selection, kFields, *state));
  DescribeTags::Output out;
  for (Tagged& tagged : page.items) out.tags.push_back(std::move(tagged.shown));
  out.next_token = std::move(page.next_token);
  return out;
}

}  // namespace weir::api::ec2
