#include "cli/password.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/descriptor.h"
#include "base/escape.h"
#include "cli/words.h"

namespace certferry::cli {
namespace {

constexpr std::string_view kCredential = "certferry.password";
constexpr std::string_view kPassphraseCredential = "certferry.passphrase";

std::string reason(int error) { return std::strerror(error); }

// Everything up to the end, one line end at the end left out. `what` names the source.
Result<Secret> read_password(int fd, const std::string& what, const std::string& fix) {
  Bytes bytes(kLongestPassword + 3);  // one more than a longest password with "\r\n"; never grows
  std::size_t size = 0;
  for (;;) {
    const ssize_t got = read(fd, bytes.data() + size, bytes.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      const int error = errno;
      wipe(bytes);
      return fail(ErrorKind::kRejected, "CF1040", "the password cannot be read from " + what + ": " + reason(error),
                  fix);
    }
    size += static_cast<std::size_t>(got);
    if (got == 0 || size == bytes.size()) break;
  }
  const bool full = size == bytes.size();
  if (size > 0 && bytes[size - 1] == '\n') {
    bytes[--size] = 0;
    if (size > 0 && bytes[size - 1] == '\r') bytes[--size] = 0;
  }
  const bool zero = std::memchr(bytes.data(), 0, size) != nullptr;
  if (full || size > kLongestPassword || zero) {
    wipe(bytes);
    if (zero && !full) {
      return fail(ErrorKind::kRejected, "CF1043", what + " holds a zero byte, so it is no password in text",
                  "write the password alone into it, as UTF-8");
    }
    return fail(ErrorKind::kRejected, "CF1042", what + " holds more than 4096 bytes",
                "give the file that holds the password alone, not the certificate file");
  }
  bytes.resize(size);
  return Secret(std::move(bytes));
}

Result<Password> from_file(const std::string& path, bool warn) {
  const std::string what = "'" + escape_terminal(path) + "'";
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (file.get() < 0) {
    return fail(ErrorKind::kRejected, "CF1040", "the password file " + what + " cannot be opened: " + reason(errno),
                "check the path and who may read it");
  }
  struct stat status{};
  if (fstat(file.get(), &status) == 0 && S_ISDIR(status.st_mode)) {
    return fail(ErrorKind::kRejected, "CF1040", "the password file " + what + " is a directory", "give the file in it");
  }
  if (isatty(file.get()) == 1) {
    return fail(ErrorKind::kRejected, "CF1045", what + " is a terminal, which would show the password",
                "leave the option out: the password is asked for without showing it");
  }
  Password password;
  CERTFERRY_ASSIGN(password.value, read_password(file.get(), what, "check the file and its disk"));
  constexpr mode_t kOthers = S_IRGRP | S_IROTH | S_IWGRP | S_IWOTH;
  if (warn && S_ISREG(status.st_mode) && (status.st_mode & kOthers) != 0) {
    password.warnings.push_back({"CF1048", Severity::kWarning,
                                 "the password file " + what + " can be read or changed by others",
                                 "chmod 600 it, and change the password if others have used this computer", ""});
  }
  return password;
}

Result<Password> from_descriptor(int fd) {
  const std::string what = "file descriptor " + std::to_string(fd);
  if (fcntl(fd, F_GETFD) < 0) {
    return fail(ErrorKind::kRejected, "CF1044", what + " is not open",
                "open it in the shell: --password-fd 3 3</path/of/the/password");
  }
  if (isatty(fd) == 1) {
    return fail(ErrorKind::kRejected, "CF1045", what + " is a terminal, which would show the password",
                "leave the option out: the password is asked for without showing it");
  }
  // The standard streams stay open: others use them.
  const Descriptor owned(fd > STDERR_FILENO ? fd : -1);
  Password password;
  CERTFERRY_ASSIGN(password.value,
                   read_password(fd, what, "open it for reading: --password-fd 3 3</path/of/the/password"));
  return password;
}

}  // namespace

Result<std::optional<Password>> find_password(const Invocation& invocation, const char* credentials_directory,
                                              bool on_terminal) {
  if (const Secret* given = invocation.secret(ParameterId::kPassword)) {
    Password password{given->clone(), {}};
    if (on_terminal) {
      password.warnings.push_back(
          {"CF1049", Severity::kWarning,
           "a password on the command line can be seen by others and stays in the shell's history",
           "use --password-file, --password-fd or the prompt", ""});
    }
    return password;
  }
  if (auto path = invocation.text(ParameterId::kPasswordFile)) {
    CERTFERRY_ASSIGN(Password password, from_file(std::string(*path), true));
    return password;
  }
  if (auto fd = invocation.number(ParameterId::kPasswordFd)) {
    CERTFERRY_ASSIGN(Password password, from_descriptor(*fd));
    return password;
  }
  if (!credentials_directory || !*credentials_directory) return std::nullopt;
  const std::string path = std::string(credentials_directory) + "/" + std::string(kCredential);
  if (access(path.c_str(), F_OK) != 0) return std::nullopt;
  // systemd itself guards the directory; the file's mode says nothing.
  CERTFERRY_ASSIGN(Password password, from_file(path, false));
  return password;
}

Result<Secret> read_passphrase_file(const std::string& path) {
  CERTFERRY_ASSIGN(Password read, from_file(path, false));
  return std::move(read.value);
}

Result<std::optional<Secret>> find_passphrase(const char* file, const char* credentials_directory) {
  std::string path = file ? file : "";
  if (path.empty() && credentials_directory && *credentials_directory) {
    path = std::string(credentials_directory) + "/" + std::string(kPassphraseCredential);
    if (access(path.c_str(), F_OK) != 0) path.clear();
  }
  if (path.empty()) return std::optional<Secret>();
  CERTFERRY_ASSIGN(Secret read, read_passphrase_file(path));
  return std::optional(std::move(read));
}

Result<Secret> ask_password(const Terminal& terminal, std::string_view file) {
  return terminal.ask_secret("password of " + escape_terminal(file) + ": ");
}

}  // namespace certferry::cli
