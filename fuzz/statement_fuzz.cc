// What a computer reads out of a store that it does not believe: envelopes, statements, sealed keys, join tokens. Never a
// crash, and what was read is read again from what it is written as.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "fleet/statements.h"
#include "seal/dsse.h"
#include "seal/join_token.h"
#include "seal/keys.h"
#include "seal/sealed_key.h"
#include "seal/trust.h"

namespace {

namespace fleet = certferry::fleet;
namespace seal = certferry::seal;
using certferry::x509::PrivateKey;

void require(bool condition) {
  if (!condition) std::abort();
}

template <typename Result>
void is_explained(const Result& result) {
  require(result || (result.error().id.starts_with("CF") && !result.error().message.empty()));
}

template <typename Statement>
void statement_holds(std::string_view text) {
  const auto read = fleet::statement_from_json<Statement>(text);
  is_explained(read);
  if (!read) return;
  const auto again = fleet::statement_from_json<Statement>(fleet::to_json(*read));
  require(again && *again == *read);
}

void statements_hold(std::string_view text) {
  statement_holds<fleet::Delegation>(text);
  statement_holds<fleet::Enrolment>(text);
  statement_holds<fleet::Member>(text);
  statement_holds<fleet::Manifest>(text);
  statement_holds<fleet::Status>(text);
}

// Nothing that was not signed by the root, whose key nobody has, is ever taken.
void is_refused(std::string_view text) {
  static const PrivateKey kRoot = *seal::make_key();
  static const seal::Trust kTrust =
      *seal::Trust::make(seal::fingerprint(kRoot.public_key().spki()), kRoot.public_key().spki());
  const certferry::Time now{};
  require(!kTrust.manifest(text, {}, now) && !kTrust.enrolment(text, now) && !kTrust.member(text, now));
  require(!kTrust.joined(text, text));
  require(!seal::Trust(kTrust).add_delegation(text));
  require(!seal::open_key(text, kRoot, {}, kRoot.public_key()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = certferry::as_text({data, size});
  statements_hold(text);
  is_refused(text);
  const auto envelope = seal::envelope_from_json(text);
  is_explained(envelope);
  if (envelope) {
    statements_hold(envelope->payload);
    const auto again = seal::envelope_from_json(seal::to_json(*envelope));
    require(again && *again == *envelope);
  }
  const auto token = seal::join_token_from(text);
  is_explained(token);
  if (token) {
    const auto again = seal::join_token_from(seal::to_text(*token).text());
    require(again && again->computer == token->computer && again->key.pkcs8() == token->key.pkcs8());
  }
  return 0;
}
