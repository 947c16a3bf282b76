// SPDX-License-Identifier: Apache-2.0
#include "api/ec2/ec2_api.h"

namespace weir::api {

Ec2Api::Ec2Api(vpc::Network& network)
    : flow_logs_(network),
      integration_template_(network),
      interfaces_(network),
      network_acls_(network),
      regions_(network),
      security_group_rules_(network),
      security_groups_(network),
      tags_(network),
      vpcs_(network) {}

void Ec2Api::add_to(wire::OperationTable& table) {
  flow_logs_.add_to(table);
  integration_template_.add_to(table);
  interfaces_.add_to(table);
  network_acls_.add_to(table);
  regions_.add_to(table);
  security_group_rules_.add_to(table);
  security_groups_.add_to(table);
  tags_.add_to(table);
  vpcs_.add_to(table);
}

}  // namespace weir::api
