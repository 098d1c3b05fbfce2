#include "commands/catalog.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/bytes.h"
#include "commands/facts.h"
#include "fleet/json.h"
#include "x509/digest.h"

namespace certferry::commands {
namespace {

using nlohmann::ordered_json;

const std::string kRecords = "certificates/";
const std::string kDer = "der/";
const std::string kThumbprints = "thumbprints/";
const std::string kKeys = "keys/";
const std::string kSerials = "serials/";
const std::string kSubjects = "subjects/";
const std::string kAnchors = "anchors/";
const std::string kAssignments = "assignments/";

std::string hash_of(ByteView bytes) { return hex_lower(x509::sha256(bytes)); }

std::string key_index(const x509::PublicKey& key) { return kKeys + hash_of(key.spki()) + "/"; }

std::string serial_index(const x509::Certificate& certificate) {
  return kSerials + hash_of(as_bytes(certificate->issuer.canonical() + std::string(as_text(certificate->serial)))) +
         "/";
}

std::string subject_index(const x509::Name& subject) {
  return kSubjects + hash_of(as_bytes(subject.canonical())) + "/";
}

std::string_view last_part(std::string_view key) { return key.substr(key.find_last_of('/') + 1); }

std::string assignment_key(const fleet::Scope& scope, std::string_view type) {
  return kAssignments + scope.key() + "/" + std::string(type);
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return result;
}

}  // namespace

CertificateRecord record_of(const x509::Certificate& certificate) {
  CertificateRecord record;
  record.sha256 = certificate.sha256_hex();
  record.thumbprint = certificate.thumbprint();
  record.subject = certificate->subject.text();
  record.issuer = certificate->issuer.text();
  record.serial_number = certificate.serial_hex();
  record.not_before = certificate->not_before;
  record.not_after = certificate->not_after;
  record.names = certificate.names();
  record.key = certificate->public_key.text();
  return record;
}

std::string to_json(const CertificateRecord& record) {
  return dump({{"thumbprint", record.thumbprint},
               {"sha256", record.sha256},
               {"subject", record.subject},
               {"issuer", record.issuer},
               {"serial_number", record.serial_number},
               {"not_before", rfc3339(record.not_before)},
               {"not_after", rfc3339(record.not_after)},
               {"names", record.names},
               {"key", record.key},
               {"has_key", record.has_key},
               {"exportable", record.exportable},
               {"chain", record.chain},
               {"imported", rfc3339(record.imported)},
               {"schema", 1}});
}

Result<CertificateRecord> record_from_json(std::string_view text) {
  const ordered_json json = ordered_json::parse(text, nullptr, false);
  CertificateRecord record;
  try {
    record.thumbprint = json.at("thumbprint");
    record.sha256 = json.at("sha256");
    record.subject = json.at("subject");
    record.issuer = json.at("issuer");
    record.serial_number = json.at("serial_number");
    record.not_before = from_rfc3339(json.at("not_before").get<std::string>()).value();
    record.not_after = from_rfc3339(json.at("not_after").get<std::string>()).value();
    record.names = json.at("names").get<std::vector<std::string>>();
    record.key = json.at("key");
    record.has_key = json.at("has_key");
    record.exportable = json.at("exportable");
    record.chain = json.at("chain").get<std::vector<std::string>>();
    record.imported = from_rfc3339(json.at("imported").get<std::string>()).value();
    return record;
  } catch (const std::exception&) {
    return fail(ErrorKind::kFailed, "CF1710", "a record of the store cannot be read",
                "run `certferry doctor`, and restore the store from a backup");
  }
}

Result<std::optional<Found>> Catalog::get(std::string_view sha256) {
  CERTFERRY_ASSIGN(const std::optional<store::Entry> entry, store_.get(kRecords + std::string(sha256)));
  if (!entry) return std::optional<Found>();
  CERTFERRY_ASSIGN(CertificateRecord record, record_from_json(entry->value));
  return std::optional(Found{std::move(record), entry->revision});
}

Result<Found> Catalog::find(std::string_view hash) {
  constexpr std::size_t kLeastDigits = 4;
  const std::string digits = lower(hash);
  const bool hexadecimal = digits.find_first_not_of("0123456789abcdef") == std::string::npos;
  std::set<std::string> candidates;
  if (hexadecimal && digits.size() >= kLeastDigits) {
    CERTFERRY_ASSIGN(const store::Listing by_sha256, store_.list(kRecords + digits));
    for (const store::Entry& entry : by_sha256.entries) candidates.emplace(last_part(entry.key));
    CERTFERRY_ASSIGN(const store::Listing by_thumbprint, store_.list(kThumbprints + digits));
    for (const store::Entry& entry : by_thumbprint.entries) candidates.insert(entry.value);
  }
  if (candidates.empty()) {
    return fail(ErrorKind::kFailed, "CF1711", "no certificate in the store has the thumbprint " + std::string(hash),
                hexadecimal && digits.size() < kLeastDigits ? "give at least four digits of it"
                                                            : "`certferry get --all` lists what is there");
  }
  if (candidates.size() > 1) {
    std::string list;
    for (const std::string& sha256 : candidates) {
      CERTFERRY_ASSIGN(const std::optional<Found> found, get(sha256));
      if (found) list += (list.empty() ? "" : ", ") + found->record.thumbprint + " (" + found->record.subject + ")";
    }
    return fail(ErrorKind::kFailed, "CF1712", "several certificates begin with " + std::string(hash) + ": " + list,
                "give more digits");
  }
  CERTFERRY_ASSIGN(std::optional<Found> found, get(*candidates.begin()));
  if (!found) return fail(ErrorKind::kFailed, "CF1710", "a record of the store is missing", "run `certferry doctor`");
  return std::move(*found);
}

Result<std::vector<Found>> Catalog::all() {
  CERTFERRY_ASSIGN(const store::Listing listing, store_.list(kRecords));
  std::vector<Found> records;
  records.reserve(listing.entries.size());
  for (const store::Entry& entry : listing.entries) {
    CERTFERRY_ASSIGN(CertificateRecord record, record_from_json(entry.value));
    records.push_back({std::move(record), entry.revision});
  }
  return records;
}

Result<std::vector<std::string>> Catalog::all_json() {
  CERTFERRY_ASSIGN(store::Listing listing, store_.list(kRecords));
  std::vector<std::string> values;
  values.reserve(listing.entries.size());
  for (store::Entry& entry : listing.entries) values.push_back(std::move(entry.value));
  return values;
}

Result<x509::Certificate> Catalog::certificate(std::string_view sha256) {
  CERTFERRY_ASSIGN(const std::optional<store::Entry> entry, store_.get(kDer + std::string(sha256)));
  const auto der = entry ? from_base64(entry->value) : std::nullopt;
  if (!der) {
    return fail(ErrorKind::kFailed, "CF1710", "the store lacks the certificate " + std::string(sha256),
                "import it again");
  }
  return x509::Certificate::from_der(*der);
}

Result<std::vector<x509::Certificate>> Catalog::listed(const std::string& prefix) {
  CERTFERRY_ASSIGN(const store::Listing listing, store_.list(prefix));
  std::vector<x509::Certificate> certificates;
  for (const store::Entry& entry : listing.entries) {
    CERTFERRY_ASSIGN(x509::Certificate found, certificate(last_part(entry.key)));
    certificates.push_back(std::move(found));
  }
  return certificates;
}

Result<std::vector<x509::Certificate>> Catalog::intermediates(const x509::Name& subject) {
  return listed(subject_index(subject));
}

Result<std::vector<x509::Certificate>> Catalog::issuers_above(const std::vector<x509::Certificate>& known,
                                                              StoredIssuers& cache) {
  std::vector<x509::Certificate> found;
  std::set<std::string> asked;
  std::vector<x509::Certificate> open = known;
  while (!open.empty()) {
    const x509::Certificate child = open.back();
    open.pop_back();
    if (child.self_issued() || !asked.insert(child->issuer.canonical()).second) continue;
    const auto [issuers, fresh] = cache.by_subject.try_emplace(child->issuer.canonical());
    if (fresh) {
      auto stored = intermediates(child->issuer);
      if (!stored) {
        cache.by_subject.erase(issuers);
        return stored;
      }
      issuers->second = std::move(*stored);
    }
    for (const x509::Certificate& issuer : issuers->second) {
      found.push_back(issuer);
      open.push_back(issuer);
    }
  }
  return found;
}

Result<std::vector<x509::Certificate>> Catalog::anchors() { return listed(kAnchors); }

Result<std::vector<checks::StoredCertificate>> Catalog::related(const x509::Certificate& certificate) {
  std::set<std::string> related;
  for (const std::string& prefix : {key_index(certificate->public_key), serial_index(certificate)}) {
    CERTFERRY_ASSIGN(const store::Listing listing, store_.list(prefix));
    for (const store::Entry& entry : listing.entries) related.emplace(last_part(entry.key));
  }
  std::vector<checks::StoredCertificate> stored;
  for (const std::string& sha256 : related) {
    CERTFERRY_ASSIGN(const std::optional<Found> found, get(sha256));
    if (!found) continue;
    CERTFERRY_ASSIGN(const x509::Certificate other, this->certificate(sha256));
    stored.push_back({sha256, found->record.thumbprint, found->record.subject, to_bytes(other->public_key.spki()),
                      other->issuer.canonical(), other->serial, found->record.has_key});
  }
  return stored;
}

Result<std::optional<std::string>> Catalog::with_key(const x509::PublicKey& key) {
  CERTFERRY_ASSIGN(const store::Listing listing, store_.list(key_index(key)));
  for (const store::Entry& entry : listing.entries) {
    CERTFERRY_ASSIGN(const std::optional<Found> found, get(last_part(entry.key)));
    if (found && found->record.has_key) return std::optional(found->record.sha256);
  }
  return std::optional<std::string>();
}

void Catalog::put(store::Batch& batch, const CertificateRecord& record, store::Revision revision,
                  const x509::Certificate& certificate, const std::vector<x509::Certificate>& chain) {
  batch.expect(kRecords + record.sha256, revision);
  batch.put(kRecords + record.sha256, to_json(record));
  batch.put(kDer + record.sha256, base64(certificate->der));
  batch.put(kThumbprints + lower(record.thumbprint), record.sha256);
  batch.put(key_index(certificate->public_key) + record.sha256, "");
  batch.put(serial_index(certificate) + record.sha256, "");
  for (const x509::Certificate& issuer : chain) {
    const std::string der = kDer + issuer.sha256_hex();
    const bool in_batch = std::ranges::any_of(batch.puts, [&](const auto& put) { return put.first == der; });
    if (issuer == certificate || in_batch) continue;
    // Chains share their intermediates: most of them are there already.
    if (const auto there = store_.get(subject_index(issuer->subject) + issuer.sha256_hex()); there && *there) continue;
    batch.put(kDer + issuer.sha256_hex(), base64(issuer->der));
    batch.put(subject_index(issuer->subject) + issuer.sha256_hex(), "");
  }
}

void Catalog::put_anchor(store::Batch& batch, const x509::Certificate& anchor) {
  const std::string der = kDer + anchor.sha256_hex();
  const bool there = std::ranges::any_of(batch.puts, [&](const auto& put) { return put.first == der; });
  const std::string name = kAnchors + anchor.sha256_hex();
  if (there && std::ranges::any_of(batch.puts, [&](const auto& put) { return put.first == name; })) return;
  if (const auto known = store_.get(name); known && *known) return;
  if (!there) batch.put(der, base64(anchor->der));
  batch.put(name, "");
}

Result<> Catalog::remove(store::Batch& batch, std::string_view sha256) {
  CERTFERRY_ASSIGN(const std::optional<Found> found, get(sha256));
  if (!found) return {};
  CERTFERRY_ASSIGN(const x509::Certificate leaf, certificate(sha256));
  const CertificateRecord& record = found->record;
  batch.expect(kRecords + record.sha256, found->revision);
  for (const std::string& key :
       {kRecords + record.sha256, kDer + record.sha256, kThumbprints + lower(record.thumbprint),
        key_index(leaf->public_key) + record.sha256, serial_index(leaf) + record.sha256}) {
    batch.remove(key);
  }
  return {};
}

Result<StoredAssignment> Catalog::assignment(const fleet::Scope& scope, std::string_view type) {
  CERTFERRY_ASSIGN(const std::optional<store::Entry> entry, store_.get(assignment_key(scope, type)));
  if (!entry) {
    fleet::Assignment fresh;
    fresh.scope = scope;
    fresh.type = type;
    return StoredAssignment{std::move(fresh), 0};
  }
  CERTFERRY_ASSIGN(fleet::Assignment assignment, fleet::assignment_from_json(entry->value));
  return StoredAssignment{std::move(assignment), entry->revision};
}

Result<std::vector<StoredAssignment>> Catalog::assignments() {
  CERTFERRY_ASSIGN(const store::Listing listing, store_.list(kAssignments));
  std::vector<StoredAssignment> assignments;
  for (const store::Entry& entry : listing.entries) {
    CERTFERRY_ASSIGN(fleet::Assignment assignment, fleet::assignment_from_json(entry.value));
    assignments.push_back({std::move(assignment), entry.revision});
  }
  return assignments;
}

void Catalog::put(store::Batch& batch, const StoredAssignment& before, const fleet::Assignment& after) {
  const std::string key = assignment_key(after.scope, after.type);
  batch.expect(key, before.revision);
  batch.put(key, fleet::to_json(after));
}

}  // namespace certferry::commands
