#include "seal/sealed_key.h"

#include <nlohmann/json.hpp>

#include "seal/hpke.h"
#include "seal/keys.h"

namespace certferry::seal {
namespace {

using nlohmann::json;

constexpr std::string_view kInfo = "certferry sealed key v1";

// nlohmann's objects are sorted by their keys and dump() writes no blanks: one place, one text. It has none for octets that
// are no UTF-8, and putting another character for them would make one text of two places.
Result<std::string> associated(const SealedPlace& place) {
  try {
    return json({{"fleet", place.fleet},
                 {"computer", place.computer},
                 {"type", place.type},
                 {"scope", place.scope},
                 {"generation", place.generation},
                 {"sha256", place.sha256},
                 {"exportable", place.exportable}})
        .dump();
  } catch (const json::type_error&) {
    return fail(ErrorKind::kRejected, "CF2207", "a name that a key is to be sealed for is no UTF-8",
                "give the site, the pool or the computer another name");
  }
}

std::string digest_of(const x509::PublicKey& recipient, std::string_view bound) {
  return fingerprint(as_bytes(key_id(recipient.spki()) + " " + std::string(bound)));
}

Result<HpkeMessage> message_of(std::string_view text) {
  const auto refused = [] {
    return fail(ErrorKind::kRejected, "CF2206", "a sealed key cannot be read",
                "the store is damaged, or somebody else writes to it");
  };
  const json value = json::parse(text, nullptr, false);
  if (!value.is_object() || value.size() != 4 || value.value("schema", json()) != 1) return refused();
  const auto octets = [&](const char* name) -> std::optional<Bytes> {
    const auto found = value.find(name);
    const std::string* const encoded = found == value.end() ? nullptr : found->get_ptr<const std::string*>();
    return encoded ? from_base64(*encoded) : std::nullopt;
  };
  auto enc = octets("enc"), ciphertext = octets("ct");
  if (!enc || !ciphertext) return refused();
  return HpkeMessage{std::move(*enc), std::move(*ciphertext)};
}

}  // namespace

Result<std::string> seal_key(const x509::PrivateKey& key, const x509::PublicKey& recipient, const SealedPlace& place) {
  CERTFERRY_ASSIGN(const Bytes point, point_of(recipient));
  CERTFERRY_ASSIGN(const std::string bound, associated(place));
  CERTFERRY_ASSIGN(const HpkeMessage message, hpke_seal(point, as_bytes(kInfo), as_bytes(bound), key.pkcs8().view()));
  return json({{"schema", 1},
               {"for", digest_of(recipient, bound)},
               {"enc", base64(message.enc)},
               {"ct", base64(message.ciphertext)}})
      .dump();
}

bool is_sealed_for(std::string_view text, const x509::PublicKey& recipient, const SealedPlace& place) {
  const json value = json::parse(text, nullptr, false);
  const auto bound = associated(place);
  return bound && value.is_object() && value.value("for", json()) == digest_of(recipient, *bound);
}

Result<x509::PrivateKey> open_key(std::string_view text, KeyRef own, const SealedPlace& place,
                                  const x509::PublicKey& certificate) {
  CERTFERRY_ASSIGN(const HpkeMessage message, message_of(text));
  CERTFERRY_ASSIGN(const std::string bound, associated(place));
  CERTFERRY_ASSIGN(const Secret pkcs8, hpke_open(own, message, as_bytes(kInfo), as_bytes(bound)));
  CERTFERRY_ASSIGN(x509::PrivateKey key, x509::PrivateKey::from_pkcs8(pkcs8.view()));
  if (key.public_key() == certificate) return key;
  return fail(ErrorKind::kRejected, "CF2205", "a sealed key does not belong to its certificate",
              "nothing was taken over; whoever sealed it mixed two certificates: see the audit");
}

}  // namespace certferry::seal
