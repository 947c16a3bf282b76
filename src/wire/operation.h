// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/scope.h"
#include "base/shape.h"
#include "wire/http.h"

namespace weir::wire {

/// What a handler may know of the request: who asks and from where. No protocol, no socket.
using Request = Caller;

/// An answer that is not there yet (a long poll). The server sends the head at once and waits for
/// the rest without a thread, so the answer cannot be an error any more. Calls as of StreamSource.
class LaterAnswer {
 public:
  virtual ~LaterAnswer() = default;
  /// The value, of the type that the Answer names; nullptr: not yet. Does not block.
  virtual std::shared_ptr<const void> take() = 0;  // shared: type-erased deleter
  virtual void on_ready(std::function<void()> ready) = 0;
  virtual void close() = 0;
};

/// Bytes with a content type of their own.
struct RawContent {
  std::string type;
  std::string bytes;
};

/// An answer with its description, ready for any encoder.
struct Answer {
  const Type* type = nullptr;
  std::shared_ptr<const void> value;               // shared: type-erased deleter
  std::shared_ptr<StreamSource> stream = nullptr;  // an event stream instead of `value`
  std::shared_ptr<LaterAnswer> later = nullptr;    // `value` comes from here; shared: see producer
  /// What Query answers instead of `value` in XML; other protocols take no notice. Shared: as
  /// `value`.
  std::shared_ptr<const RawContent> raw = nullptr;
};

/// One API operation, made from a struct like this (see reference page "operations"):
///
///     struct PutMetricFilter {
///       static constexpr std::string_view name = "PutMetricFilter";
///       struct Input { ...; static Shape shape(); };
///       using Output = Empty;
///     };
///
/// `static constexpr std::string_view validation_code` is what invalid members are answered with,
/// where it is not the service's code.
///
/// `static constexpr std::string_view partial` says what is missing of it, for the table of
/// operations in compatibility.md; without it nothing is.
struct Operation {
  std::string name;
  std::string_view partial = {};
  const Type* input = nullptr;
  const Type* output = nullptr;
  /// Binds the tree, validates, calls the handler.
  std::function<Result<Answer>(const Request&, const Document& tree, const BindOptions&)> call = {};
};

/// The protocols of a service.
struct Protocols {
  bool json_1_0 = false;
  bool json_1_1 = false;
  bool query = false;
  bool ec2_query = false;
  bool cbor = false;
};

/// A service as its clients know it.
struct ServiceModel {
  std::string_view signing_name;     // "logs", "monitoring", "sns", "ec2", "athena", "sts", "glue"
  std::string_view target_prefix;    // JSON: "Logs_20140328"
  std::string_view api_version;      // Query: "2010-08-01"
  std::string_view xml_namespace;    // Query answers
  std::string_view cbor_service;     // /service/<this>/operation/...
  std::string_view validation_code;  // "InvalidParameterException", "ValidationError" ...
  std::string_view message_name = "message";  // JSON: the member of an error that holds its text
  Protocols protocols;
  /// CloudWatch speaks Query codes in Query ("ResourceNotFound") and shape names in JSON and CBOR
  /// ("ResourceNotFoundException"): pairs of (query code, shape name). Errors carry the query code.
  std::vector<std::pair<std::string_view, std::string_view>> error_names;
  /// Namespace of the error shapes that `error_names` names.
  std::string_view error_namespace = {};
  /// Query: the path of a request may be that of a resource, `/<account>/<name>`, whose URL is then
  /// this parameter. "" if there is no such thing.
  std::string_view path_parameter = {};
  /// JSON and CBOR: puts the details of errors into the body whose members are not all texts beside
  /// the message (CloudWatch Logs: queryCompileError). False: they are members of the body.
  bool (*error_members)(const Error& error, Document& body) = nullptr;
};

/// The operations of one service. Filled at start, then read-only.
class OperationTable {
 public:
  explicit OperationTable(ServiceModel model) : model_(std::move(model)) {}

  /// Adds `Op`, handled by `(api.*handler)(request, input)`. `api` must outlive the table.
  template <class Op, class Api>
  void add(Api& api,
           Result<typename Op::Output> (Api::*handler)(const Request&, const typename Op::Input&)) {
    Operation operation;
    operation.name = Op::name;
    if constexpr (requires { Op::partial; }) operation.partial = Op::partial;
    operation.input = &type_of<typename Op::Input>();
    operation.output = &type_of<typename Op::Output>();
    std::string code(model_.validation_code);
    if constexpr (requires { Op::validation_code; }) code = Op::validation_code;
    operation.call = [&api, handler, code](const Request& request, const Document& tree,
                                           const BindOptions& options) -> Result<Answer> {
      typename Op::Input input{};
      WEIR_CHECK(bind_checked(type_of<typename Op::Input>(), &input, tree, options, code));
      WEIR_TRY(typename Op::Output output, (api.*handler)(request, input));
      return Answer{&type_of<typename Op::Output>(),
                    std::make_shared<const typename Op::Output>(std::move(output))};
    };
    operations_.insert_or_assign(operation.name, std::move(operation));
  }

  /// Adds `Op`, whose answer is an event stream; its messages are described by `Op::Output`.
  template <class Op, class Api>
  void add_stream(Api& api, Result<std::shared_ptr<StreamSource>> (Api::*handler)(
                                const Request&, const typename Op::Input&)) {
    Operation operation;
    operation.name = Op::name;
    operation.input = &type_of<typename Op::Input>();
    operation.output = &type_of<typename Op::Output>();
    operation.call = [&api, handler, code = std::string(model_.validation_code)](
                         const Request& request, const Document& tree,
                         const BindOptions& options) -> Result<Answer> {
      typename Op::Input input{};
      WEIR_CHECK(bind_checked(type_of<typename Op::Input>(), &input, tree, options, code));
      WEIR_TRY(auto stream, (api.*handler)(request, input));
      return Answer{
          .type = &type_of<typename Op::Output>(), .value = nullptr, .stream = std::move(stream)};
    };
    operations_.insert_or_assign(operation.name, std::move(operation));
  }

  /// Adds `Op`, whose answer may come later or be of its own kind; its handler makes the Answer, of
  /// type `Op::Output`.
  template <class Op, class Api>
  void add_later(Api& api,
                 Result<Answer> (Api::*handler)(const Request&, const typename Op::Input&)) {
    Operation operation;
    operation.name = Op::name;
    if constexpr (requires { Op::partial; }) operation.partial = Op::partial;
    operation.input = &type_of<typename Op::Input>();
    operation.output = &type_of<typename Op::Output>();
    operation.call = [&api, handler, code = std::string(model_.validation_code)](
                         const Request& request, const Document& tree,
                         const BindOptions& options) -> Result<Answer> {
      typename Op::Input input{};
      WEIR_CHECK(bind_checked(type_of<typename Op::Input>(), &input, tree, options, code));
      return (api.*handler)(request, input);
    };
    operations_.insert_or_assign(operation.name, std::move(operation));
  }

  /// Adds or replaces a ready-made operation.
  void add(Operation operation) {
    operations_.insert_or_assign(operation.name, std::move(operation));
  }

  const ServiceModel& model() const { return model_; }
  const Operation* find(std::string_view name) const;
  const std::map<std::string, Operation, std::less<>>& operations() const { return operations_; }

 private:
  ServiceModel model_;
  std::map<std::string, Operation, std::less<>> operations_;
};

}  // namespace weir::wire
