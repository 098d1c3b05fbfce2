// Real servers for tests: started on loopback with a configuration of their own in a folder of their own, stopped by pid.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "x509/testing/certificate_maker.h"

namespace certferry::probe::testing {

// A folder below /tmp that everybody may enter, removed at the end.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }
  // Writes a file and returns its path. `mode` as of chmod.
  std::string write(std::string_view name, std::string_view text, unsigned mode = 0644) const;
  // Makes a folder in it, owned by `account` (and its group) where one is named.
  std::string make(std::string_view name, const std::string& account = "") const;

 private:
  std::string path_;
};

// A TCP port on loopback, for IPv4 and IPv6, that nobody uses; no two calls in a process give the same.
[[nodiscard]] std::uint16_t free_port();

// Runs a program to its end, as `account` where one is named; throws std::runtime_error with its output where it fails.
void run(const std::vector<std::string>& argv, const std::string& account = "");

// A server in the foreground, in a process group of its own. It dies with the test.
class ServerProcess {
 public:
  // `account`: empty, or whom it runs as.
  ServerProcess(const Folder& folder, const std::vector<std::string>& argv, const std::string& account = "");
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  // Until something listens on 127.0.0.1; throws std::runtime_error with what the server wrote when it ends before.
  void wait_for(std::uint16_t port);
  void stop();

 private:
  std::string log_;
  pid_t pid_ = -1;
};

// A server's certificate with its key, below one CA of this test run.
struct Pair {
  x509::Certificate leaf;
  x509::Certificate intermediate;
  std::string fullchain;  // PEM
  std::string key;  // PEM, PKCS #8
};
[[nodiscard]] Pair make_pair(const std::string& name, x509::testing::KeyKind kind = x509::testing::KeyKind::kP256);

}  // namespace certferry::probe::testing
