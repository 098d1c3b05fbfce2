// Random PKIs, by verify() and by OpenSSL. OpenSSL does not go back to another issuer, so the two need not agree; but
// whatever OpenSSL accepts verify() accepts too, and every path that verify() finds OpenSSL accepts when it is given
// nothing else.
#include <gtest/gtest.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <rapidcheck.h>

#include <memory>

#include "chain/verify.h"
#include "x509/testing/certificate_maker.h"

namespace certferry::chain {
namespace {

using namespace x509::testing;

struct Free {
  void operator()(X509* p) const { X509_free(p); }
  void operator()(X509_STORE* p) const { X509_STORE_free(p); }
  void operator()(X509_STORE_CTX* p) const { X509_STORE_CTX_free(p); }
  void operator()(STACK_OF(X509) * p) const { sk_X509_free(p); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

constexpr const char* kHost = "web.a.example";

class OpensslChain {
 public:
  void trust(const x509::Certificate& certificate) { X509_STORE_add_cert(store_.get(), parsed(certificate)); }
  void offer(const x509::Certificate& certificate) { sk_X509_push(untrusted_.get(), parsed(certificate)); }

  bool accepts(const x509::Certificate& leaf) {
    Owned<X509_STORE_CTX> context(X509_STORE_CTX_new());
    X509_STORE_CTX_init(context.get(), store_.get(), parsed(leaf), untrusted_.get());
    X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context.get());
    X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_USE_CHECK_TIME);
    X509_VERIFY_PARAM_set_time(parameters, kNow.time_since_epoch().count());
    X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_SERVER);
    X509_VERIFY_PARAM_set_hostflags(parameters,
                                    X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    X509_VERIFY_PARAM_set1_host(parameters, kHost, 0);
    return X509_verify_cert(context.get()) == 1;
  }

 private:
  X509* parsed(const x509::Certificate& certificate) {
    const unsigned char* at = certificate->der.data();
    kept_.emplace_back(d2i_X509(nullptr, &at, static_cast<long>(certificate->der.size())));
    return kept_.back().get();
  }

  std::vector<Owned<X509>> kept_;
  Owned<X509_STORE> store_{X509_STORE_new()};
  Owned<STACK_OF(X509)> untrusted_{sk_X509_new_null()};
};

bool once_in(int n) { return *rc::gen::inRange(0, n) == 0; }

template <typename T>
const T& one_of(const std::vector<T>& list) {
  return list[*rc::gen::inRange<std::size_t>(0, list.size())];
}

RawExtension name_constraints() {
  const Bytes subtree =
      der_sequence({der_element(0x82, as_bytes(*rc::gen::element("a.example", "b.example", "web.a.example")))});
  return {"2.5.29.30", der_sequence({der_element(once_in(2) ? 0xa0 : 0xa1, subtree)}), true};
}

// A CA that is as it should be, or off in one of the ways that path validation is there for.
CertificateSpec random_ca(int name, std::uint8_t serial) {
  CertificateSpec spec;
  spec.subject = {{"CN", "CA " + std::to_string(name)}};
  spec.key = TestKey::named("differential " + std::to_string(name));
  spec.serial = {0x01, serial};
  if (!once_in(12)) spec.ca = true;
  spec.key_usage = once_in(12) ? x509::kDigitalSignature : x509::kKeyCertSign;
  if (spec.ca && once_in(4)) spec.path_length = *rc::gen::inRange(0, 3);
  if (once_in(8)) spec.not_after = kNow - std::chrono::days(1);
  if (once_in(4))
    spec.extended_key_usage = {*rc::gen::element<std::string>("serverAuth", "serverAuth", "emailProtection")};
  if (once_in(4)) spec.extensions = {name_constraints()};
  return spec;
}

struct Pki {
  std::vector<x509::Certificate> anchors;
  std::vector<x509::Certificate> untrusted;
  std::optional<x509::Certificate> leaf;
};

Pki random_pki() {
  Pki pki;
  std::vector<MadeCertificate> made;
  const int roots = *rc::gen::inRange(1, 3);
  for (int i = 0; i < roots; ++i) {
    made.push_back(make_certificate(random_ca(i, static_cast<std::uint8_t>(made.size() + 1))));
    (i == 0 || once_in(2) ? pki.anchors : pki.untrusted).push_back(made.back().certificate());
  }
  const int intermediates = *rc::gen::inRange(1, 9);
  for (int i = 0; i < intermediates; ++i) {
    const int name = *rc::gen::inRange(0, 6);
    const MadeCertificate issuer = one_of(made);
    made.push_back(make_certificate(random_ca(name, static_cast<std::uint8_t>(made.size() + 1)), &issuer));
    (once_in(10) ? pki.anchors : pki.untrusted).push_back(made.back().certificate());
  }
  // No wildcard: verify() excludes one whose names may be excluded (CVE-2025-61727), OpenSSL 3.0 does not.
  const CertificateSpec spec = server_spec({kHost});
  const MadeCertificate issuer = one_of(made);
  pki.leaf = make_certificate(spec, &issuer).certificate();
  return pki;
}

Verdict by_certferry(const Pki& pki) {
  Options options;
  options.now = kNow;
  options.purpose = x509::oid::kServerAuth;
  options.names = {*Reference::from_text(kHost)};
  return verify(*pki.leaf, pki.untrusted, {pki.anchors, nullptr}, options);
}

TEST(Differential, AcceptsWhatOpensslAcceptsAndOnlyPathsThatItAcceptsToo) {
  EXPECT_TRUE(rc::check([] {
    const Pki pki = random_pki();
    const Verdict verdict = by_certferry(pki);
    OpensslChain all;
    for (const auto& certificate : pki.anchors) all.trust(certificate);
    for (const auto& certificate : pki.untrusted) all.offer(certificate);
    for (const Finding& finding : verdict.findings) RC_LOG() << finding.id << " " << finding.message << "\n";
    for (const auto& certificate : verdict.path) RC_LOG() << certificate.pem();
    if (all.accepts(*pki.leaf)) RC_ASSERT(verdict.valid);
    RC_CLASSIFY(verdict.valid, "valid");
    if (!verdict.valid) return;
    OpensslChain path;
    path.trust(verdict.path.back());
    for (std::size_t i = 1; i + 1 < verdict.path.size(); ++i) path.offer(verdict.path[i]);
    RC_ASSERT(path.accepts(*pki.leaf));
  }));
}

}  // namespace
}  // namespace certferry::chain
