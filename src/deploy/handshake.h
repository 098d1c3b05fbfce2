// The first client of a certificate: certferry itself.
#pragma once

#include "base/result.h"
#include "deploy/materials.h"

namespace certferry::deploy {

// A whole TLS handshake in memory between a server that has the certificate, its chain and its key, and a client that
// takes whatever it is shown: no socket, no file. Shows that TLS can be done with them at all, and that the key signs for
// the certificate. CF1666 says what OpenSSL does not like.
[[nodiscard]] Result<> try_handshake(const Materials& materials);

}  // namespace certferry::deploy
