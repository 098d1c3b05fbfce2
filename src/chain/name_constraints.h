// Name constraints (RFC 5280 section 4.2.1.10).
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "chain/name_match.h"
#include "x509/certificate.h"

namespace certferry::chain {

struct NameProblem {
  enum class Kind {
    kViolated,     // a name lies outside what is permitted, or inside what is excluded
    kUnsupported,  // a constraint or name of a form that cannot be judged: RFC 5280 asks to reject
    kTooMuchWork,  // more comparisons than allowed
  };
  Kind kind = Kind::kViolated;
  std::string message;  // "the name 'x.example' is outside the permitted …"
};

// Judges the subject and the subjectAltName of `certificate` against the constraints of an issuer above it. Each
// comparison of a name with a subtree is taken off `budget`.
[[nodiscard]] std::optional<NameProblem> check_names(const x509::NameConstraints& constraints,
                                                     const x509::CertificateFields& certificate, Mode mode,
                                                     std::size_t& budget);

// What is wrong with the form of the constraint itself ("'*.example' is not a DNS constraint"); nothing where it is as
// RFC 5280 asks. kTolerant takes the leading dot of a DNS constraint, which is common, as "subdomains only".
[[nodiscard]] std::optional<std::string> constraint_problem(const x509::GeneralSubtree& subtree, Mode mode);

}  // namespace certferry::chain
