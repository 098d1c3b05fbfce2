// Errors as gRPC carries them: the status's code by their kind, "CF2301: message" as its text, the fix as its details.
#pragma once

#include <grpcpp/grpcpp.h>

#include <string>

#include "base/result.h"

namespace certferry::relay {

[[nodiscard]] grpc::Status status_of(const Error& error);
[[nodiscard]] grpc::Status status_of(const Result<>& result);
// What a relay answered. CF2311 (kUnreachable) where it could not be asked, CF2312 (kNotPermitted) where it refused; the message
// holds the relay's.
[[nodiscard]] Error error_of(const grpc::Status& status, const std::string& relay);

}  // namespace certferry::relay
