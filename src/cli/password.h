// The ways to a file's password that do not need a person: the command line, a file, a descriptor, systemd.
#pragma once

#include <optional>
#include <string>

#include "base/finding.h"
#include "base/result.h"
#include "base/secret.h"
#include "cli/invocation.h"
#include "cli/terminal.h"

namespace certferry::cli {

inline constexpr std::size_t kLongestPassword = 4096;  // bytes

struct Password {
  Secret value;
  Findings warnings;  // of the way it came: readable by others, visible to others
};

// The password of --password-file, --password-fd or -Password, whichever is given; else the systemd credential
// certferry.password below `credentials_directory` ($CREDENTIALS_DIRECTORY, null when unset); else nothing: ask with
// ask_password() when the file turns out to need one. One line end ("\n" or "\r\n") at the end of a file or stream is
// not part of the password; an empty file is the empty password. `on_terminal`: warn about -Password.
[[nodiscard]] Result<std::optional<Password>> find_password(const Invocation& invocation,
                                                            const char* credentials_directory, bool on_terminal);

// The passphrase of a fleet's key: the file that $CERTFERRY_PASSPHRASE_FILE names (null or empty: unset), else the systemd credential
// certferry.passphrase; else nothing. Read as above.
[[nodiscard]] Result<std::optional<Secret>> find_passphrase(const char* file, const char* credentials_directory);
// A new one in a file.
[[nodiscard]] Result<Secret> read_passphrase_file(const std::string& path);

// Asks for the password of `file` (as it was written; escaped here). CF1046 where nobody can be asked.
[[nodiscard]] Result<Secret> ask_password(const Terminal& terminal, std::string_view file);

}  // namespace certferry::cli
