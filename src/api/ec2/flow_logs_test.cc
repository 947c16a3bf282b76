// SPDX-License-Identifier: Apache-2.0
#include "api/ec2/flow_logs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "api/ec2/ec2_api.h"
#include "api/ec2/model.h"
#include "base/document.h"
#include "flow/format.h"
#include "wire/dispatch.h"

namespace weir::api::ec2 {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

/// Requests as trees of EC2 Query parameters, the answers as trees.
class FlowLogsTest : public testing::Test {
 protected:
  FlowLogsTest() {
    EXPECT_TRUE(network.load());
    EXPECT_TRUE(
        network.set_interfaces({{"eth0", "00:16:3e:12:34:56", true, false, {{"10.0.0.5", 24}}}}));
    api.add_to(table);
  }
  Result<Document> call(std::string_view operation, const Document& tree) {
    const auto* found = table.find(operation);
    WEIR_ASSERT(found != nullptr);
    const BindOptions options{.textual = true, .names = BindOptions::Names::ec2};
    WEIR_TRY(const auto answer, found->call(wire::Request{}, tree, options));
    return to_document(*answer.type, answer.value.get());
  }
  /// A valid request to a log group, with `more` over it; a null takes the parameter away.
  Document request(Document::Map more = {}) {
    Document tree = Document::Map{
        {"ResourceId", Document::List{eni()}},
        {"ResourceType", "NetworkInterface"},
        {"TrafficType", "ALL"},
        {"LogGroupName", "VPCFlowLogs"},
        {"DeliverLogsPermissionArn", "arn:aws:iam::000000000000:role/flow"},
    };
    return with(std::move(tree), std::move(more));
  }
  Document to_bucket(Document::Map more = {}) {
    return with(request({{"LogGroupName", nullptr},
                         {"DeliverLogsPermissionArn", nullptr},
                         {"LogDestinationType", "s3"},
                         {"LogDestination", "arn:aws:s3:::records/folder/"}}),
                std::move(more));
  }
  Document to_stream(Document::Map more = {}) {
    return with(request({{"LogGroupName", nullptr},
                         {"DeliverLogsPermissionArn", nullptr},
                         {"LogDestinationType", "kinesis-data-firehose"},
                         {"LogDestination",
                          "arn:aws:firehose:us-east-1:000000000000:deliverystream/audit"}}),
                std::move(more));
  }
  static Document with(Document tree, Document::Map more) {
    for (auto& [name, value] : more) {
      if (value.is_null()) {
        std::erase_if(*tree.map(), [&](const auto& member) { return member.first == name; });
      } else {
        tree[name] = std::move(value);
      }
    }
    return tree;
  }
  std::string create(const Document& tree) {
    const auto made = call("CreateFlowLogs", tree);
    EXPECT_TRUE(made) << made.error().message;
    if (!made || made->find("flowLogIdSet")->list()->empty()) return "none";
    return *made->find("flowLogIdSet")->list()->at(0).string();
  }
  std::string refused(const Document& tree, std::string_view operation = "CreateFlowLogs") {
    const auto made = call(operation, tree);
    return made ? "done" : made.error().code + ": " + made.error().message;
  }
  Document::List described(Document::Map parameters = {}) {
    const auto answer = call("DescribeFlowLogs", Document(std::move(parameters)));
    EXPECT_TRUE(answer) << answer.error().message;
    return answer ? *answer->find("flowLogSet")->list() : Document::List{};
  }
  /// What DescribeFlowLogs shows of the only flow log.
  Document shown(std::string_view member) {
    const Document::List all = described();
    EXPECT_THAT(all, SizeIs(1));
    const Document* found = all.empty() ? nullptr : all[0].find(member);
    return found == nullptr ? Document() : *found;
  }
  std::string eni() { return network.host_enis().at(0).id; }

  SimulatedRuntime runtime{7};
  std::unique_ptr<store::KvStore> store = store::make_memory_store();
  vpc::Network network{runtime, *store, {.machine_id = "machine"}};
  wire::OperationTable table{ec2_model()};
  Ec2Api api{network};
};

Document tag_field(std::string type, Document::List keys) {
  return Document::Map{{"ResourceType", std::move(type)}, {"TagKey", std::move(keys)}};
}

// Terraform reads back every parameter and replaces the flow log where one differs.
TEST_F(FlowLogsTest, EveryParameterOfALogGroupComesBackAsGiven) {
  const std::string arn = "arn:aws:logs:us-east-1:000000000000:log-group:/vpc/flow:*";
  create(request(
      {{"LogGroupName", nullptr},
       {"LogDestination", arn},
       {"LogFormat", "${srcaddr} ${interface-tag}"},
       {"TrafficType", "REJECT"},
       {"DeliverCrossAccountRole", "arn:aws:iam::111122223333:role/x"},
       {"MaxAggregationInterval", "60"},
       {"TagFieldSpecification", Document::List{tag_field("network-interface", {"Name", "team"})}},
       {"TagSpecification",
        Document::List{Document::Map{
            {"ResourceType", "vpc-flow-log"},
            {"Tag", Document::List{Document::Map{{"Key", "k"}, {"Value", "v"}}}}}}}}));
  EXPECT_EQ(shown("logDestination"), arn);
  EXPECT_EQ(shown("logGroupName"), "/vpc/flow");
  EXPECT_EQ(shown("logDestinationType"), "cloud-watch-logs");
  EXPECT_EQ(shown("logFormat"), "${srcaddr} ${interface-tag}");
  EXPECT_EQ(shown("trafficType"), "REJECT");
  EXPECT_EQ(shown("resourceId"), eni());
  EXPECT_EQ(shown("deliverLogsPermissionArn"), "arn:aws:iam::000000000000:role/flow");
  EXPECT_EQ(shown("deliverCrossAccountRole"), "arn:aws:iam::111122223333:role/x");
  EXPECT_EQ(shown("maxAggregationInterval"), 60);
  EXPECT_EQ(to_json(shown("tagSet")), R"([{"key":"k","value":"v"}])");
  EXPECT_EQ(to_json(shown("tagFieldSpecificationSet")),
            R"([{"resourceType":"network-interface","tagKeySet":["Name","team"]}])");
  EXPECT_TRUE(shown("destinationOptions").is_null());
}

TEST_F(FlowLogsTest, EveryParameterOfABucketComesBackAsGiven) {
  create(to_bucket({{"DestinationOptions", Document::Map{{"FileFormat", "parquet"},
                                                         {"HiveCompatiblePartitions", "true"},
                                                         {"PerHourPartition", "true"}}}}));
  EXPECT_EQ(shown("logDestination"), "arn:aws:s3:::records/folder/");
  EXPECT_EQ(shown("logDestinationType"), "s3");
  EXPECT_TRUE(shown("logGroupName").is_null());
  EXPECT_TRUE(shown("deliverLogsPermissionArn").is_null());
  EXPECT_EQ(to_json(shown("destinationOptions")),
            R"({"fileFormat":"parquet","hiveCompatiblePartitions":true,"perHourPartition":true})");
  EXPECT_EQ(shown("maxAggregationInterval"), 600);
  EXPECT_EQ(shown("deliverLogsStatus"), "SUCCESS");
  EXPECT_TRUE(shown("deliverLogsErrorMessage").is_null());
  EXPECT_EQ(to_json(shown("tagSet")), "[]");
}

TEST_F(FlowLogsTest, EveryParameterOfAStreamComesBackAsGiven) {
  create(
      to_stream({{"LogDestination", "arn:aws:firehose:us-east-1:111122223333:deliverystream/audit"},
                 {"DeliverLogsPermissionArn", "arn:aws:iam::000000000000:role/source"},
                 {"DeliverCrossAccountRole",
                  "arn:aws:iam::111122223333:role/AWSLogDeliveryFirehoseCrossAccountRole1"}}));
  EXPECT_EQ(shown("logDestinationType"), "kinesis-data-firehose");
  EXPECT_EQ(shown("logDestination"),
            "arn:aws:firehose:us-east-1:111122223333:deliverystream/audit");
  EXPECT_EQ(shown("deliverLogsPermissionArn"), "arn:aws:iam::000000000000:role/source");
  EXPECT_EQ(shown("deliverCrossAccountRole"),
            "arn:aws:iam::111122223333:role/AWSLogDeliveryFirehoseCrossAccountRole1");
  EXPECT_TRUE(shown("logGroupName").is_null());
  EXPECT_TRUE(shown("destinationOptions").is_null());
}

TEST_F(FlowLogsTest, AStreamIsCheckedLikeABucket) {
  create(to_stream());
  EXPECT_THAT(refused(to_stream()), HasSubstr("FlowLogAlreadyExists"));
  EXPECT_THAT(refused(to_stream({{"LogDestination", "arn:aws:s3:::records"}})),
              HasSubstr("is not the ARN of a delivery stream"));
  EXPECT_THAT(
      refused(to_stream({{"DestinationOptions", Document::Map{{"FileFormat", "parquet"}}}})),
      HasSubstr("s3"));
  EXPECT_THAT(refused(to_stream({{"LogGroupName", "x"}, {"LogDestination", nullptr}})),
              HasSubstr("LogDestination type must be cloud-watch-logs"));
  const Document elsewhere = to_stream(
      {{"LogDestination", "arn:aws:firehose:us-east-1:111122223333:deliverystream/audit"}});
  EXPECT_THAT(refused(elsewhere), HasSubstr("DeliverLogsPermissionArn can't be empty"));
  EXPECT_THAT(refused(with(elsewhere, {{"DeliverLogsPermissionArn", "arn:aws:iam::1:role/r"},
                                       {"DeliverCrossAccountRole", "arn:aws:iam::1:role/other"}})),
              HasSubstr("AWSLogDeliveryFirehoseCrossAccountRole"));

  network.set_destination_check(
      [](const Scope&, std::string_view type, std::string_view name) -> Result<void> {
        EXPECT_EQ(type, "kinesis-data-firehose");
        return Error{ErrorKind::not_found, "x",
                     "LogDestination: " + std::string(name) + " does not exist"};
      });
  const auto answer = call("CreateFlowLogs", to_stream({{"TrafficType", "ACCEPT"}}));
  ASSERT_TRUE(answer);
  EXPECT_EQ(to_json(*answer->find("unsuccessful")),
            R"([{"error":{"code":"400","message":"LogDestination: audit does not exist"},)"
            R"("resourceId":")" +
                eni() + "\"}]");
}

TEST_F(FlowLogsTest, ResourceTypesThatAHostHasNotAreUnknownResources) {
  const auto of = [&](std::string type, std::string id, Document::Map more) {
    Document tree =
        request({{"ResourceType", std::move(type)}, {"ResourceId", Document::List{std::move(id)}}});
    return refused(with(std::move(tree), std::move(more)));
  };
  const Document::Map transit{{"TrafficType", nullptr}, {"MaxAggregationInterval", "60"}};
  EXPECT_EQ(
      of("TransitGateway", "tgw-1", transit),
      "InvalidTransitGatewayID.NotFound: Transit Gateway tgw-1 was deleted or does not exist.");
  EXPECT_THAT(of("TransitGatewayAttachment", "tgw-attach-1", transit),
              HasSubstr("InvalidTransitGatewayAttachmentID.NotFound"));
  EXPECT_EQ(of("RegionalNatGateway", "nat-1", {}),
            "NatGatewayNotFound: NatGateway nat-1 was not found");
  EXPECT_THAT(of("TransitGateway", "tgw-1", {{"MaxAggregationInterval", "60"}}),
              HasSubstr("TrafficType is not supported"));
  EXPECT_THAT(of("TransitGateway", "tgw-1", {{"TrafficType", nullptr}}),
              HasSubstr("Invalid Flow Log Max Aggregation Interval"));
  EXPECT_EQ(of("VPC", network.host_enis()[0].vpc_id, {{"TrafficType", nullptr}}),
            "MissingParameter: The request must contain the parameter TrafficType");
  EXPECT_THAT(of("Instance", "i-1", {}), HasSubstr("InvalidParameterValue"));
  EXPECT_EQ(of("Subnet", "vpc-1", {}),
            "InvalidSubnetID.NotFound: The subnet ID 'vpc-1' does not exist");
  Document many = request(transit);
  many["ResourceType"] = "TransitGateway";
  many["ResourceId"] = Document::List(26, Document("tgw-1"));
  EXPECT_THAT(refused(with(many, {{"TrafficType", nullptr}})), HasSubstr("At most 25"));
}

TEST_F(FlowLogsTest, TagFieldsAndTheirSpecificationsGoTogether) {
  constexpr std::string_view kMissing =
      "The TagFieldSpecifications parameter must be set when including tag fields in the log "
      "format";
  const auto of = [&](std::string format, Document::List specifications) {
    return refused(request(
        {{"LogFormat", std::move(format)}, {"TagFieldSpecification", std::move(specifications)}}));
  };
  EXPECT_THAT(of("${interface-tag}", {tag_field("instance", {"Name"})}), HasSubstr(kMissing));
  EXPECT_THAT(of("${instance-tag-2}", {tag_field("instance", {"Name"})}), HasSubstr(kMissing));
  EXPECT_THAT(of("${asg-tag}", {tag_field("volume", {"Name"})}), HasSubstr("(volume)"));
  EXPECT_THAT(of("${asg-tag}", {tag_field("auto-scaling-group", {"a", "b", "c"})}),
              HasSubstr("One or two keys"));
  EXPECT_THAT(of("${asg-tag}", {tag_field("auto-scaling-group", {std::string(129, 'k')})}),
              HasSubstr("One or two keys"));
  EXPECT_THAT(of("${asg-tag}",
                 {tag_field("auto-scaling-group", {"a"}), tag_field("auto-scaling-group", {"b"})}),
              HasSubstr("once"));
  EXPECT_EQ(of("${instance-tag} ${instance-tag-2}", {tag_field("instance", {"a", "b"})}), "done");
}

TEST_F(FlowLogsTest, ATokenRepeatsTheAnswerEvenWhenTheResourceIsGone) {
  const Document tree = request({{"ClientToken", "once"}});
  const std::string id = create(tree);
  EXPECT_EQ(create(tree), id);
  EXPECT_THAT(described(), SizeIs(1));
  EXPECT_THAT(refused(with(tree, {{"TrafficType", "ACCEPT"}})),
              HasSubstr("IdempotentParameterMismatch"));
  ASSERT_TRUE(network.set_interfaces({}));
  EXPECT_EQ(create(tree), id);
}

TEST_F(FlowLogsTest, ADryRunFindsWhatTheRealRunWouldAndDoesNothing) {
  const Document::Map dry{{"DryRun", "true"}};
  EXPECT_THAT(refused(request(dry)), HasSubstr("DryRunOperation"));
  EXPECT_THAT(described(), SizeIs(0));
  const std::string id = create(request());
  EXPECT_THAT(refused(request(dry)), HasSubstr("FlowLogAlreadyExists"));
  const auto deletion = [](std::string which) {
    return Document(
        Document::Map{{"DryRun", "true"}, {"FlowLogId", Document::List{std::move(which)}}});
  };
  EXPECT_THAT(refused(deletion("fl-1"), "DeleteFlowLogs"), HasSubstr("InvalidFlowLogId.NotFound"));
  EXPECT_THAT(refused(deletion(id), "DeleteFlowLogs"), HasSubstr("DryRunOperation"));
  EXPECT_THAT(described(), SizeIs(1));
  EXPECT_THAT(refused(Document(Document::Map{
                          {"DryRun", "true"},
                          {"Filter", Document::List{Document::Map{{"Name", "colour"}}}}}),
                      "DescribeFlowLogs"),
              HasSubstr("The filter 'colour' is invalid"));
}

TEST_F(FlowLogsTest, PagesAndFiltersGoTogether) {
  for (const char* type : {"ACCEPT", "REJECT", "ALL"}) {
    create(request({{"TrafficType", type}}));
    create(to_bucket({{"TrafficType", type}}));
  }
  std::set<std::string> seen;
  Document::Map parameters{
      {"MaxResults", "1"},
      {"Filter",
       Document::List{
           Document::Map{{"Name", "traffic-type"}, {"Value", Document::List{"ALL", "REJECT"}}},
           Document::Map{{"Name", "log-destination-type"}, {"Value", Document::List{"s3"}}}}}};
  int pages = 0;
  for (bool is_more = true; is_more && pages < 10; ++pages) {
    const auto page = call("DescribeFlowLogs", Document(parameters));
    ASSERT_TRUE(page);
    for (const Document& one : *page->find("flowLogSet")->list())
      seen.insert(*one.find("flowLogId")->string());
    const Document* token = page->find("nextToken");
    is_more = token != nullptr && !token->is_null();
    if (is_more) {
      Document tree(parameters);
      tree["NextToken"] = *token;
      parameters = *tree.map();
    }
  }
  EXPECT_THAT(seen, SizeIs(2));
  EXPECT_EQ(pages, 2);
  EXPECT_THAT(refused(Document(Document::Map{{"NextToken", "forged"}}), "DescribeFlowLogs"),
              HasSubstr("InvalidNextToken"));
  EXPECT_THAT(refused(Document(Document::Map{{"MaxResults", "0"}}), "DescribeFlowLogs"),
              HasSubstr("InvalidParameterValue"));
}

// ---- GetFlowLogsIntegrationTemplate -------------------------------------------------------------

class TemplateTest : public FlowLogsTest {
 protected:
  Document::Map integration(Document::Map more = {}) {
    Document tree = Document::Map{
        {"IntegrationResultS3DestinationArn", "arn:aws:s3:::results/athena/"},
        {"PartitionLoadFrequency", "none"},
        {"PartitionStartDate", "2025-07-21T00:40:00"},
        {"PartitionEndDate", "2025-07-22T00:42:00"},
    };
    return *with(std::move(tree), std::move(more)).map();
  }
  Document ask(const std::string& id, Document::List integrations) {
    return Document::Map{
        {"FlowLogId", id},
        {"ConfigDeliveryS3DestinationArn", "arn:aws:s3:::config/my"},
        {"IntegrateService", Document::Map{{"AthenaIntegration", std::move(integrations)}}}};
  }
  Document resources(const Document& tree) {
    const auto answer = call("GetFlowLogsIntegrationTemplate", tree);
    EXPECT_TRUE(answer) << answer.error().message;
    const auto parsed = parse_yaml(*answer->find("result")->string());
    EXPECT_TRUE(parsed);
    return *parsed->find("Resources");
  }
  std::string error(const Document& tree) {
    return refused(tree, "GetFlowLogsIntegrationTemplate");
  }
  static std::set<std::string> queries_of(const Document& resources) {
    std::set<std::string> names;
    for (const auto& [name, resource] : *resources.map()) {
      if (*resource.find("Type")->string() == "AWS::Athena::NamedQuery")
        names.insert(*resource.find("Properties")->find("Name")->string());
    }
    return names;
  }
};

TEST_F(TemplateTest, HasDatabaseWorkGroupTableAndQueries) {
  const std::string id = create(to_bucket());
  const Document all = resources(ask(id, {integration()}));
  std::string plain = id;
  std::erase(plain, '-');
  EXPECT_EQ(*all.find("VpcFlowLogsAthenaDatabase")
                 ->find("Properties")
                 ->find("DatabaseInput")
                 ->find("Name")
                 ->string(),
            "vpcflowlogsathenadatabase" + plain);
  const Document& input = *all.find("VpcFlowLogsTable1")->find("Properties")->find("TableInput");
  EXPECT_EQ(*input.find("Name")->string(), plain + "none202507210040202507220042");
  const Document& parameters = *input.find("Parameters");
  EXPECT_EQ(*parameters.find("projection.day.range")->string(), "2025/07/21,2025/07/22");
  EXPECT_EQ(*parameters.find("storage.location.template")->string(),
            "s3://records/folder/AWSLogs/000000000000/vpcflowlogs/us-east-1/${day}");
  EXPECT_THAT(to_json(*input.find("StorageDescriptor")->find("Columns")),
              HasSubstr(R"({"Name":"end","Type":"bigint"},{"Name":"action","Type":"string"})"));
  EXPECT_THAT(to_json(*all.find("VpcFlowLogsWorkGroup1")),
              HasSubstr("\"OutputLocation\":\"s3://results/athena/\""));
  // The default format has neither type, pkt-*, instance nor subnet.
  const auto queries = queries_of(all);
  EXPECT_THAT(queries, SizeIs(10));
  EXPECT_TRUE(queries.contains("VpcFlowLogsSshRdpTraffic"));
  EXPECT_FALSE(queries.contains("VpcFlowLogsIPv4Traffic"));
}

TEST_F(TemplateTest, AllSixteenQueriesForAFormatWithTheirFields) {
  const std::string id =
      create(to_bucket({{"LogFormat", flow::Format::all(5).text()},
                        {"DestinationOptions", Document::Map{{"FileFormat", "parquet"},
                                                             {"HiveCompatiblePartitions", "true"},
                                                             {"PerHourPartition", "true"}}}}));
  const Document all = resources(ask(id, {integration({{"PartitionLoadFrequency", "daily"},
                                                       {"PartitionStartDate", nullptr},
                                                       {"PartitionEndDate", nullptr}})}));
  EXPECT_THAT(queries_of(all), SizeIs(16));
  const std::string shown_table = to_json(*all.find("VpcFlowLogsTable1"));
  EXPECT_THAT(shown_table, HasSubstr("year=2026/month=01/day=01/hour=00,NOW"));
  EXPECT_THAT(shown_table, HasSubstr("'year='yyyy'/month='MM'/day='dd'/hour='HH"));
  EXPECT_THAT(shown_table, HasSubstr("aws-region=us-east-1/${day}"));
  EXPECT_THAT(shown_table, HasSubstr("ParquetHiveSerDe"));
  EXPECT_THAT(shown_table, Not(HasSubstr("skip.header.line.count")));
}

TEST_F(TemplateTest, IsPutIntoTheBucketThatTheRequestNames) {
  std::string where;
  api.set_template_store([&](const Scope&, const std::string& bucket, const std::string& key,
                             const std::string&) -> Result<std::string> {
    where = bucket + '/' + key;
    return std::string("http://localhost/") + bucket;
  });
  const std::string id = create(to_bucket());
  const auto answer = call("GetFlowLogsIntegrationTemplate", ask(id, {integration()}));
  ASSERT_TRUE(answer);
  EXPECT_EQ(*answer->find("result")->string(), "http://localhost/config");
  EXPECT_EQ(where,
            "config/my/VPCFlowLogsIntegrationTemplate_" + id + "_Thu Jan 01 00:00:00 UTC 2026.yml");
}

TEST_F(TemplateTest, RefusesWhatCannotBeIntegrated) {
  EXPECT_THAT(error(ask("fl-1", {integration()})), HasSubstr("InvalidFlowLogId.NotFound"));
  const std::string group = create(request());
  EXPECT_THAT(error(ask(group, {integration()})), HasSubstr("does not publish to Amazon S3"));
  const std::string id = create(to_bucket());
  EXPECT_THAT(error(ask(id, {})), HasSubstr("MissingParameter"));
  EXPECT_THAT(error(ask(id, Document::List(11, Document(integration())))), HasSubstr("At most 10"));
  EXPECT_THAT(error(ask(id, {integration(), integration()})), HasSubstr("same frequency"));
  const auto with_one = [&](Document::Map more) {
    return error(ask(id, {integration(std::move(more))}));
  };
  EXPECT_THAT(with_one({{"PartitionLoadFrequency", "hourly"}}), HasSubstr("(hourly)"));
  EXPECT_THAT(with_one({{"PartitionEndDate", nullptr}}), HasSubstr("can't be empty"));
  EXPECT_THAT(with_one({{"PartitionEndDate", "2027-01-01T00:00:00"}}), HasSubstr("in the past"));
  EXPECT_THAT(with_one({{"PartitionStartDate", "2025-12-01T00:00:00"}}), HasSubstr("not be later"));
  EXPECT_THAT(with_one({{"IntegrationResultS3DestinationArn", "results"}}),
              HasSubstr("not the ARN of a bucket"));
  EXPECT_THAT(error(with(ask(id, {integration()}), {{"DryRun", "true"}})),
              HasSubstr("DryRunOperation"));
}

}  // namespace
}  // namespace weir::api::ec2
