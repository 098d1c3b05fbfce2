// What a command gives back: the same facts for programs, for people and for the report.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "report/document.h"

namespace certferry::commands {

struct Outcome {
  // One object with "schema":1, one line (docs/formats); what --json prints. Present on failure too.
  std::string json;
  // What people see on the terminal and in the report.
  report::Document document;
  // Why the command failed; decides the exit code.
  std::optional<Error> error;
  // Something was changed; in a WhatIf: would be.
  bool changed = false;
};

}  // namespace certferry::commands
