#include <fmt/format.h>

#include <algorithm>

#include "checks/rules.h"

namespace certferry::checks {

void defects(const Context& context, Reporter& report) {
  namespace oid = x509::oid;
  using Kind = x509::Defect::Kind;
  for (const x509::Defect& defect : context.leaf->defects) {
    // Clients cannot tell what the certificate is for, or read two different answers.
    bool decisive = defect.oid == oid::kSubjectAltName || defect.oid == oid::kKeyUsage ||
                    defect.oid == oid::kExtendedKeyUsage || defect.oid == oid::kBasicConstraints;
    bool fatal = defect.kind == Kind::kDuplicateExtension || defect.kind == Kind::kSignatureAlgorithmMismatch ||
                 (defect.kind == Kind::kMalformedExtension && decisive);
    // Serial numbers and versions have rows of their own.
    if (defect.kind == Kind::kSerial || defect.kind == Kind::kVersion) continue;
    report.add(fatal ? Severity::kFatal : Severity::kWarning, defect.message);
  }
}

void serial_number(const Context& context, Reporter& report) {
  const Bytes& serial = context.leaf->serial;
  bool zero = std::ranges::all_of(serial, [](std::uint8_t octet) { return octet == 0; });
  for (const x509::Defect& defect : context.leaf->defects) {
    if (defect.kind == x509::Defect::Kind::kSerial) report.add(defect.message);
  }
  if (serial.empty()) return;
  if (zero) {
    report.add("the serial number is zero");
  } else if ((serial.front() & 0x80) != 0) {
    report.add("the serial number is negative");
  } else if (serial.size() > 20) {
    report.add(fmt::format("the serial number has {} octets, 20 are the most", serial.size()));
  } else if (serial.size() < 8 && context.chain_result && context.chain_result->public_anchor) {
    report.add(
        fmt::format("the serial number has {} bits, public CAs must use 64 that nobody can guess", serial.size() * 8));
  }
}

void version(const Context& context, Reporter& report) {
  if (context.leaf->version != 3) report.add(fmt::format("it is an X.509 v{} certificate", context.leaf->version));
  for (const x509::Defect& defect : context.leaf->defects) {
    if (defect.kind == x509::Defect::Kind::kVersion) report.add(defect.message);
  }
}

void self_signed(const Context& context, Reporter& report) {
  if (context.leaf.self_signed()) report.add("the certificate is signed with its own key: no CA vouches for it");
}

void key_identifiers(const Context& context, Reporter& report) {
  const auto& leaf = context.leaf;
  if (leaf->version != 3) return;
  if (!leaf->authority_key_id && !leaf.self_signed()) {
    report.add("the authority key identifier is missing: chains are found by names alone");
  }
}

}  // namespace certferry::checks
