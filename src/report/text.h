// A document as people read it on a terminal.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "report/document.h"

namespace certferry::report {

enum class Emphasis { kGood, kWarning, kBad, kFaint, kStrong };

struct TextOptions {
  int width = 80;              // columns
  bool warnings = true;        // false with -Force: what is not fatal is left out
  bool certificates = true;    // the certificate and its chain
  // Wraps already escaped text in the terminal's colours; empty: as it is.
  std::function<std::string(Emphasis, std::string_view)> style;
};

// Ends with a line feed; every text from outside is escaped (base/escape.h). The error is not part of it.
[[nodiscard]] std::string to_text(const Document& document, const TextOptions& options);

// "error CF1204: the password is wrong" and "fix: …" on two lines.
[[nodiscard]] std::string to_text(const Error& error, const TextOptions& options);

}  // namespace certferry::report
