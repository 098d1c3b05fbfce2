// Probing real servers: OpenSSL's s_server and nginx.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "probe/probe.h"
#include "probe/testing/server_process.h"

namespace certferry::probe {
namespace {

using testing::Folder;
using testing::free_port;
using testing::make_pair;
using testing::Pair;
using testing::ServerProcess;
using x509::testing::KeyKind;
using ProbeKeyKind = certferry::probe::KeyKind;
using enum ClientCertificate;

// s_server with the pairs of two names, both kinds of keys for the first.
class OpensslServer {
 public:
  explicit OpensslServer(std::vector<std::string> more = {}) {
    const auto put = [&](const std::string& name, const Pair& pair) {
      folder_.write(name + ".key", pair.key);
      return folder_.write(name + ".crt", pair.fullchain);
    };
    const std::string ec = put("ec", ecdsa), rsa_chain = put("rsa", rsa), other_chain = put("other", other);
    std::vector<std::string> argv = {"/usr/bin/openssl",
                                     "s_server",
                                     "-accept",
                                     fmt::format("127.0.0.1:{}", port),
                                     "-cert",
                                     ec,
                                     "-key",
                                     folder_ / "ec.key",
                                     "-cert_chain",
                                     ec,
                                     "-dcert",
                                     rsa_chain,
                                     "-dkey",
                                     folder_ / "rsa.key",
                                     "-dcert_chain",
                                     rsa_chain,
                                     "-servername",
                                     "other.example",
                                     "-cert2",
                                     other_chain,
                                     "-key2",
                                     folder_ / "other.key",
                                     "-www",
                                     "-quiet"};
    argv.insert(argv.end(), more.begin(), more.end());
    process_ = std::make_unique<ServerProcess>(folder_, argv);
    process_->wait_for(port);
  }

  Result<Served> ask(const std::string& server_name, ProbeKeyKind kind = ProbeKeyKind::kAny) const {
    return probe({.endpoint = {"127.0.0.1", port}, .server_name = server_name, .key_kind = kind}, clock_);
  }

  Pair ecdsa = make_pair("web.example", KeyKind::kP256);
  Pair rsa = make_pair("web.example", KeyKind::kRsa2048);
  Pair other = make_pair("other.example", KeyKind::kP384);
  std::uint16_t port = free_port();

 private:
  SystemClock clock_;
  Folder folder_;
  std::unique_ptr<ServerProcess> process_;
};

TEST(OpensslServer, ShowsChainProtocolCipherAndAddress) {
  const OpensslServer server;
  const auto served = server.ask("web.example");
  ASSERT_TRUE(served) << served.error().message;
  EXPECT_EQ(served->leaf().sha256_hex(), server.ecdsa.leaf.sha256_hex());
  EXPECT_EQ(served->protocol, "TLSv1.3");
  EXPECT_EQ(served->cipher, "TLS_AES_256_GCM_SHA384");
  EXPECT_EQ(served->peer, (Endpoint{"127.0.0.1", server.port}));
  EXPECT_EQ(served->client_certificate, kNotAsked);
  EXPECT_GT(served->took.count(), 0);
}

}  // namespace
}  // namespace certferry::probe
