#include "cli/environment.h"

#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "base/escape.h"
#include "cli/password.h"

extern char** environ;

namespace certferry::cli {

Result<> TerminalUi::confirm(std::string_view question, const std::vector<std::string>& plan) {
  std::string text = escape_terminal(question);
  for (const std::string& line : plan) text += "\n  " + escape_terminal(line);
  return confirmation_.ask(text);
}

Result<std::optional<Secret>> TerminalUi::password(std::string_view file) {
  if (!terminal_.interactive()) return std::optional<Secret>();
  CERTFERRY_ASSIGN(Secret asked, ask_password(terminal_, file));
  return std::optional(std::move(asked));
}

Result<std::optional<Secret>> TerminalUi::passphrase(std::string_view path) {
  if (!passphrase_) {
    CERTFERRY_ASSIGN(passphrase_,
                     find_passphrase(std::getenv("CERTFERRY_PASSPHRASE_FILE"), std::getenv("CREDENTIALS_DIRECTORY")));
  }
  if (!passphrase_ && terminal_.interactive()) {
    CERTFERRY_ASSIGN(Secret asked, terminal_.ask_secret("passphrase of " + escape_terminal(path) + ": "));
    passphrase_ = std::move(asked);
  }
  return passphrase_ ? std::optional(passphrase_->clone()) : std::nullopt;
}

Result<Secret> TerminalUi::new_passphrase() {
  if (!new_passphrase_file_.empty()) return read_passphrase_file(new_passphrase_file_);
  CERTFERRY_ASSIGN(Secret first, terminal_.ask_secret("new passphrase of the fleet's keys (empty: none): "));
  CERTFERRY_ASSIGN(const Secret second, terminal_.ask_secret("once more: "));
  if (first.text() == second.text()) return first;
  return fail(ErrorKind::kDeclined, "CF1084", "the two passphrases are not the same",
              "type it again; nothing was changed");
}

void TerminalUi::progress(std::string_view what, std::size_t done, std::size_t total) {
  if (!progress_) progress_.emplace(terminal_, clock_, std::string(what), total);
  progress_->advance(done - shown_);
  shown_ = done;
  if (done == total) progress_.reset();
}

void TerminalUi::parts(const std::vector<std::string>& exceptions, const std::vector<commands::Part>& parts) {
  if (parts.empty()) return board_.reset();
  if (!board_) board_.emplace(terminal_, clock_);
  board_->show(exceptions, parts);
}

std::map<std::string, std::string> relevant_variables() {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; *entry; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view name = text.substr(0, equals);
    if (name.starts_with("CERTFERRY_") || name == "SSL_CERT_FILE") variables.emplace(name, text.substr(equals + 1));
  }
  // Where tests find their files; no setting.
  variables.erase("CERTFERRY_CORPUS");
  return variables;
}

commands::Actor this_actor() {
  commands::Actor actor;
  actor.uid = ::getuid();
  passwd entry;
  passwd* found = nullptr;
  std::array<char, 16384> buffer{};
  // Not where the account is root's, which every computer has: NSS costs a millisecond.
  if (actor.uid == 0) {
    actor.name = "root";
  } else if (::getpwuid_r(actor.uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found) {
    actor.name = found->pw_name;
  } else {
    actor.name = "uid " + std::to_string(actor.uid);
  }
  if (const char* sudo = std::getenv("SUDO_USER"); sudo && actor.uid == 0) actor.name += " (" + std::string(sudo) + ")";
  return actor;
}

std::string this_host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "localhost";
  return name.data();
}

}  // namespace certferry::cli
