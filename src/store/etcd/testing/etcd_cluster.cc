#include "store/etcd/testing/etcd_cluster.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "base/descriptor.h"
#include "x509/pem.h"
#include "x509/testing/certificate_maker.h"

namespace certferry::store::testing {
namespace {

bool can_bind(std::uint16_t port) {
  const Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return ::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
}

// Below the range that the kernel takes for connections to others, begun at a place of each process's own.
std::uint16_t free_port() {
  static unsigned next = static_cast<unsigned>(::getpid()) * 41 % 10'000;
  for (int tries = 0; tries < 10'000; ++tries) {
    const auto port = static_cast<std::uint16_t>(10'000 + next++ % 10'000);
    if (can_bind(port)) return port;
  }
  throw std::runtime_error("no free port");
}

// setpriv lets the member end with the test, whatever ends that.
pid_t spawn(std::vector<std::string> words, const std::string& log) {
  words.insert(words.begin(), {"/usr/bin/setpriv", "--pdeathsig", "KILL"});
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  std::array<std::string, 2> settings = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/"};
  std::array<char*, 3> environment = {settings[0].data(), settings[1].data(), nullptr};
  posix_spawn_file_actions_t files;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&files, 1, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0666);
  ::posix_spawn_file_actions_adddup2(&files, 1, 2);
  pid_t pid = -1;
  const int status = ::posix_spawn(&pid, words[0].c_str(), &files, nullptr, pointers.data(), environment.data());
  ::posix_spawn_file_actions_destroy(&files);
  if (status != 0) throw std::runtime_error(words[0] + " cannot be started");
  return pid;
}

std::string made_folder() {
  // In memory: etcd syncs each commit.
  const bool memory = ::access("/dev/shm", W_OK) == 0;
  std::string path = std::string(memory ? "/dev/shm" : "/tmp") + "/certferry-etcd-XXXXXX";
  if (!::mkdtemp(path.data())) throw std::runtime_error("no folder " + path);
  return path;
}

void check(const grpc::Status& status) {
  if (!status.ok()) throw std::runtime_error("etcd: " + status.error_message());
}

}  // namespace

EtcdCluster::EtcdCluster(const Options& options) : options_(options), folder_(made_folder()) {
  if (options_.tls) write_certificates();
  for (std::size_t i = 0; i < options_.members; ++i) members_.push_back({free_port(), free_port(), -1});
  for (std::size_t i = 0; i < members_.size(); ++i) start(i);
  for (std::size_t i = 0; i < members_.size(); ++i) wait_until_served(i);
}

EtcdCluster::~EtcdCluster() {
  for (std::size_t i = 0; i < members_.size(); ++i) kill(i);
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void EtcdCluster::write_certificates() const {
  using namespace x509::testing;  // NOLINT: names of makers alone
  const auto from = std::chrono::sys_days(std::chrono::year(2024) / 1 / 1);
  const auto to = std::chrono::sys_days(std::chrono::year(2044) / 1 / 1);
  const auto root = make_root("etcd Test Root");
  const auto write = [&](const std::string& name, CertificateSpec spec) {
    spec.not_before = from;
    spec.not_after = to;
    const auto made = make_certificate(spec, &root);
    std::ofstream(file(name + ".pem")) << made.pem();
    std::ofstream(file(name + ".key")) << as_text(x509::pem("PRIVATE KEY", made.key.pkcs8()));
  };
  std::ofstream(file("ca.pem")) << root.pem();
  CertificateSpec server = server_spec({"localhost", "IP:127.0.0.1"});
  server.extended_key_usage = {"serverAuth", "clientAuth"};
  write("server", server);
  CertificateSpec client = server_spec({"relay.litwareinc.com"});
  client.extended_key_usage = {"clientAuth"};
  write("client", client);
}

std::vector<std::string> EtcdCluster::arguments_of(std::size_t member) const {
  const std::string scheme = options_.tls ? "https://127.0.0.1:" : "http://127.0.0.1:";
  const auto peer = [&](std::size_t i) { return "http://127.0.0.1:" + std::to_string(members_[i].peer_port); };
  const std::string client = scheme + std::to_string(members_[member].client_port);
  const std::string name = "m" + std::to_string(member);
  std::string all;
  for (std::size_t i = 0; i < members_.size(); ++i) all += (i ? ",m" : "m") + std::to_string(i) + "=" + peer(i);
  std::vector<std::string> words = {"/usr/bin/etcd",
                                    "--name",
                                    name,
                                    "--data-dir",
                                    file(name),
                                    "--listen-client-urls",
                                    client,
                                    "--advertise-client-urls",
                                    client,
                                    "--listen-peer-urls",
                                    peer(member),
                                    "--initial-advertise-peer-urls",
                                    peer(member),
                                    "--initial-cluster",
                                    all,
                                    "--pre-vote",
                                    "--auto-compaction-retention",
                                    "1h"};
  if (options_.tls) {
    words.insert(words.end(), {"--cert-file", file("server.pem"), "--key-file", file("server.key"),
                               "--client-cert-auth", "--trusted-ca-file", file("ca.pem")});
  }
  words.insert(words.end(), options_.arguments.begin(), options_.arguments.end());
  return words;
}

std::string EtcdCluster::log_of(std::size_t member) const { return file("m" + std::to_string(member) + ".log"); }

void EtcdCluster::start(std::size_t member) { members_[member].pid = spawn(arguments_of(member), log_of(member)); }

void EtcdCluster::wait_until_served(std::size_t member) const {
  const auto connection = connect(member);
  std::string last;
  for (int tries = 0; tries < 600; ++tries) {
    etcdserverpb::RangeRequest request;
    request.set_key("/");
    etcdserverpb::RangeResponse response;
    const grpc::Status status = connection->ask_once([&](etcd::Connection::Member& way, grpc::ClientContext& context) {
      return way.kv->Range(&context, request, &response);
    });
    if (status.ok()) return;
    last = status.error_message();
    if (::waitpid(members_[member].pid, nullptr, WNOHANG) != 0) break;
    ::poll(nullptr, 0, 50);
  }
  std::ostringstream log;
  log << std::ifstream(log_of(member)).rdbuf();
  throw std::runtime_error("etcd does not serve (" + last + "):\n" + log.str());
}

EtcdUrl EtcdCluster::url(const std::string& name) const {
  EtcdUrl url;
  for (const Member& member : members_) url.endpoints.push_back({"127.0.0.1", member.client_port});
  url.name = name;
  if (options_.tls) {
    url.ca = file("ca.pem");
    url.certificate = file("client.pem");
    url.key = file("client.key");
  }
  return url;
}

std::unique_ptr<etcd::Connection> EtcdCluster::connect(std::size_t member) const {
  EtcdUrl one = url("any");
  one.endpoints = {one.endpoints[member]};
  auto connection = etcd::Connection::make(one);
  if (!connection) throw std::runtime_error(connection.error().message);
  return std::move(*connection);
}

std::size_t EtcdCluster::leader() const {
  for (int tries = 0; tries < 600; ++tries) {
    for (std::size_t i = 0; i < members_.size(); ++i) {
      if (members_[i].pid < 0) continue;
      etcdserverpb::StatusResponse status;
      const auto connection = connect(i);
      const auto answer = connection->ask_once([&](etcd::Connection::Member& way, grpc::ClientContext& context) {
        return way.maintenance->Status(&context, {}, &status);
      });
      if (answer.ok() && status.leader() != 0 && status.leader() == status.header().member_id()) return i;
    }
    ::poll(nullptr, 0, 50);
  }
  throw std::runtime_error("no leader");
}

void EtcdCluster::kill(std::size_t member) {
  pid_t& pid = members_[member].pid;
  if (pid <= 0) return;
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  pid = -1;
}

void EtcdCluster::pause(std::size_t member) const { ::kill(members_[member].pid, SIGSTOP); }
void EtcdCluster::resume(std::size_t member) const { ::kill(members_[member].pid, SIGCONT); }

std::int64_t EtcdCluster::revision() const {
  etcdserverpb::RangeRequest request;
  request.set_key("/");
  etcdserverpb::RangeResponse response;
  check(connect(0)->ask([&](etcd::Connection::Member& way, grpc::ClientContext& context) {
    return way.kv->Range(&context, request, &response);
  }));
  return response.header().revision();
}

void EtcdCluster::compact() const {
  etcdserverpb::CompactionRequest request;
  request.set_revision(revision());
  request.set_physical(true);
  etcdserverpb::CompactionResponse response;
  check(connect(0)->ask_once([&](etcd::Connection::Member& way, grpc::ClientContext& context) {
    return way.kv->Compact(&context, request, &response);
  }));
}

}  // namespace certferry::store::testing
