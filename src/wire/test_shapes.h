// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/shape.h"
#include "wire/operation.h"

/// A service made up for the tests of codecs and listener: one operation that returns what it was
/// given.
namespace weir::wire::test {

struct Inner {
  std::string name;
  std::optional<double> value;
  bool operator==(const Inner&) const = default;
  static Shape shape() {
    using S = Inner;
    static constexpr Member members[] = {
        required<&S::name>("Name"),
        optional<&S::value>("Value"),
    };
    return {"Inner", members};
  }
};

/// Every kind of member.
struct All {
  std::string text;
  std::optional<int> number;
  std::optional<std::int64_t> big;
  std::optional<double> real;
  std::optional<bool> flag;
  std::optional<Time> when;
  std::optional<Bytes> blob;
  std::vector<std::string> names;
  std::vector<Inner> inners;
  std::map<std::string, std::string> tags;
  std::optional<Inner> inner;
  bool operator==(const All&) const = default;
  static Shape shape() {
    using S = All;
    static constexpr Member members[] = {
        required<&S::text>("Text", length(1, 100)),
        optional<&S::number>("Number", range(0, 1000)),
        optional<&S::big>("Big"),
        optional<&S::real>("Real"),
        optional<&S::flag>("Flag"),
        optional<&S::when>("When"),
        optional<&S::blob>("Blob"),
        optional<&S::names>("Names"),
        optional<&S::inners>("Inners"),
        optional<&S::tags>("Tags"),
        optional<&S::inner>("Inner"),
    };
    return {"All", members};
  }
};

struct Echo {
  static constexpr std::string_view name = "GetEcho";
  using Input = All;
  using Output = All;
};
struct Nothing {
  static constexpr std::string_view name = "PutNothing";
  using Input = Empty;
  using Output = Empty;
};
struct Fail {
  static constexpr std::string_view name = "GetFail";
  using Input = Empty;
  using Output = Empty;
};
struct WhoAmI {
  static constexpr std::string_view name = "GetCaller";
  using Input = Empty;
  struct Output {
    std::string account, region, access_key;
    static Shape shape() {
      using S = Output;
      static constexpr Member members[] = {
          required<&S::account>("Account"),
          required<&S::region>("Region"),
          required<&S::access_key>("AccessKey"),
      };
      return {"WhoAmIOutput", members};
    }
  };
};

/// `GetFail` fails with `failure`.
class EchoApi {
 public:
  Error failure{ErrorKind::not_found, "ResourceNotFound", "It is not there.", {}};

  void add_to(OperationTable& table) {
    table.add<Echo>(*this, &EchoApi::echo);
    table.add<Nothing>(*this, &EchoApi::nothing);
    table.add<Fail>(*this, &EchoApi::fail);
    table.add<WhoAmI>(*this, &EchoApi::who);
  }

 private:
  Result<All> echo(const Request&, const All& in) { return in; }
  Result<Empty> nothing(const Request&, const Empty&) { return Empty{}; }
  Result<Empty> fail(const Request&, const Empty&) { return failure; }
  Result<WhoAmI::Output> who(const Request& request, const Empty&) {
    return WhoAmI::Output{request.scope.account, request.scope.region, request.access_key};
  }
};

/// Speaks everything that CloudWatch speaks.
inline ServiceModel monitoring_model() {
  ServiceModel model{};
  model.signing_name = "monitoring";
  model.target_prefix = "GraniteServiceVersion20100801";
  model.api_version = "2010-08-01";
  model.xml_namespace = "http://monitoring.amazonaws.com/doc/2010-08-01/";
  model.cbor_service = "GraniteServiceVersion20100801";
  model.validation_code = "ValidationError";
  model.protocols = {
      .json_1_0 = true, .json_1_1 = false, .query = true, .ec2_query = false, .cbor = true};
  model.error_namespace = "com.amazonaws.cloudwatch.v2010_08_01";
  model.error_names = {{"ResourceNotFound", "ResourceNotFoundException"},
                       {"InvalidParameterValue", "InvalidParameterValueException"}};
  return model;
}
inline ServiceModel logs_model() {
  ServiceModel model{};
  model.signing_name = "logs";
  model.target_prefix = "Logs_20140328";
  model.validation_code = "InvalidParameterException";
  model.protocols.json_1_1 = true;
  return model;
}
inline ServiceModel ec2_model() {
  ServiceModel model{};
  model.signing_name = "ec2";
  model.api_version = "2016-11-15";
  model.xml_namespace = "http://ec2.amazonaws.com/doc/2016-11-15/";
  model.validation_code = "InvalidParameterValue";
  model.protocols.ec2_query = true;
  return model;
}
inline ServiceModel sns_model() {
  ServiceModel model{};
  model.signing_name = "sns";
  model.api_version = "2010-03-31";
  model.xml_namespace = "http://sns.amazonaws.com/doc/2010-03-31/";
  model.validation_code = "ValidationError";
  model.protocols.query = true;
  return model;
}

}  // namespace weir::wire::test
