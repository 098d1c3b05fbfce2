#include "relay/status.h"

namespace certferry::relay {
namespace {

grpc::StatusCode code_of(const Error& error) {
  if (error.id == "CF2307") return grpc::StatusCode::UNAUTHENTICATED;
  switch (error.kind) {
    case ErrorKind::kFailed: return grpc::StatusCode::NOT_FOUND;
    case ErrorKind::kNotPermitted:
    case ErrorKind::kDeclined: return grpc::StatusCode::PERMISSION_DENIED;
    case ErrorKind::kConflict: return grpc::StatusCode::ABORTED;
    case ErrorKind::kUnreachable: return grpc::StatusCode::UNAVAILABLE;
    default: return grpc::StatusCode::INVALID_ARGUMENT;
  }
}

}  // namespace

grpc::Status status_of(const Error& error) { return {code_of(error), error.id + ": " + error.message, error.fix}; }

grpc::Status status_of(const Result<>& result) { return result ? grpc::Status::OK : status_of(result.error()); }

Error error_of(const grpc::Status& status, const std::string& relay) {
  switch (status.error_code()) {
    case grpc::StatusCode::NOT_FOUND:
    case grpc::StatusCode::PERMISSION_DENIED:
    case grpc::StatusCode::UNAUTHENTICATED:
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::ABORTED:
      return {ErrorKind::kNotPermitted, "CF2312", "the relay " + relay + " refused: " + status.error_message(),
              status.error_details()};
    default: break;
  }
  return {
      ErrorKind::kUnreachable, "CF2311", "the relay " + relay + " cannot be asked: " + status.error_message(),
      "see whether it runs (certferry serve), whether its name and port are right, and whether its certificate is the fleet's"};
}

}  // namespace certferry::relay
