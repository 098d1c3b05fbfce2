// What reading a certificate costs, beside OpenSSL's own reader.
#include <openssl/x509.h>

#include <benchmark/benchmark.h>

#include "x509/certificate.h"
#include "x509/testing/certificate_maker.h"

namespace {

namespace x509 = certferry::x509;

const certferry::Bytes& sample() {
  static const certferry::Bytes der = [] {
    const auto spec = x509::testing::server_spec({"www.example.com", "example.com"});
    return x509::testing::make_certificate(spec).der;
  }();
  return der;
}

void read_certificate(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(x509::Certificate::from_der(sample()));
}
BENCHMARK(read_certificate);

void read_certificate_with_openssl(benchmark::State& state) {
  for (auto _ : state) {
    const unsigned char* at = sample().data();
    X509* certificate = d2i_X509(nullptr, &at, static_cast<long>(sample().size()));
    benchmark::DoNotOptimize(certificate);
    X509_free(certificate);
  }
}
BENCHMARK(read_certificate_with_openssl);

}  // namespace
