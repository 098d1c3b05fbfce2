#include "relay/server.h"

#include <algorithm>

#include "relay/service.h"
#include "relay/tls.h"

namespace certferry::relay {
namespace {

constexpr std::chrono::seconds kFarewell{1};

// gRPC's types stay out of the header: whoever starts a relay need not compile them.
class GrpcServer final : public Server {
 public:
  GrpcServer(const OpenStore& open, const Clock& clock) : writer_(open), service_(hub_, writer_, clock) {}
  ~GrpcServer() override {
    if (server_) server_->Shutdown(after(kFarewell));
  }

  [[nodiscard]] Result<> start(const ServerOptions& options, const OpenStore& open, const Log& log) {
    if (options.key.text().find("PRIVATE KEY-----") == std::string_view::npos ||
        options.certificate.find("-----BEGIN CERTIFICATE-----") == std::string::npos) {
      return fail(ErrorKind::kFailed, "CF2310", "the relay's key or certificate is no PEM",
                  "have new ones made where the fleet's root key is");
    }
    CERTFERRY_ASSIGN(follower_, Follower::start(hub_, open, log));
    prepare_process();
    grpc::SslServerCredentialsOptions tls(GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_BUT_DONT_VERIFY);
    tls.pem_key_cert_pairs.push_back({std::string(options.key.text()), options.certificate});
    const auto credentials = grpc::SslServerCredentials(tls);
    grpc::ServerBuilder builder;
    set_server_arguments(builder);
    ports_.resize(options.listen.size());
    for (std::size_t i = 0; i < ports_.size(); ++i)
      builder.AddListeningPort(options.listen[i], credentials, &ports_[i]);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    if (server_ && std::ranges::find(ports_, 0) == ports_.end()) return {};
    std::string all;
    for (const std::string& one : options.listen) all += (all.empty() ? "" : ", ") + one;
    return fail(ErrorKind::kFailed, "CF2309", "the relay cannot listen at " + all,
                "see whether something else listens there (ss -ltnp), and whether the address is this computer's");
  }

  [[nodiscard]] std::vector<int> ports() const override { return ports_; }
  [[nodiscard]] std::size_t computers() const override { return hub_.subscriptions(); }

 private:
  // In the order in which they need each other.
  Hub hub_;
  Writer writer_;
  Service service_;
  std::unique_ptr<Follower> follower_;
  std::vector<int> ports_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::start(ServerOptions options, const OpenStore& open, const Clock& clock,
                                              const Log& log) {
  auto made = std::make_unique<GrpcServer>(open, clock);
  CERTFERRY_TRY(made->start(options, open, log));
  return made;
}

}  // namespace certferry::relay
