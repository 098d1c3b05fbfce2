// What the store knows of certificates and assignments: the keys and values of docs/formats/store.md.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "checks/checks.h"
#include "fleet/assignment.h"
#include "store/store.h"
#include "x509/certificate.h"

namespace certferry::commands {

// One certificate that was imported. Its JSON is what `get --all` shows.
struct CertificateRecord {
  std::string sha256;
  std::string thumbprint;
  std::string subject;
  std::string issuer;
  std::string serial_number;
  Time not_before{};
  Time not_after{};
  std::vector<std::string> names;
  std::string key;  // "EC P-256"
  bool has_key = false;
  bool exportable = false;
  std::vector<std::string> chain;  // SHA-256 of the intermediates, from the issuer on
  Time imported{};

  [[nodiscard]] fleet::CertificateRef ref() const { return {sha256, not_before, not_after}; }
  bool operator==(const CertificateRecord&) const = default;
};

[[nodiscard]] CertificateRecord record_of(const x509::Certificate& certificate);
[[nodiscard]] std::string to_json(const CertificateRecord& record);
// CF1710 where it cannot be read.
[[nodiscard]] Result<CertificateRecord> record_from_json(std::string_view json);

struct Found {
  CertificateRecord record;
  store::Revision revision = 0;
};

struct StoredAssignment {
  fleet::Assignment assignment;
  store::Revision revision = 0;  // 0: not in the store yet
};

// What many imports below the same CAs ask for again and again. Whoever keeps it decides how old it may be.
struct StoredIssuers {
  std::map<std::string, std::vector<x509::Certificate>> by_subject;  // canonical
  std::optional<std::vector<x509::Certificate>> anchors;
};

// Reads and plans writes; nothing is written but by the batches it fills.
class Catalog {
 public:
  explicit Catalog(store::Store& store) : store_(store) {}

  [[nodiscard]] Result<std::optional<Found>> get(std::string_view sha256);
  // By thumbprint or SHA-256, in any case, or a prefix of one of at least 4 digits. CF1711 where there is none, CF1712
  // where several begin so, with their names.
  [[nodiscard]] Result<Found> find(std::string_view hash);
  [[nodiscard]] Result<std::vector<Found>> all();
  // The JSON of each record, as it is stored.
  [[nodiscard]] Result<std::vector<std::string>> all_json();

  // Intermediates that were imported with certificates and whose subject is that name.
  [[nodiscard]] Result<std::vector<x509::Certificate>> intermediates(const x509::Name& subject);
  // Those of the chains that climb from `known`, as far as they are stored. Looks into `cache` first, and adds to it.
  [[nodiscard]] Result<std::vector<x509::Certificate>> issuers_above(const std::vector<x509::Certificate>& known,
                                                                     StoredIssuers& cache);
  [[nodiscard]] Result<std::vector<x509::Certificate>> anchors();
  [[nodiscard]] Result<x509::Certificate> certificate(std::string_view sha256);
  // Those with the same key, or with the same issuer and serial number, or the same one.
  [[nodiscard]] Result<std::vector<checks::StoredCertificate>> related(const x509::Certificate& certificate);
  // Certificates in the store with that public key and a private key.
  [[nodiscard]] Result<std::optional<std::string>> with_key(const x509::PublicKey& key);

  // Puts the record, the certificate, its intermediates and their indexes. `revision`: of the record it replaces.
  void put(store::Batch& batch, const CertificateRecord& record, store::Revision revision,
           const x509::Certificate& certificate, const std::vector<x509::Certificate>& chain);
  void put_anchor(store::Batch& batch, const x509::Certificate& anchor);
  // Forgets a certificate that is stored, with its indexes; its intermediates stay. One that is not there is no error.
  [[nodiscard]] Result<> remove(store::Batch& batch, std::string_view sha256);

  [[nodiscard]] Result<StoredAssignment> assignment(const fleet::Scope& scope, std::string_view type);
  [[nodiscard]] Result<std::vector<StoredAssignment>> assignments();
  void put(store::Batch& batch, const StoredAssignment& before, const fleet::Assignment& after);

 private:
  [[nodiscard]] Result<std::vector<x509::Certificate>> listed(const std::string& prefix);
  store::Store& store_;
};

}  // namespace certferry::commands
