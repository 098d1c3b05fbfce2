// What the commands get from this process: clock, disk, person, account, variables.
#pragma once

#include "cli/board.h"
#include "cli/invocation.h"
#include "cli/terminal.h"
#include "commands/environment.h"

namespace certferry::cli {

// The person at the terminal, as the commands see them. Borrows both.
class TerminalUi final : public commands::Ui {
 public:
  TerminalUi(const Terminal& terminal, const Clock& clock)
      : terminal_(terminal), clock_(clock), confirmation_(terminal) {}
  Result<> confirm(std::string_view question, const std::vector<std::string>& plan) override;
  Result<std::optional<Secret>> password(std::string_view file) override;
  // Asked for once; another key is tried with the same.
  Result<std::optional<Secret>> passphrase(std::string_view path) override;
  // Asked for twice, where use_new_passphrase_file() named none. CF1084 where the two differ.
  Result<Secret> new_passphrase() override;
  void use_new_passphrase_file(std::string path) { new_passphrase_file_ = std::move(path); }
  void progress(std::string_view what, std::size_t done, std::size_t total) override;
  void parts(const std::vector<std::string>& exceptions, const std::vector<commands::Part>& parts) override;

 private:
  const Terminal& terminal_;
  const Clock& clock_;
  Confirmation confirmation_;
  std::optional<Progress> progress_;
  std::size_t shown_ = 0;
  std::optional<Board> board_;
  std::string new_passphrase_file_;
  std::optional<Secret> passphrase_;
};

// CERTFERRY_* and SSL_CERT_FILE.
[[nodiscard]] std::map<std::string, std::string> relevant_variables();
[[nodiscard]] commands::Actor this_actor();
[[nodiscard]] std::string this_host_name();

}  // namespace certferry::cli
