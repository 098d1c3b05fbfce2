// Asks live services which certificate they serve.
//
// The answer is what was shown on the wire, whoever signed it: judging it is the work of chain/ and checks/. But the
// handshake proves that the service holds the key of the certificate. Old protocols and weak ciphers are taken (TLS 1.0
// and up, any key size), because what is served shall be seen. Nothing is sent but what the protocol needs; no client
// certificate is shown.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "probe/endpoint.h"
#include "probe/starttls.h"
#include "x509/certificate.h"

namespace certferry::probe {

// For services that have two certificates: which one is asked for, by what the client says it can verify.
enum class KeyKind { kAny, kRsa, kEcdsa };

struct Target {
  Endpoint endpoint;
  // The name in the handshake (SNI), and the domain of XMPP, in ASCII. Nothing: the host, if that is a name. Empty: none.
  std::optional<std::string> server_name = std::nullopt;
  Starttls starttls = Starttls::kNone;
  KeyKind key_kind = KeyKind::kAny;
  // From the first connection to the answer; looking up the name has the same limit besides.
  std::chrono::milliseconds limit{10'000};
};

enum class ClientCertificate {
  kNotAsked,
  kAsked,  // and done without
  kRequired,  // the server proved its key, then ended the handshake because it got none
};

struct Served {
  std::vector<x509::Certificate> chain;  // as sent, the leaf first; never empty
  std::string protocol;  // "TLSv1.3"
  std::string cipher;  // IANA's name: "TLS_AES_256_GCM_SHA384"
  Endpoint peer;  // the address that answered
  ClientCertificate client_certificate = ClientCertificate::kNotAsked;
  std::chrono::microseconds took{0};  // from connecting to the end of the handshake

  [[nodiscard]] const x509::Certificate& leaf() const { return chain.front(); }
};

inline constexpr std::size_t kDefaultConcurrency = 64;

// Connects to the host's addresses in turn until one accepts, then asks that one. To ask each address, take them from
// resolve(). Every error names the target; what a server said in it is escaped. All are kFailed:
//   CF2003 the target itself cannot be asked for   CF2010 no such host          CF2011 the resolver does not answer
//   CF2012 connection refused                      CF2013 not reachable         CF2014 no answer to connecting in time
//   CF2015 silent before TLS                       CF2016 silent in the handshake
//   CF2017 STARTTLS refused or not offered         CF2018 not that protocol     CF2019 plain text after STARTTLS
//   CF2020 not TLS                                 CF2021 TLS alert             CF2022 closed in the handshake
//   CF2023 closed before TLS                       CF2024 the handshake failed  CF2025 the key is not the certificate's
//   CF2026 a certificate cannot be read            CF2027 too much was sent     CF2029 this computer cannot connect
//   CF2030 a client certificate is required, and the server's key was not proved
[[nodiscard]] Result<Served> probe(const Target& target, const Clock& clock);

// Many at once on this thread, up to `concurrency` connections open (fewer where the process may not open as many
// files). Answers are in the order of the targets; one that fails says nothing about the others.
[[nodiscard]] std::vector<Result<Served>> probe_many(std::span<const Target> targets, std::size_t concurrency,
                                                     const Clock& clock);

}  // namespace certferry::probe
