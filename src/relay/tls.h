// TLS between relays and computers.
#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <optional>
#include <string>

#include "base/bytes.h"

namespace certferry::relay {

// From then on this process speaks TLS 1.3 to whoever has an ECDSA key: gRPC's own options know no smallest version, so TLS 1.2
// is left without a cipher suite that such a key can use. And gRPC writes nothing to standard error, unless
// $GRPC_VERBOSITY asks for it. To be called before the first channel or server is made, while the process has one thread; again
// does nothing.
void prepare_process();

// The identity key (SubjectPublicKeyInfo) of the other side: it issued the certificate of the key that TLS was spoken with
// (seal::make_identity). Nothing where it showed anything else. Names and dates say nothing.
[[nodiscard]] std::optional<Bytes> shown_identity(const grpc::AuthContext& context);

// For gRPC's deadlines and alarms.
[[nodiscard]] gpr_timespec after(std::chrono::milliseconds duration);

// Pings that find a dead connection within ten seconds; no proxy; no more memory than needed.
[[nodiscard]] grpc::ChannelArguments client_arguments();
void set_server_arguments(grpc::ServerBuilder& builder);

}  // namespace certferry::relay
