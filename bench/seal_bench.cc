// What a fleet costs: sealing a key to a computer, opening it, and the signature of a manifest.
#include <benchmark/benchmark.h>

#include "seal/dsse.h"
#include "seal/keys.h"
#include "seal/sealed_key.h"

namespace certferry::seal {
namespace {

const SealedPlace kPlace{std::string(64, 'f'), "web01.example", "Default", "global", 3, std::string(64, 'a'), false};

void BM_SealKey(benchmark::State& state) {
  const x509::PrivateKey key = *make_key(), computer = *make_key();
  for (auto _ : state) benchmark::DoNotOptimize(seal_key(key, computer.public_key(), kPlace));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_SealKey)->ThreadRange(1, 2)->UseRealTime();

void BM_OpenKey(benchmark::State& state) {
  const x509::PrivateKey key = *make_key(), computer = *make_key();
  const std::string sealed = *seal_key(key, computer.public_key(), kPlace);
  for (auto _ : state) benchmark::DoNotOptimize(open_key(sealed, computer, kPlace, key.public_key()));
}
BENCHMARK(BM_OpenKey);

void BM_SignStatement(benchmark::State& state) {
  const x509::PrivateKey key = *make_key();
  for (auto _ : state) benchmark::DoNotOptimize(sign_statement("manifest", std::string(3000, 'x'), key));
}
BENCHMARK(BM_SignStatement);

void BM_VerifyStatement(benchmark::State& state) {
  const x509::PrivateKey key = *make_key();
  std::size_t number = 0;  // another one each time: a good signature is remembered
  for (auto _ : state) {
    state.PauseTiming();
    Envelope envelope = *sign_statement("manifest", std::string(3000, 'x') + std::to_string(number++), key);
    state.ResumeTiming();
    benchmark::DoNotOptimize(is_signed_by(envelope, key.public_key()));
  }
}
BENCHMARK(BM_VerifyStatement);

}  // namespace
}  // namespace certferry::seal
