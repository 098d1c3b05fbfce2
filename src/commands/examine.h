// The way from a file to a judged certificate, which inspect, check, import and set share: read, select, order, verify, check.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "chain/order.h"
#include "chain/verify.h"
#include "checks/checks.h"
#include "commands/catalog.h"
#include "commands/environment.h"
#include "container/read.h"
#include "container/sandbox.h"
#include "fleet/config.h"
#include "report/document.h"
#include "x509/bundle.h"

namespace certferry::commands {

// The file's content, read in a confined child. Asks `ui` for the password where one is needed, none was given, and
// somebody can be asked.
[[nodiscard]] Result<x509::CertificateFile> read_certificate_file(Environment& environment, const std::string& path,
                                                                  const Secret* password,
                                                                  const container::Limits& limits = {});

// Every certificate of the files, for --trust and --untrusted.
[[nodiscard]] Result<std::vector<x509::Certificate>> read_certificates(Environment& environment,
                                                                       const std::vector<std::string>& paths);

// What the imports of one command have in common. Loaded when it is first needed.
struct Shared {
  chain::SignatureCache signatures;
  std::optional<chain::SystemTrust> system;
  std::optional<std::vector<x509::Certificate>> named;  // --trust
  std::optional<container::ConfinedReading> reading;  // its child ends while the command goes on
  StoredIssuers issuers;  // as of the last commit of this command
};

// The file and those of --trust, which go into `shared.named`, read by one child. Nothing without `path`. Calls
// `meanwhile`, where there is one, while the child reads.
[[nodiscard]] Result<std::optional<x509::CertificateFile>> read_with_trust(
    Environment& environment, const std::optional<std::string>& path, const Secret* password,
    const std::vector<std::string>& trust, Shared& shared, const std::function<void()>& meanwhile = {});

// The certificate that a file is about.
struct Selection {
  x509::Certificate leaf;
  std::vector<x509::Certificate> others;  // in the order of the file
  const x509::FileKey* key = nullptr;  // in the file; null: it has none for the leaf
};
// `wanted`: a thumbprint or SHA-256, or the beginning of one; empty: the one with a key, or the one that issued none of
// the others. CF1720 where several have keys and none was named (lists them), CF1721 where none fits `wanted`, CF1722
// where there is no certificate.
[[nodiscard]] Result<Selection> select(const x509::CertificateFile& file, std::string_view wanted);

// What a certificate is verified against.
struct Trust {
  std::vector<x509::Certificate> named;  // --trust
  std::vector<x509::Certificate> stored;  // from earlier imports
};

struct Judgement {
  chain::Ordered ordered;  // what services will send
  chain::Verdict verdict;
  checks::ChainResult chain_result;
  std::optional<x509::Certificate> anchor;  // where the path ends in one
};
// The system's anchors are loaded only where the others do not lead anywhere.
[[nodiscard]] Result<Judgement> judge(Environment& environment, const Selection& selection,
                                      const std::vector<x509::Certificate>& stored, const Trust& trust, Time now,
                                      Shared& shared);

// What every check of a certificate looks at. `file`: where it came from, if from one. No private key is expected, no
// chain was looked at, nothing is required: callers who know more say so.
[[nodiscard]] checks::Context checks_context(const Selection& selection, const x509::CertificateFile* file,
                                             const fleet::Config& config, std::vector<fleet::Type> types, Time now);

// The worst finding first; fails with the first fatal one (kRejected).
[[nodiscard]] Result<> sort_and_refuse(Findings& findings);

// $SSL_CERT_FILE, else Debian's bundle. An absent one has no anchors.
[[nodiscard]] Result<chain::SystemTrust> load_system_trust(Environment& environment);

// Facts for reports.
[[nodiscard]] report::CertificateFacts certificate_facts(const x509::Certificate& certificate, report::Role role);
[[nodiscard]] std::vector<report::CertificateFacts> chain_facts(const x509::Certificate& leaf,
                                                                const Judgement& judgement);
[[nodiscard]] std::vector<report::Fact> file_facts(const std::string& path, const x509::CertificateFile& file);

}  // namespace certferry::commands
