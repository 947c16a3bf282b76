// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/shape.h"
#include "vpc/network.h"
#include "wire/operation.h"

/// What the operations of EC2 share.
namespace weir::api::ec2 {

struct TagSpecification {
  std::string resource_type;
  vpc::Tags tags;
  static Shape shape();
};

/// The tags for a new resource. Error: a specification is for another type of resource.
Result<vpc::Tags> tags_for(std::string_view resource_type,
                           const std::vector<TagSpecification>& specifications);

/// `<return>true</return>`.
struct Return {
  bool is_done = true;
  static Shape shape();
};

/// Who asks, for the guard against locking oneself out.
vpc::Origin origin_of(const wire::Request& request, bool is_dry_run);

Error dry_run_succeeded();

/// EC2's wording of what binding found: the first violation only, parameters by their names on the
/// wire.
Error binding_refused(const Shape& input, const Violation& violation);
Error cannot_read(const Error& error);

/// Adds `Op` with EC2's errors and DryRun. An operation whose struct says `has_dry_run_handler` is
/// called on a dry run too, for its errors; it must then change nothing.
template <class Op, class Api>
void add(wire::OperationTable& table, Api& api,
         Result<typename Op::Output> (Api::*handler)(const wire::Request&,
                                                     const typename Op::Input&)) {
  using Input = typename Op::Input;
  using Output = typename Op::Output;
  wire::Operation operation;
  operation.name = Op::name;
  operation.input = &type_of<Input>();
  operation.output = &type_of<Output>();
  operation.call = [&api, handler](const wire::Request& request, const Document& tree,
                                   const BindOptions& options) -> Result<wire::Answer> {
    Input input{};
    std::vector<Violation> violations;
    if (auto bound = weir::bind(type_of<Input>(), &input, tree, options, violations); !bound) {
      return cannot_read(bound.error());
    }
    if (!violations.empty()) return binding_refused(Input::shape(), violations.front());
    if (input.dry_run && !Op::has_dry_run_handler) return dry_run_succeeded();
    WEIR_TRY(Output output, (api.*handler)(request, input));
    if (input.dry_run) return dry_run_succeeded();
    return wire::Answer{&type_of<Output>(), std::make_shared<const Output>(std::move(output))};
  };
  table.add(std::move(operation));
}

}  // namespace weir::api::ec2
