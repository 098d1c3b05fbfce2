// make_pfx DIR COUNT [ITERATIONS]: a root, two intermediates, and COUNT leaves on P-256, each in DIR/files/<n>.pfx with
// both intermediates (AES-256, PBKDF2 and MAC with SHA-256 and ITERATIONS, 2,048 unless told). Also DIR/root.pem and
// DIR/password. Much faster than a loop over openssl(1), and written by another library than the one that is measured.
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "openssl_owners.h"

namespace {

namespace fs = std::filesystem;
using certferry::bench::CertificatePtr;
using certferry::bench::CertificatesPtr;
using certferry::bench::EvpKeyPtr;
using certferry::bench::ExtensionPtr;
using certferry::bench::FilePtr;
using certferry::bench::PfxPtr;

constexpr const char* kPassword = "benchmark";

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "make_pfx: %s failed\n", what);
  std::exit(1);
}

struct Entity {
  CertificatePtr certificate;
  EvpKeyPtr key;
};

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  require(extension && X509_add_ext(certificate, extension.get(), -1) == 1, value.c_str());
}

// Signed by `issuer`, or with its own key where that is null. `serial` is unique below one issuer.
Entity make(const std::string& common_name, long serial, bool ca, const Entity* issuer) {
  Entity made{CertificatePtr(X509_new()), EvpKeyPtr(EVP_EC_gen("P-256"))};
  X509* certificate = made.certificate.get();
  X509* signer = issuer != nullptr ? issuer->certificate.get() : certificate;
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -24L * 3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), (ca ? 3650L : 90L) * 24 * 3600);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1, 0);
  X509_set_issuer_name(certificate, X509_get_subject_name(signer));
  X509_set_pubkey(certificate, made.key.get());
  add_extension(certificate, signer, NID_basic_constraints, ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
  add_extension(certificate, signer, NID_key_usage, ca ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature");
  add_extension(certificate, signer, NID_subject_key_identifier, "hash");
  if (issuer != nullptr) add_extension(certificate, signer, NID_authority_key_identifier, "keyid:always");
  if (!ca) {
    add_extension(certificate, signer, NID_ext_key_usage, "serverAuth,clientAuth");
    add_extension(certificate, signer, NID_subject_alt_name, "DNS:" + common_name);
  }
  EVP_PKEY* signing_key = issuer != nullptr ? issuer->key.get() : made.key.get();
  require(X509_sign(certificate, signing_key, EVP_sha256()) > 0, "signing");
  return made;
}

// Calls `write` with the open file; what it wrote is complete when this returns.
template <typename Write>
void write_file(const fs::path& path, Write write) {
  FilePtr file(std::fopen(path.c_str(), "wb"));
  require(file && write(file.get()) && std::fclose(file.release()) == 0, path.c_str());
}

void write_pfx(const fs::path& path, const Entity& leaf, const std::vector<const Entity*>& chain, int iterations) {
  const CertificatesPtr others(sk_X509_new_null());
  for (const Entity* each : chain) {
    X509_up_ref(each->certificate.get());
    sk_X509_push(others.get(), each->certificate.get());
  }
  const PfxPtr pfx(PKCS12_create(kPassword, nullptr, leaf.key.get(), leaf.certificate.get(), others.get(),
                                 NID_aes_256_cbc, NID_aes_256_cbc, iterations, -1, 0));
  require(pfx && PKCS12_set_mac(pfx.get(), kPassword, -1, nullptr, 8, iterations, EVP_sha256()) == 1, "PKCS12");
  write_file(path, [&](std::FILE* file) { return i2d_PKCS12_fp(file, pfx.get()) == 1; });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3 || argc > 4) {
    std::fprintf(stderr, "usage: make_pfx DIR COUNT [ITERATIONS]\n");
    return 2;
  }
  const fs::path folder = argv[1];
  const int count = std::atoi(argv[2]);
  const int iterations = argc == 4 ? std::atoi(argv[3]) : 2048;
  fs::create_directories(folder / "files");

  const Entity root = make("Benchmark Root", 1, true, nullptr);
  const Entity outer = make("Benchmark Intermediate 1", 2, true, &root);
  const Entity inner = make("Benchmark Intermediate 2", 3, true, &outer);
  write_file(folder / "root.pem", [&](std::FILE* file) { return PEM_write_X509(file, root.certificate.get()) == 1; });
  write_file(folder / "password", [](std::FILE* file) { return std::fputs(kPassword, file) >= 0; });

  const auto make_some = [&](int first) {
    for (int i = first; i < count; i += 2) {
      const Entity leaf = make("host-" + std::to_string(i) + ".example", 1000 + i, false, &inner);
      write_pfx(folder / "files" / (std::to_string(i) + ".pfx"), leaf, {&inner, &outer}, iterations);
    }
  };
  std::thread other(make_some, 1);
  make_some(0);
  other.join();
  return 0;
}
