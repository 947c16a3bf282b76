// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/ec2/common.h"
#include "api/ec2/select.h"
#include "vpc/network.h"

namespace weir::api::ec2 {

struct CreateTags {
  static constexpr std::string_view name = "CreateTags";
  static constexpr bool has_dry_run_handler = true;

  struct Input {
    bool dry_run = false;
    std::vector<std::string> resource_ids;
    vpc::Tags tags;
    static Shape shape();
  };
  using Output = Return;
};

struct DeleteTags {
  static constexpr std::string_view name = "DeleteTags";
  static constexpr bool has_dry_run_handler = true;

  struct Input {
    bool dry_run = false;
    std::vector<std::string> resource_ids;
    std::vector<vpc::TagToDelete> tags;
    static Shape shape();
  };
  using Output = Return;
};

struct TagDescription {
  std::string key;
  std::string resource_id;
  std::string resource_type;
  std::string value;
  static Shape shape();
};

struct DescribeTags {
  static constexpr std::string_view name = "DescribeTags";
  static constexpr bool has_dry_run_handler = true;

  struct Input {
    bool dry_run = false;
    std::vector<Filter> filters;
    std::optional<int> max_results;
    std::optional<std::string> next_token;
    static Shape shape();
  };
  struct Output {
    std::optional<std::string> next_token;
    std::vector<TagDescription> tags;
    static Shape shape();
  };
};

class TagsApi {
 public:
  explicit TagsApi(vpc::Network& network) : network_(network) {}
  void add_to(wire::OperationTable& table);

 private:
  Result<Return> create(const wire::Request&, const CreateTags::Input&);
  Result<Return> remove(const wire::Request&, const DeleteTags::Input&);
  Result<DescribeTags::Output> describe(const wire::Request&, const DescribeTags::Input&);

  vpc::Network& network_;
};

}  // namespace weir::api::ec2
