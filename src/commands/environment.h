// What a command needs from outside: everything that a test replaces.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/file.h"
#include "base/result.h"
#include "base/secret.h"

namespace certferry::commands {

struct Engines;

// One of several works that go on at the same time.
struct Part {
  std::string name;
  std::size_t done = 0, total = 0;
  bool operator==(const Part&) const = default;
};

// How a command speaks with the person who runs it. cli/ has the terminal's; a library user brings an own one.
class Ui {
 public:
  virtual ~Ui() = default;
  // Whether to go on with what `plan` (lines for people, already escaped) tells. CF1060 to CF1062 (kDeclined) where the answer is
  // no, or where nobody can answer.
  [[nodiscard]] virtual Result<> confirm(std::string_view question, const std::vector<std::string>& plan) = 0;
  // The password of `file`; asked for only when the file turned out to need one and none was given. Nothing where
  // nobody can be asked.
  [[nodiscard]] virtual Result<std::optional<Secret>> password(std::string_view file) = 0;
  // The passphrase of a key of the fleet in the file `path`; nothing where nobody can be asked.
  [[nodiscard]] virtual Result<std::optional<Secret>> passphrase(std::string_view path) {
    static_cast<void>(path);
    return std::optional<Secret>();
  }
  // A new one; empty: none.
  [[nodiscard]] virtual Result<Secret> new_passphrase() { return Secret(); }
  // `done` of `total` steps, with a word on the current one; shown where it takes more than a second.
  virtual void progress(std::string_view what, std::size_t done, std::size_t total) = 0;
  // The same for several works at once, and what went wrong so far (lines, raw). Both empty: it is over. Nothing is shown where it
  // is not overridden.
  virtual void parts(const std::vector<std::string>& exceptions, const std::vector<Part>& parts) {
    static_cast<void>(exceptions);
    static_cast<void>(parts);
  }
};

// Who runs the command, for the audit and the report.
struct Actor {
  unsigned uid = 0;
  std::string name;  // of the account; the one behind sudo is added in brackets
};

struct Environment {
  const Clock& clock;
  FileSystem& files;
  Ui& ui;
  Actor actor;
  std::string host_name;  // as the kernel says it
  std::map<std::string, std::string> variables;  // CERTFERRY_*, SSL_CERT_FILE
  std::string command_line;  // as typed, secrets replaced by "***"
  const Engines* engines = nullptr;  // null: of a program that talks to no network but services'
};

}  // namespace certferry::commands
