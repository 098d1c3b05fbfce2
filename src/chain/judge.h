// Collects findings of path validation; inside chain/ only.
#pragma once

#include <string>
#include <string_view>

#include "base/finding.h"
#include "chain/name_match.h"
#include "x509/certificate.h"

namespace certferry::chain {

// The place that a certificate takes in a path.
enum class Role { kLeaf, kIntermediate, kAnchor };

// `the certificate 'web.example'`, `the intermediate 'Issuing CA 2'`, `the root 'Acme Root'`.
[[nodiscard]] std::string described(const x509::CertificateFields& certificate, Role role);

class Judge {
 public:
  Judge(Mode mode, Findings& findings) : mode_(mode), findings_(findings) {}

  [[nodiscard]] Mode mode() const { return mode_; }

  // Makes a path invalid in both modes.
  void fatal(std::string_view id, std::string message, std::string_view fix, std::string_view source) {
    add(id, Severity::kFatal, std::move(message), fix, source);
  }
  // A departure from public rules: fatal in kWeb, a warning in kTolerant.
  void departure(std::string_view id, std::string message, std::string_view fix, std::string_view source) {
    add(id, mode_ == Mode::kWeb ? Severity::kFatal : Severity::kWarning, std::move(message), fix, source);
  }
  void warning(std::string_view id, std::string message, std::string_view fix, std::string_view source) {
    add(id, Severity::kWarning, std::move(message), fix, source);
  }

 private:
  void add(std::string_view id, Severity severity, std::string message, std::string_view fix, std::string_view source) {
    findings_.push_back({std::string(id), severity, std::move(message), std::string(fix), std::string(source)});
  }

  Mode mode_;
  Findings& findings_;
};

}  // namespace certferry::chain
