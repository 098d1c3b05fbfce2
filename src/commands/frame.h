// What every command's answer has: who ran it, when, how it ended.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "commands/environment.h"
#include "commands/outcome.h"

namespace certferry::commands {

class Frame {
 public:
  Frame(Environment& environment, std::string computer);

  [[nodiscard]] Time now() const { return document.started; }
  // `fields` come after "schema"; "status", "findings", "plan" and "error" are added.
  [[nodiscard]] Outcome finish(const Result<>& done, bool changed, const nlohmann::ordered_json& fields);
  // What was done since the last call, or since the start; for the report.
  void log(std::string action, bool done = true);
  // Steps that were planned happened.
  void mark_done();
  // Asks the person whether to go on with the steps.
  [[nodiscard]] Result<> confirm(std::string_view question) const;
  // For the audit.
  [[nodiscard]] std::string actor() const;
  [[nodiscard]] std::vector<std::string> actions() const;

  report::Document document;

 private:
  Environment& environment_;
  std::chrono::nanoseconds started_;
  std::chrono::nanoseconds logged_;
};

}  // namespace certferry::commands
