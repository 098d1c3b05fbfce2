#include "commands/facts.h"

#include <nlohmann/json.hpp>

namespace certferry::commands {

using nlohmann::ordered_json;

ordered_json certificate_json(const x509::Certificate& certificate) {
  ordered_json json = {
      {"sha256", certificate.sha256_hex()},
      {"thumbprint", certificate.thumbprint()},
      {"subject", certificate->subject.text()},
      {"issuer", certificate->issuer.text()},
      {"serial_number", certificate.serial_hex()},
      {"not_before", rfc3339(certificate->not_before)},
      {"not_after", rfc3339(certificate->not_after)},
      {"names", certificate.names()},
      {"key", certificate->public_key.text()},
      {"signature", x509::signature_algorithm(certificate->signature_algorithm).name},
      {"ca", certificate.is_ca()},
      {"self_issued", certificate.self_issued()},
  };
  return json;
}

ordered_json protection_json(const x509::Protection& protection) {
  ordered_json parts = ordered_json::array();
  for (const x509::Encryption& encryption : protection.encryptions) {
    parts.push_back({{"what", encryption.what},
                     {"scheme", encryption.scheme},
                     {"cipher", encryption.cipher},
                     {"kdf", encryption.kdf},
                     {"prf", encryption.prf},
                     {"iterations", encryption.iterations}});
  }
  ordered_json mac = nullptr;
  if (protection.mac) {
    mac = {{"algorithm", protection.mac->algorithm},
           {"kdf", protection.mac->kdf},
           {"iterations", protection.mac->iterations}};
  }
  return {{"encryption", std::move(parts)}, {"mac", std::move(mac)}, {"password_used", protection.password_used}};
}

ordered_json findings_json(const Findings& findings) {
  ordered_json list = ordered_json::array();
  for (const Finding& finding : findings) {
    list.push_back({{"id", finding.id},
                    {"severity", name_of(finding.severity)},
                    {"message", finding.message},
                    {"fix", finding.fix},
                    {"source", finding.source}});
  }
  return list;
}

ordered_json error_json(const Error* error) {
  if (!error) return nullptr;
  return {{"id", error->id}, {"message", error->message}, {"fix", error->fix}};
}

std::string dump(const ordered_json& json) {
  // Messages quote foreign text; what is not UTF-8 must not stop the answer.
  return json.dump(-1, ' ', /*ensure_ascii=*/true, ordered_json::error_handler_t::replace);
}

std::string date_text(Time time) { return rfc3339(time).substr(0, 10); }

}  // namespace certferry::commands
