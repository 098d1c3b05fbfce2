// Builds and validates certification paths (RFC 5280 section 6, RFC 4158): tries every issuer that may be the one, the
// likely ones first, and goes back where one leads nowhere.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/finding.h"
#include "chain/crl.h"
#include "chain/name_match.h"
#include "chain/signature_cache.h"
#include "chain/system_trust.h"
#include "x509/certificate.h"

namespace certferry::chain {

// Bounds on the work that hostile input may cause. Where one is reached and no path was found, the verdict holds
// CF1315; the defaults are far beyond what any real file needs.
struct Limits {
  std::size_t signatures = 256;              // signature checks, cached ones not counted
  std::size_t steps = 8192;                  // issuers looked at
  std::size_t path_length = 32;              // certificates in a path
  std::size_t name_comparisons = 250'000;    // of names with the constraints of one CA; four times that in all
};

struct Anchors {
  // Trusted as they are, self-signed or not.
  std::span<const x509::Certificate> certificates;
  // Looked up by subject when an issuer is wanted; may be null.
  const SystemTrust* system = nullptr;
};

struct Options {
  Time now{};
  // Content octets of the extended key usage wanted (x509::oid::kServerAuth …); empty for any.
  std::string purpose;
  // The certificate has to be for every one of them.
  std::vector<Reference> names;
  // Intermediates allowed between the certificate and the anchor, self-issued ones not counted.
  std::optional<std::size_t> max_depth;
  Mode mode = Mode::kTolerant;
  // Empty: revocation is not looked at.
  std::span<const Crl> crls;
  // Shared between calls where many files are looked at; may be null.
  SignatureCache* cache = nullptr;
  Limits limits;
};

enum class Trust {
  kAnchored,     // the path ends in an anchor
  kUnknownRoot,  // it ends in a self-signed certificate that is not among the anchors
  kIncomplete,   // it ends where the issuer is missing or did not sign
};

struct Verdict {
  // An anchor is reached and no finding is fatal.
  bool valid = false;
  Trust trust = Trust::kIncomplete;
  // From the certificate to the anchor, or as far as the best candidate gets.
  std::vector<x509::Certificate> path;
  // Of the whole path, in its order. The unknown root (CF1302) and the missing issuer (CF1301) are among them, fatal.
  Findings findings;
  // Where trust is kIncomplete because no certificate of the issuer is at hand: its name.
  std::optional<x509::Name> missing_issuer;
  // The anchor reached came out of Anchors::system.
  bool system_anchor = false;
  // Signatures that had to be checked, cached ones not counted.
  std::size_t signatures_checked = 0;

  // Nothing fatal but that the root is unknown or an issuer is missing.
  [[nodiscard]] bool sound_but_for_trust() const;
};

// Pure: no file, clock or network access. Takes any certificates; the order of `untrusted` does not matter, duplicates
// and the certificate itself may be among them.
[[nodiscard]] Verdict verify(const x509::Certificate& certificate, std::span<const x509::Certificate> untrusted,
                             const Anchors& anchors, const Options& options);

}  // namespace certferry::chain
