#include <fmt/format.h>

#include <algorithm>

#include "checks/rules.h"

namespace certferry::checks {
namespace {

using x509::KeyAlgorithm;
using x509::PublicKey;

bool rsa(const PublicKey& key) {
  return key.algorithm() == KeyAlgorithm::kRsa || key.algorithm() == KeyAlgorithm::kRsaPss;
}

bool edwards(const PublicKey& key) {
  return key.algorithm() == KeyAlgorithm::kEd25519 || key.algorithm() == KeyAlgorithm::kEd448;
}

bool for_tls(const Context& context) {
  return std::ranges::any_of(context.types, [](const fleet::Type& type) { return type.tls(); });
}

bool broken(std::string_view digest) { return digest.starts_with("MD"); }

}  // namespace

void key_matches(const Context& context, Reporter& report) {
  if (!context.private_key || *context.private_key == context.leaf->public_key) return;
  report.add(fmt::format("the private key ({}) does not belong to the certificate ({})", context.private_key->text(),
                         context.leaf->public_key.text()));
}

void key_present(const Context& context, Reporter& report) {
  if (context.private_key_expected && !context.private_key) {
    report.add("there is no private key for the certificate, neither in the file nor stored");
  }
}

void key_algorithm(const Context& context, Reporter& report) {
  const PublicKey& key = context.leaf->public_key;
  if (!key.importable() && !key.explicit_curve())
    report.add(fmt::format("servers do not take the key: {}", key.text()));
}

void explicit_curve(const Context& context, Reporter& report) {
  if (context.leaf->public_key.explicit_curve()) {
    report.add("the curve of the key is spelled out by its parameters; it must be named");
  }
}

void rsa_size(const Context& context, Reporter& report) {
  const PublicKey& key = context.leaf->public_key;
  if (!rsa(key)) return;
  if (key.bits() < 2048) {
    report.add(fmt::format("the RSA key has {} bits, 2048 are the least that is safe", key.bits()));
  } else if (key.bits() > 8192) {
    report.add(Severity::kWarning, fmt::format("the RSA key has {} bits: every handshake is slow", key.bits()),
               "use 2048 to 4096 bits, or EC P-256");
  }
}

void rsa_exponent(const Context& context, Reporter& report) {
  const PublicKey& key = context.leaf->public_key;
  if (!rsa(key)) return;
  std::uint64_t exponent = key.rsa_exponent();
  if (exponent == 0) {
    report.add(Severity::kWarning, "the RSA key's public exponent has more than 64 bits: many clients refuse it");
  } else if (exponent % 2 == 0 || exponent == 1) {
    report.add(fmt::format("the RSA key's public exponent is {}: signatures by it mean nothing", exponent));
  } else if (exponent < 65537) {
    report.add(Severity::kWarning, fmt::format("the RSA key's public exponent is {}, 65537 is the least", exponent));
  }
}

void key_for_type(const Context& context, Reporter& report) {
  const PublicKey& key = context.leaf->public_key;
  for (const fleet::Type& type : context.types) {
    bool ec = key.algorithm() == KeyAlgorithm::kEc;
    int least = rsa(key) ? type.least_rsa_bits : ec ? type.least_ec_bits : 0;
    if ((rsa(key) || ec) && least == 0) {
      report.add(fmt::format("{} takes no {} keys", type.name, name_of(key.algorithm())));
    } else if ((rsa(key) || ec) && key.bits() < least) {
      report.add(fmt::format("{} takes {} keys from {} bits, this one has {}", type.name, name_of(key.algorithm()),
                             least, key.bits()));
    } else if (edwards(key) && !type.eddsa) {
      report.add(fmt::format("{} takes no {} keys", type.name, name_of(key.algorithm())));
    }
  }
}

void key_known_to_clients(const Context& context, Reporter& report) {
  const PublicKey& key = context.leaf->public_key;
  if (!for_tls(context) || !(edwards(key) || key.algorithm() == KeyAlgorithm::kRsaPss)) return;
  report.add(fmt::format("browsers and many libraries do not know {} keys", name_of(key.algorithm())));
}

void signature_digest(const Context& context, Reporter& report) {
  if (context.leaf.self_signed()) return;
  x509::SignatureAlgorithm algorithm = x509::signature_algorithm(context.leaf->signature_algorithm);
  if (broken(algorithm.digest)) {
    report.add(fmt::format("the certificate is signed with {}: anybody can forge it", algorithm.digest));
  } else if (algorithm.digest == "SHA-1") {
    // OpenSSL from security level 1 on does not load such a certificate: the service would not start.
    report.add(for_tls(context) ? Severity::kFatal : Severity::kWarning,
               "the certificate is signed with SHA-1, which clients and servers refuse");
  }
}

void chain_strength(const Context& context, Reporter& report) {
  for (const x509::Certificate& certificate : context.chain) {
    const PublicKey& key = certificate->public_key;
    if (rsa(key) && key.bits() < 2048) {
      report.add(fmt::format("the key of {} has {} bits, 2048 are the least that is safe", certificate->subject.label(),
                             key.bits()));
    }
    // Nobody looks at the signature of a root.
    if (certificate.self_signed()) continue;
    x509::SignatureAlgorithm algorithm = x509::signature_algorithm(certificate->signature_algorithm);
    if (broken(algorithm.digest) || algorithm.digest == "SHA-1") {
      report.add(fmt::format("{} is signed with {}", certificate->subject.label(), algorithm.digest));
    }
  }
}

}  // namespace certferry::checks
