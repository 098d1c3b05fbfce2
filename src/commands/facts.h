// What people and programs are told about a certificate: one wording for inspect, get, reports and findings.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/finding.h"
#include "base/result.h"
#include "x509/bundle.h"
#include "x509/certificate.h"

namespace certferry::commands {

// The objects of docs/formats/inspect.md. Text is valid UTF-8; dump() escapes everything that is not ASCII.
[[nodiscard]] nlohmann::ordered_json certificate_json(const x509::Certificate& certificate);
[[nodiscard]] nlohmann::ordered_json protection_json(const x509::Protection& protection);
[[nodiscard]] nlohmann::ordered_json findings_json(const Findings& findings);
// null without an error.
[[nodiscard]] nlohmann::ordered_json error_json(const Error* error);
// One line, ASCII only.
[[nodiscard]] std::string dump(const nlohmann::ordered_json& json);

// "2026-11-23", UTC.
[[nodiscard]] std::string date_text(Time time);

}  // namespace certferry::commands
