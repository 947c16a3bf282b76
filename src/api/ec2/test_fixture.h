// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "api/ec2/ec2_api.h"
#include "api/ec2/model.h"
#include "base/document.h"
#include "wire/dispatch.h"

namespace weir::api {

/// A network of one interface behind the operations of EC2: virtual time, memory store, no sockets.
class Ec2Fixture : public testing::Test {
 protected:
  Ec2Fixture() {
    EXPECT_TRUE(network.load());
    EXPECT_TRUE(network.set_interfaces(
        {{"eth0", "00:16:3e:12:34:56", true, false, {{"10.0.0.5", 24}, {"2001:db8::5", 64}}}}));
    api.add_to(table);
  }

  /// Calls with the parameters as EC2 Query has them, already a tree.
  Result<Document> call(std::string_view operation, std::string_view json) {
    const auto* found = table.find(operation);
    if (found == nullptr)
      return Error{ErrorKind::not_found, "InvalidAction", std::string(operation)};
    WEIR_TRY(const Document tree, parse_json(json));
    const BindOptions options{.textual = true, .names = BindOptions::Names::ec2};
    wire::Request request;
    request.source_ip = "192.0.2.77";
    WEIR_TRY(const auto answer, found->call(request, tree, options));
    return to_document(*answer.type, answer.value.get());
  }
  std::string code(std::string_view operation, std::string_view json) {
    const auto answer = call(operation, json);
    return answer ? "" : answer.error().code;
  }
  std::string message(std::string_view operation, std::string_view json) {
    const auto answer = call(operation, json);
    return answer ? "" : answer.error().message;
  }
  std::size_t count(std::string_view operation, std::string_view set, std::string_view json) {
    const auto answer = call(operation, json);
    EXPECT_TRUE(answer) << answer.error().code << ' ' << answer.error().message;
    return answer ? answer->find(set)->list()->size() : 0;
  }
  static std::string text(const Document& tree, std::string_view member) {
    const Document* found = tree.find(member);
    return found != nullptr && found->string() != nullptr ? *found->string() : "";
  }
  static const Document& first(const Document& tree, std::string_view set) {
    return tree.find(set)->list()->at(0);
  }

  std::string send(const std::string& body, int status = 200) {
    wire::HttpRequest request;
    request.method = "POST";
    request.target = request.path = "/";
    request.headers.add("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
    request.body.content = body;
    request.caller.request_id = "11111111-2222-3333-4444-555555555555";
    const auto response = wire::dispatch(table, request);
    EXPECT_EQ(response.status, status);
    return std::get<std::string>(response.body);
  }

  std::string eni() { return network.host_enis().at(0).id; }
  std::string subnet() { return network.host_enis().at(0).subnet_id; }
  std::string vpc_id() { return network.host_enis().at(0).vpc_id; }
  std::string acl() { return network.acl_for_eni({}, eni())->id; }
  std::string flow_log_json(const std::string& more = "") {
    return R"({"ResourceId":[")" + eni() +
           R"("],"ResourceType":"NetworkInterface","TrafficType":"ALL","LogGroupName":"VPCFlowLogs",)"
           R"("DeliverLogsPermissionArn":"arn:aws:iam::000000000000:role/flow")" +
           more + "}";
  }

  SimulatedRuntime runtime{7};
  std::unique_ptr<store::KvStore> store = store::make_memory_store();
  vpc::Network network{runtime, *store, {.machine_id = "machine"}};
  wire::OperationTable table{ec2_model()};
  Ec2Api api{network};
};

}  // namespace weir::api
