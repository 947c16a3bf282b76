// SPDX-License-Identifier: Apache-2.0
#include "wire/dispatch.h"

#include <algorithm>
#include <map>

#include "base/document.h"
#include "wire/cbor.h"
#include "wire/inflate.h"
#include "wire/query.h"
#include "wire/text.h"
#include "wire/xml.h"

namespace weir::wire {
namespace {

bool is_query(Protocol protocol) {
  return protocol == Protocol::query || protocol == Protocol::ec2_query;
}

std::string_view body_text(const HttpRequest& request) {
  return request.body.in_memory() ? std::string_view(request.body.text()) : std::string_view{};
}

bool is_form(const HttpRequest& request) {
  const std::string type = to_lower(request.headers.get("Content-Type"));
  return request.method == "POST" && type.starts_with("application/x-www-form-urlencoded");
}

/// `/service/<service>/operation/<operation>`, possibly behind a prefix of the client's endpoint.
std::optional<Call> cbor_call(std::string_view path) {
  constexpr std::string_view kService = "/service/";
  constexpr std::string_view kOperation = "/operation/";
  const std::size_t operation = path.rfind(kOperation);
  if (operation == std::string_view::npos) return std::nullopt;
  const std::size_t service = path.rfind(kService, operation);
  if (service == std::string_view::npos) return std::nullopt;
  const std::size_t from = service + kService.size();
  if (from > operation) return std::nullopt;
  return Call{Protocol::cbor,
              std::string(path.substr(from, operation - from)),
              std::string(path.substr(operation + kOperation.size())),
              {}};
}

/// The value of a form's last parameter of that name, without taking the whole form apart: a routed
/// call is recognised several times, and a form may have 100,000 parameters. No client encodes
/// these names.
std::optional<std::string> form_value(std::string_view form, std::string_view name) {
  std::optional<std::string> found;
  while (!form.empty()) {
    const std::size_t end = form.find('&');
    const std::string_view part = form.substr(0, end);
    form = end == std::string_view::npos ? std::string_view{} : form.substr(end + 1);
    if (part.starts_with(name) && part.substr(name.size()).starts_with('=')) {
      found = percent_decode(part.substr(name.size() + 1), true);
    }
  }
  return found;
}

/// `/123456789012/name`: where a queue is.
bool is_resource_path(std::string_view path) {
  constexpr std::size_t kAccountDigits = 12;
  if (path.size() < kAccountDigits + 3 || path[0] != '/' || path[kAccountDigits + 1] != '/') {
    return false;
  }
  const std::string_view account = path.substr(1, kAccountDigits);
  return account.find_first_not_of("0123456789") == std::string_view::npos &&
         path.find('/', kAccountDigits + 2) == std::string_view::npos;
}

std::optional<Call> query_call(const HttpRequest& request) {
  if (request.method != "GET" && request.method != "POST") return std::nullopt;
  if (request.path != "/" && !is_resource_path(request.path)) return std::nullopt;
  const auto value = [&](std::string_view name) -> std::optional<std::string> {
    if (is_form(request)) {
      if (auto found = form_value(body_text(request), name)) return found;
    }
    const auto in_query = request.query_value(name);
    return in_query ? std::optional<std::string>(*in_query) : std::nullopt;
  };
  const auto action = value("Action");
  if (!action && !is_form(request)) return std::nullopt;
  Call call{.protocol = Protocol::query};
  call.operation = action.value_or("");
  call.version = value("Version").value_or("");
  constexpr std::string_view kEc2Version = "2016-11-15";
  if (call.version == kEc2Version) call.protocol = Protocol::ec2_query;
  return call;
}

bool supports(const ServiceModel& model, Protocol protocol) {
  switch (protocol) {
    case Protocol::json_1_0:
    case Protocol::json_1_1:
      return model.protocols.json_1_0 || model.protocols.json_1_1;
    case Protocol::query:
      return model.protocols.query;
    case Protocol::ec2_query:
      return model.protocols.ec2_query;
    case Protocol::cbor:
      return model.protocols.cbor;
    case Protocol::rest_xml:
      return false;
  }
  return false;
}

Error no_such_operation(const Call& call) {
  if (!is_query(call.protocol)) {
    return {ErrorKind::not_found, "UnknownOperationException", ""};
  }
  if (call.operation.empty()) {
    return {ErrorKind::invalid, "MissingAction", "The request must contain the parameter Action"};
  }
  if (call.protocol == Protocol::ec2_query) {
    return {ErrorKind::invalid, "InvalidAction",
            "The action " + call.operation + " is not valid for this web service."};
  }
  return {ErrorKind::invalid, "InvalidAction",
          "Could not find operation " + call.operation +
              (call.version.empty() ? "" : " for version " + call.version)};
}

Result<Document> decode(const ServiceModel& model, Protocol protocol, const HttpRequest& request) {
  const std::string_view body = body_text(request);
  if (!is_query(protocol)) {
    if (body.empty()) return Document(Document::Map{});
    WEIR_TRY(Document tree, protocol == Protocol::cbor ? parse_cbor(body) : parse_json(body));
    if (tree.map() == nullptr) {
      return Error{ErrorKind::invalid, "SerializationException", "the input is not a structure"};
    }
    return tree;
  }
  auto parameters = request.query;
  if (is_form(request)) {
    for (auto& parameter : parse_form(body)) parameters.push_back(std::move(parameter));
  }
  if (!model.path_parameter.empty() && request.path != "/") {
    parameters.insert(parameters.begin(), {std::string(model.path_parameter), request.path});
  }
  return parse_query(parameters);
}

BindOptions bind_options(Protocol protocol) {
  using Names = BindOptions::Names;
  if (protocol == Protocol::ec2_query) return {.textual = true, .names = Names::ec2};
  if (protocol == Protocol::query) return {.textual = true, .names = Names::query};
  return {};
}

bool is_empty(const Type& type) {
  return type.kind == Kind::structure && type.shape().members.empty();
}

std::string query_body(const ServiceModel& model, std::string_view operation, const Answer& answer,
                       const HttpRequest& request) {
  XmlWriter xml(false);
  xml.open(std::string(operation) + "Response", {{"xmlns", model.xml_namespace}});
  // An output without members is still a result, which clients look for; no output is none.
  if (answer.type->shape != &Empty::shape) {
    xml.open(std::string(operation) + "Result");
    write_members(xml, *answer.type, answer.value.get(), {});
    xml.close();
  }
  xml.open("ResponseMetadata");
  xml.element("RequestId", request.caller.request_id);
  xml.close();
  xml.close();
  return xml.take();
}

std::string ec2_body(const ServiceModel& model, std::string_view operation, const Answer& answer,
                     const HttpRequest& request) {
  XmlWriter xml;
  xml.open(std::string(operation) + "Response", {{"xmlns", model.xml_namespace}});
  xml.element("requestId", request.caller.request_id);
  if (is_empty(*answer.type)) {
    xml.element("return", true);
  } else {
    write_members(xml, *answer.type, answer.value.get(),
                  {.item = "item", .always_milliseconds = true});
  }
  xml.close();
  return xml.take();
}

struct Content {
  std::string_view type;  // "": the answer has neither type nor body
  std::string body;
};

Content content_of(const ServiceModel& model, const Call& call, const Answer& answer,
                   const HttpRequest& request) {
  switch (call.protocol) {
    case Protocol::query:
      return {"text/xml", query_body(model, call.operation, answer, request)};
    case Protocol::ec2_query:
      return {"text/xml;charset=UTF-8", ec2_body(model, call.operation, answer, request)};
    case Protocol::cbor:
      // Smithy RPC v2: an operation without output has no body and no content type.
      if (is_empty(*answer.type)) return {};
      return {"application/cbor", to_cbor(to_document(*answer.type, answer.value.get()))};
    default: {
      // CloudWatch Logs answers nothing, the others `{}` where there is no output (measured on
      // AWS).
      const bool is_silent = is_empty(*answer.type) && model.signing_name == "logs";
      return {call.protocol == Protocol::json_1_0 ? "application/x-amz-json-1.0"
                                                  : "application/x-amz-json-1.1",
              is_silent ? std::string() : to_json(to_document(*answer.type, answer.value.get()))};
    }
  }
}

/// The body of an answer that comes later.
class LaterBody final : public StreamSource {
 public:
  LaterBody(const ServiceModel& model, Call call, Answer answer, const HttpRequest& request)
      : model_(model), call_(std::move(call)), answer_(std::move(answer)) {
    request_.caller = request.caller;
  }
  Piece take() override {
    answer_.value = answer_.later->take();
    if (!answer_.value) return {};
    return {content_of(model_, call_, answer_, request_).body, true};
  }
  void on_ready(std::function<void()> ready) override { answer_.later->on_ready(std::move(ready)); }
  void close() override { answer_.later->close(); }

 private:
  const ServiceModel& model_;  // of an operation table, which outlives the server
  const Call call_;
  Answer answer_;
  HttpRequest request_;  // the caller only
};

HttpResponse encode(const ServiceModel& model, const Call& call, const Answer& answer,
                    const HttpRequest& request) {
  HttpResponse response;
  response.headers.add("x-amzn-RequestId", request.caller.request_id);
  if (call.protocol == Protocol::cbor) response.headers.add("smithy-protocol", "rpc-v2-cbor");
  if (answer.stream) {
    response.headers.add("Content-Type", "application/vnd.amazon.eventstream");
    response.body = StreamBody{answer.stream};
    return response;
  }
  if (answer.later) {
    const bool is_xml = call.protocol == Protocol::query;
    response.headers.add("Content-Type", is_xml ? "text/xml"
                                         : call.protocol == Protocol::json_1_0
                                             ? "application/x-amz-json-1.0"
                                             : "application/x-amz-json-1.1");
    response.body = StreamBody{std::make_shared<LaterBody>(model, call, answer, request)};
    return response;
  }
  if (answer.raw && call.protocol == Protocol::query) {
    response.headers.add("Content-Type", answer.raw->type);
    response.body = answer.raw->bytes;
    return response;
  }
  Content content = content_of(model, call, answer, request);
  if (!content.type.empty()) {
    response.headers.add("Content-Type", std::string(content.type));
    response.body = std::move(content.body);
  }
  return response;
}

}  // namespace

std::optional<Call> recognise(const HttpRequest& request) {
  if (request.method == "POST") {
    const bool is_smithy = request.headers.get("smithy-protocol") == "rpc-v2-cbor";
    if (is_smithy || request.headers.get("Content-Type") == "application/cbor") {
      if (auto call = cbor_call(request.path)) return call;
      if (is_smithy) return Call{.protocol = Protocol::cbor};
    }
    if (const auto target = request.headers.find("X-Amz-Target")) {
      const bool is_1_0 =
          to_lower(request.headers.get("Content-Type")).starts_with("application/x-amz-json-1.0");
      const std::size_t dot = target->rfind('.');
      const bool whole = dot != std::string_view::npos;
      return Call{is_1_0 ? Protocol::json_1_0 : Protocol::json_1_1,
                  std::string(target->substr(0, dot)),
                  whole ? std::string(target->substr(dot + 1)) : std::string(),
                  {}};
    }
  }
  return query_call(request);
}

Result<void> undo_content_encoding(HttpRequest& request, const DispatchLimits& limits) {
  const std::string coding = to_lower(trimmed(request.headers.get("Content-Encoding")));
  if (coding.empty() || coding == "identity") return {};
  if (coding != "gzip" || !request.body.in_memory()) {
    return Error{ErrorKind::invalid, "MalformedHttpRequestException",
                 "The content encoding '" + coding + "' is not supported."};
  }
  WEIR_TRY(std::string plain, gunzip(request.body.text(), limits.inflated_bytes_max));
  request.body.size = plain.size();
  request.body.content = std::move(plain);
  request.headers.set("Content-Encoding", "identity");
  return {};
}

HttpResponse dispatch(const OperationTable& table, const HttpRequest& request) {
  const ServiceModel& model = table.model();
  Call call = recognise(request).value_or(Call{});
  if (is_query(call.protocol)) {
    // The model knows better than Version: clients send old versions of EC2.
    call.protocol = model.protocols.ec2_query ? Protocol::ec2_query : Protocol::query;
  }
  const auto fail = [&](const Error& error) {
    return error_response(model, call.protocol, error, request);
  };
  const Operation* operation = table.find(call.operation);
  if (operation == nullptr || !supports(model, call.protocol)) return fail(no_such_operation(call));

  const auto tree = decode(model, call.protocol, request);
  if (!tree) return fail(tree.error());
  const auto answer = operation->call(request.caller, *tree, bind_options(call.protocol));
  if (!answer) return fail(answer.error());
  return encode(model, call, *answer, request);
}

std::string operations_markdown(std::span<const OperationTable* const> tables) {
  std::string text;
  for (const OperationTable* table : tables) {
    const Protocols& protocols = table->model().protocols;
    std::string names;
    const auto name = [&](bool has, std::string_view what) {
      if (has) names.append(names.empty() ? "" : ", ").append(what);
    };
    name(protocols.query, "Query");
    name(protocols.ec2_query, "EC2 Query");
    name(protocols.json_1_0, "JSON 1.0");
    name(protocols.json_1_1, "JSON 1.1");
    name(protocols.cbor, "RPC v2 CBOR");
    text.append("## ").append(table->model().signing_name).append("\n\n");
    text.append("Protocols: ").append(names).append(".\n\n");
    text.append("| operation | input members | output members |\n|---|---|---|\n");
    const auto members = [](const Type& type) {
      std::string out;
      for (const Member& member : type.shape().members) {
        if (!out.empty()) out += ", ";
        out.append("`").append(member.name).append("`").append(member.is_required ? "*" : "");
      }
      return out.empty() ? std::string("none") : out;
    };
    for (const auto& [operation_name, operation] : table->operations()) {
      text.append("| ").append(operation_name).append(" | ").append(members(*operation.input));
      text.append(" | ").append(members(*operation.output)).append(" |\n");
    }
    text += '\n';
  }
  if (!text.empty()) text += "`*` marks members that a request must have.\n";
  return text;
}

std::string states_markdown(const OperationTable& table) {
  std::string full;
  std::map<std::string_view, std::string> parts;  // by what is missing
  for (const auto& [name, operation] : table.operations()) {
    std::string& names = operation.partial.empty() ? full : parts[operation.partial];
    names.append(names.empty() ? "" : ", ").append(name);
  }
  std::string text = "| state | operations |\n|---|---|\n";
  if (!full.empty()) text.append("| full | ").append(full).append(" |\n");
  for (const auto& [missing, names] : parts) {
    text.append("| part | ").append(names).append(": ").append(missing).append(" |\n");
  }
  return text;
}

}  // namespace weir::wire
