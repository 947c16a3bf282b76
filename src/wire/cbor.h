// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/document.h"
#include "base/result.h"

namespace weir::wire {

/// One CBOR value (RFC 8949) to a tree, in the subset of Smithy RPC v2: integers of any width,
/// half, single and double floats, text and byte strings, lists and maps of definite or indefinite
/// length, tag 1 (seconds since 1970) as Time, null and undefined as null. Other tags are passed
/// over, except big numbers. Keys are text. Error: invalid, SerializationException; the message
/// names the offset. Nothing is allocated on the word of a length that the input does not bear out.
Result<Document> parse_cbor(std::string_view bytes, DocumentLimits limits = {});

/// Definite lengths, shortest integers, doubles for reals, tag 1 for Time (an integer where it is a
/// whole second).
std::string to_cbor(const Document& document);

}  // namespace weir::wire
