// SPDX-License-Identifier: Apache-2.0
#include "api/ec2/integration_template.h"

namespace weir::api::ec2 {

// Names and subjects are AWS's, the statements our own.
const std::vector<IntegrationQuery>& integration_queries() {
  static const std::vector<IntegrationQuery> kQueries = {
      {"VpcFlowLogsAcceptedTraffic",
       "Connections that were allowed",
       {"srcaddr", "dstaddr", "dstport", "protocol", "packets", "bytes", "action"},
       "SELECT srcaddr, dstaddr, dstport, protocol, sum(packets) AS packets, sum(bytes) AS bytes "
       "FROM {table} WHERE action = 'ACCEPT' "
       "GROUP BY srcaddr, dstaddr, dstport, protocol ORDER BY bytes DESC LIMIT 100"},
      {"VpcFlowLogsAdminPortTraffic",
       "Traffic to ports of administration",
       {"srcaddr", "dstaddr", "dstport", "packets", "bytes", "action"},
       "SELECT srcaddr, dstaddr, dstport, action, sum(packets) AS packets, sum(bytes) AS bytes "
       "FROM {table} WHERE dstport IN (22, 23, 135, 443, 445, 3389, 5900, 5985, 5986, 8443) "
       "GROUP BY srcaddr, dstaddr, dstport, action ORDER BY packets DESC LIMIT 100"},
      {"VpcFlowLogsIPv4Traffic",
       "Total of IPv4",
       {"type", "packets", "bytes"},
       "SELECT count(*) AS records, sum(packets) AS packets, sum(bytes) AS bytes "
       "FROM {table} WHERE type = 'IPv4'"},
      {"VpcFlowLogsIPv6Traffic",
       "Total of IPv6",
       {"type", "packets", "bytes"},
       "SELECT count(*) AS records, sum(packets) AS packets, sum(bytes) AS bytes "
       "FROM {table} WHERE type = 'IPv6'"},
      {"VpcFlowLogsRejectedTCPTraffic",
       "TCP that security groups or network ACLs refused",
       {"srcaddr", "dstaddr", "dstport", "protocol", "packets", "action"},
       "SELECT srcaddr, dstaddr, dstport, sum(packets) AS packets "
       "FROM {table} WHERE action = 'REJECT' AND protocol = 6 "
       "GROUP BY srcaddr, dstaddr, dstport ORDER BY packets DESC LIMIT 100"},
      {"VpcFlowLogsRejectedTraffic",
       "Traffic that security groups or network ACLs refused",
       {"srcaddr", "dstaddr", "dstport", "protocol", "packets", "action"},
       "SELECT srcaddr, dstaddr, dstport, protocol, sum(packets) AS packets "
       "FROM {table} WHERE action = 'REJECT' "
       "GROUP BY srcaddr, dstaddr, dstport, protocol ORDER BY packets DESC LIMIT 100"},
      {"VpcFlowLogsSshRdpTraffic",
       "SSH and RDP",
       {"srcaddr", "dstaddr", "dstport", "packets", "bytes", "action"},
       "SELECT srcaddr, dstaddr, dstport, action, sum(packets) AS packets, sum(bytes) AS bytes "
       "FROM {table} WHERE dstport IN (22, 3389) "
       "GROUP BY srcaddr, dstaddr, dstport, action ORDER BY packets DESC LIMIT 100"},
      {"VpcFlowLogsTopTalkers",
       "The 50 addresses that send most",
       {"srcaddr", "packets", "bytes"},
       "SELECT srcaddr, sum(bytes) AS bytes, sum(packets) AS packets FROM {table} "
       "WHERE srcaddr IS NOT NULL GROUP BY srcaddr ORDER BY bytes DESC LIMIT 50"},
      {"VpcFlowLogsTopTalkersPacketLevel",
       "The 50 addresses that send most, as in the packets themselves",
       {"pkt_srcaddr", "packets", "bytes"},
       "SELECT pkt_srcaddr, sum(bytes) AS bytes, sum(packets) AS packets FROM {table} "
       "WHERE pkt_srcaddr IS NOT NULL GROUP BY pkt_srcaddr ORDER BY bytes DESC LIMIT 50"},
      {"VpcFlowLogsTopTalkingInstances",
       "The 50 instances with most traffic",
       {"instance_id", "packets", "bytes"},
       "SELECT instance_id, sum(bytes) AS bytes, sum(packets) AS packets FROM {table} "
       "WHERE instance_id IS NOT NULL GROUP BY instance_id ORDER BY bytes DESC LIMIT 50"},
      {"VpcFlowLogsTopTalkingSubnets",
       "The 50 subnets with most traffic",
       {"subnet_id", "packets", "bytes"},
       "SELECT subnet_id, sum(bytes) AS bytes, sum(packets) AS packets FROM {table} "
       "WHERE subnet_id IS NOT NULL GROUP BY subnet_id ORDER BY bytes DESC LIMIT 50"},
      {"VpcFlowLogsTopTCPTraffic",
       "The 50 TCP services with most traffic",
       {"dstaddr", "dstport", "protocol", "packets", "bytes"},
       "SELECT dstaddr, dstport, sum(bytes) AS bytes, sum(packets) AS packets FROM {table} "
       "WHERE protocol = 6 GROUP BY dstaddr, dstport ORDER BY bytes DESC LIMIT 50"},
      {"VpcFlowLogsTotalBytesTransferred",
       "The 50 pairs of addresses with most traffic",
       {"srcaddr", "dstaddr", "bytes"},
       "SELECT srcaddr, dstaddr, sum(bytes) AS bytes FROM {table} "
       "WHERE srcaddr IS NOT NULL GROUP BY srcaddr, dstaddr ORDER BY bytes DESC LIMIT 50"},
      {"VpcFlowLogsTotalBytesTransferredPacketLevel",
       "The 50 pairs of addresses with most traffic, as in the packets themselves",
       {"pkt_srcaddr", "pkt_dstaddr", "bytes"},
       "SELECT pkt_srcaddr, pkt_dstaddr, sum(bytes) AS bytes FROM {table} "
       "WHERE pkt_srcaddr IS NOT NULL GROUP BY pkt_srcaddr, pkt_dstaddr "
       "ORDER BY bytes DESC LIMIT 50"},
      {"VpcFlowLogsTrafficFrmSrcAddr",
       "Traffic from one address; put yours in",
       {"srcaddr", "dstaddr", "dstport", "protocol", "packets", "bytes"},
       "SELECT dstaddr, dstport, protocol, sum(packets) AS packets, sum(bytes) AS bytes "
       "FROM {table} WHERE srcaddr = '10.0.0.1' "
       "GROUP BY dstaddr, dstport, protocol ORDER BY bytes DESC LIMIT 100"},
      {"VpcFlowLogsTrafficToDstAddr",
       "Traffic to one address; put yours in",
       {"srcaddr", "dstaddr", "dstport", "protocol", "packets", "bytes"},
       "SELECT srcaddr, dstport, protocol, sum(packets) AS packets, sum(bytes) AS bytes "
       "FROM {table} WHERE dstaddr = '10.0.0.1' "
       "GROUP BY srcaddr, dstport, protocol ORDER BY bytes DESC LIMIT 100"},
  };
  return kQueries;
}

}  // namespace weir::api::ec2
