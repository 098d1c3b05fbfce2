// What a command line asks for, the same value whichever dialect it was written in.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "cli/parameters.h"

namespace certferry::cli {

// Move-only, because it may hold passwords. Values are checked for their form (Booleans, numbers, choices, lists without
// gaps), parameter sets are checked too; scopes, types, dates and thumbprints are still text, without regard to what
// exists.
class Invocation {
 public:
  Invocation() = default;
  Invocation(CommandId command, Dialect dialect) : command_(command), dialect_(dialect) {}

  [[nodiscard]] CommandId command() const { return command_; }
  [[nodiscard]] Dialect dialect() const { return dialect_; }
  // "central", "local"; empty for commands with one set.
  [[nodiscard]] std::string_view parameter_set() const { return parameter_set_; }

  [[nodiscard]] bool given(ParameterId id) const { return find(id) != nullptr; }
  // A switch that is on: "-Roll", "-Roll:$true".
  [[nodiscard]] bool on(ParameterId id) const;
  // A Boolean or switch that was written; nothing when it was not.
  [[nodiscard]] std::optional<bool> boolean(ParameterId id) const;
  // The (first) value as text; a choice as the table spells it.
  [[nodiscard]] std::optional<std::string_view> text(ParameterId id) const;
  // Every value, in order: types, repeated options, several files.
  [[nodiscard]] std::span<const std::string> texts(ParameterId id) const;
  [[nodiscard]] std::optional<std::int32_t> number(ParameterId id) const;
  // Null when not given; an empty password is given and empty.
  [[nodiscard]] const Secret* secret(ParameterId id) const;

  [[nodiscard]] bool wants_help() const { return on(ParameterId::kHelp); }
  [[nodiscard]] bool json() const { return on(ParameterId::kJson); }
  [[nodiscard]] bool quiet() const { return on(ParameterId::kQuiet); }
  // --home, else $CERTFERRY_HOME (passed as `from_environment`, null when unset or empty), else nothing.
  [[nodiscard]] std::optional<std::string> home(const char* from_environment) const;

  // The words of this command line in canonical order and spelling, secrets as "***": what the report and the audit
  // record. Parsing them gives an equal invocation, but for the secrets.
  [[nodiscard]] std::vector<std::string> words() const;
  // The same in one line, quoted for a POSIX shell.
  [[nodiscard]] std::string line() const;

  [[nodiscard]] bool operator==(const Invocation& other) const;

 private:
  friend class Binder;
  struct Value {
    ParameterId id;
    bool on = false;
    std::vector<std::string> texts;
    Secret secret;
    bool operator==(const Value&) const = default;
  };
  [[nodiscard]] const Value* find(ParameterId id) const;

  CommandId command_ = CommandId::kHelp;
  Dialect dialect_ = Dialect::kNative;
  std::string_view parameter_set_;
  std::vector<Value> values_;  // in the order of ParameterId
};

// A command line that cannot be read: the error, and two lines for a terminal that show the place with a caret (already
// escaped, without secrets; empty when no place can be shown).
struct UsageError {
  Error error;
  std::string where;
};

using Parsed = std::expected<Invocation, UsageError>;

}  // namespace certferry::cli
