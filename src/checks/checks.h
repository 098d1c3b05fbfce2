// Judges a certificate that is to be imported or assigned: one table of checks, each a small pure function.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/finding.h"
#include "fleet/topology.h"
#include "fleet/type.h"
#include "x509/bundle.h"
#include "x509/certificate.h"
#include "x509/public_key.h"

namespace certferry::checks {

// What the store holds already, as far as checks compare with it.
struct StoredCertificate {
  std::string sha256;      // lower-case hex
  std::string thumbprint;  // for messages
  std::string subject;     // for messages
  Bytes spki;              // whole SubjectPublicKeyInfo
  std::string issuer;      // Name::canonical()
  Bytes serial;            // content octets
  bool has_key = false;
};

// What chain/ found out.
struct ChainResult {
  bool complete = false;          // up to an anchor or to a self-signed certificate
  bool anchor_known = false;      // it ends at one that this computer, --trust or the store trusts
  bool public_anchor = false;     // it ends at one of the system's anchors
  bool completed_by_us = false;   // intermediates that the file lacks came from the store or the system
  std::string missing_issuer = {};  // Name::text() of the first issuer that was not found
  std::string anchor = {};          // Name::label() of the anchor
};

// What a name is needed for decides how bad its absence is.
struct NeededName {
  std::string name;      // DNS name or IP address
  std::string because;   // "names of WebServicesExternal (certferry.toml:12)", "fqdn of web01.litwareinc.com"
  bool required = true;  // configured or asked for: fatal; else a warning
};

struct Context {
  explicit Context(x509::Certificate certificate) : leaf(std::move(certificate)) {}

  x509::Certificate leaf;
  std::vector<x509::Certificate> chain;              // the file's or the ordered ones, without the leaf
  std::optional<x509::PublicKey> private_key;        // public key computed from the private one, if there is one
  bool private_key_expected = true;                  // false: a certificate alone, as .cer answers to requests are
  std::optional<x509::FileFormat> file_format;
  std::optional<x509::Protection> protection;        // of the file it came in
  std::vector<fleet::Type> types;                    // it is to be used for
  std::vector<NeededName> names;                     // it must cover
  std::optional<Time> effective;                     // the effective date, if one was given
  Time now{};
  std::span<const StoredCertificate> stored;
  std::optional<ChainResult> chain_result;           // none: the chain was not looked at
  bool require_trust = false;                        // makes an unknown anchor fatal
  bool require_complete_chain = false;               // makes a missing intermediate fatal (assignment to a TLS type)
  double warn_lifetime_left = 0.25;
  std::vector<std::string> ignore;                   // ids that are not wanted; what is fatal is told all the same
};

class Reporter;

// A row of the table: what is said about a check, and the function that does it.
struct Check {
  std::string_view id;      // "CF1401"
  Severity severity;        // the worst it gives
  std::string_view title;   // as the heading in docs/messages/CF14.md
  std::string_view looks_at;
  std::string_view source;  // who asks for it
  std::string_view fix;     // where the finding has no better one
  void (*run)(const Context&, Reporter&);
};

// All checks in the order of their ids.
[[nodiscard]] std::span<const Check> table();

// Every finding about the leaf, its chain, its key and its file, in the order of the table.
[[nodiscard]] Findings check(const Context& context);

// What certificates of these types must cover on these computers: the configured names (required), and the computers'
// own names where a type covers them. Each name once.
[[nodiscard]] std::vector<NeededName> needed_names(std::span<const fleet::Type> types,
                                                   std::span<const fleet::Computer> computers);

// Whether a DNS name or IP address is covered by the certificate's subjectAltName (RFC 9525 section 6; the common name
// is not looked at). DNS names case-insensitively, "*" as the whole leftmost label only. A name that is a
// wildcard itself is covered by the same wildcard.
[[nodiscard]] bool covers(const x509::Certificate& certificate, std::string_view name);
// The same for one name of a certificate, as text.
[[nodiscard]] bool name_covers(std::string_view presented, std::string_view name);

}  // namespace certferry::checks
