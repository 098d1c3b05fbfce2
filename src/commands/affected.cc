#include "commands/affected.h"

#include <algorithm>

#include "base/ascii.h"
#include "checks/checks.h"
#include "x509/digest.h"

namespace certferry::commands {
namespace {

bool is_called(const x509::Name& name, std::string_view wanted) {
  return equal_ignoring_case(name.text(), wanted) || equal_ignoring_case(name.label(), wanted);
}

Result<bool> issued_by(Catalog& catalog, const CertificateRecord& record, const x509::Certificate& leaf,
                       std::string_view name) {
  if (is_called(leaf->issuer, name)) return true;
  for (const std::string& sha256 : record.chain) {
    CERTFERRY_ASSIGN(const x509::Certificate issuer, catalog.certificate(sha256));
    if (is_called(issuer->subject, name) || is_called(issuer->issuer, name)) return true;
  }
  return false;
}

std::string digits_of(std::string text) {
  std::erase_if(text, [](char c) { return c == ':' || c == ' ' || c == '-'; });
  return ascii_lower(text);
}

Result<bool> matches(Catalog& catalog, const CertificateRecord& record, const AffectedBy& what) {
  if (!what.thumbprint.empty()) {
    const std::string digits = digits_of(what.thumbprint);
    return ascii_lower(record.thumbprint).starts_with(digits) || record.sha256.starts_with(digits);
  }
  CERTFERRY_ASSIGN(const x509::Certificate leaf, catalog.certificate(record.sha256));
  if (!what.key.empty()) return hex_lower(x509::sha256(leaf->public_key.spki())) == digits_of(what.key);
  return issued_by(catalog, record, leaf, what.issued_by);
}

}  // namespace

Result<std::vector<Affected>> find_affected(Catalog& catalog, const AffectedBy& what) {
  // A beginning that several certificates have would replace more than was meant.
  AffectedBy exact = what;
  if (!what.thumbprint.empty()) {
    CERTFERRY_ASSIGN(const Found found, catalog.find(digits_of(what.thumbprint)));
    exact.thumbprint = found.record.sha256;
  }
  CERTFERRY_ASSIGN(const std::vector<StoredAssignment> all, catalog.assignments());
  std::vector<Affected> affected;
  for (const StoredAssignment& stored : all) {
    if (!stored.assignment.current) continue;
    CERTFERRY_ASSIGN(const std::optional<Found> found, catalog.get(stored.assignment.current->certificate.sha256));
    if (!found) continue;
    CERTFERRY_ASSIGN(const bool is_one, matches(catalog, found->record, exact));
    if (is_one) affected.push_back({stored, found->record});
  }
  return affected;
}

Result<std::vector<ReplacedUse>> choose_replacements(const std::vector<Affected>& affected,
                                                     const std::vector<Candidate>& candidates) {
  std::vector<ReplacedUse> uses;
  for (const auto& [stored, record] : affected) {
    std::string missing;
    const auto fits = [&](const Candidate& candidate) {
      if (candidate.sha256 == record.sha256) return false;
      return std::ranges::all_of(record.names, [&](const std::string& name) {
        const bool covered = std::ranges::any_of(
            candidate.names, [&](const std::string& presented) { return checks::name_covers(presented, name); });
        if (!covered && missing.empty()) missing = name;
        return covered;
      });
    };
    const auto found = std::ranges::find_if(candidates, fits);
    const fleet::Assignment& assignment = stored.assignment;
    if (found == candidates.end()) {
      return fail(ErrorKind::kRejected, "CF2418",
                  "none of the files can serve " + assignment.type + " (" + assignment.scope.text() +
                      ") in the place of " + record.thumbprint +
                      (missing.empty() ? "" : ": they do not cover " + missing),
                  "add a file with a certificate for these names (--with may be repeated); nothing was assigned");
    }
    uses.push_back({assignment.scope, assignment.type, record.sha256, found->sha256});
  }
  return uses;
}

}  // namespace certferry::commands
