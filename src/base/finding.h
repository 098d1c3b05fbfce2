// One result of a check: what was seen, how bad it is, what to do, and who says so.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace certferry {

enum class Severity { kInfo, kWarning, kFatal };

// "info", "warning", "fatal": as in JSON and in the report.
[[nodiscard]] constexpr std::string_view name_of(Severity severity) {
  switch (severity) {
    case Severity::kInfo: return "info";
    case Severity::kWarning: return "warning";
    case Severity::kFatal: return "fatal";
  }
  return "fatal";
}

// `id` is stable ("CF1407") and explained in docs/messages. `message` and `fix` are lower case without a full stop;
// `fix` is empty for information that needs none. `source` names the document that asks for it ("RFC 5280 section
// 4.2.1.9"). Text that came out of a certificate is escaped where it is shown, not here.
struct Finding {
  std::string id;
  Severity severity = Severity::kInfo;
  std::string message;
  std::string fix;
  std::string source;

  bool operator==(const Finding&) const = default;
};

using Findings = std::vector<Finding>;

[[nodiscard]] inline bool has_fatal(const Findings& findings) {
  for (const Finding& finding : findings) {
    if (finding.severity == Severity::kFatal) return true;
  }
  return false;
}

}  // namespace certferry
