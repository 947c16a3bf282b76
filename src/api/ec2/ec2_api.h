// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/ec2/flow_logs.h"
#include "api/ec2/integration_template.h"
#include "api/ec2/interfaces.h"
#include "api/ec2/network_acls.h"
#include "api/ec2/regions.h"
#include "api/ec2/security_group_rules.h"
#include "api/ec2/security_groups.h"
#include "api/ec2/tags.h"
#include "api/ec2/vpcs.h"
#include "vpc/network.h"

namespace weir::api {

/// EC2's operations over a network. `network` and this outlive the table.
class Ec2Api {
 public:
  explicit Ec2Api(vpc::Network& network);
  void add_to(wire::OperationTable& table);
  /// Where GetFlowLogsIntegrationTemplate puts its templates.
  void set_template_store(ec2::TemplateStore store) {
    integration_template_.set_store(std::move(store));
  }

 private:
  ec2::FlowLogsApi flow_logs_;
  ec2::IntegrationTemplateApi integration_template_;
  ec2::InterfacesApi interfaces_;
  ec2::NetworkAclsApi network_acls_;
  ec2::RegionsApi regions_;
  ec2::SecurityGroupRulesApi security_group_rules_;
  ec2::SecurityGroupsApi security_groups_;
  ec2::TagsApi tags_;
  ec2::VpcsApi vpcs_;
};

}  // namespace weir::api
