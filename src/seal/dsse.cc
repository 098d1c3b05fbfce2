#include "seal/dsse.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "seal/keys.h"

namespace certferry::seal {
namespace {

using nlohmann::json;

std::unexpected<Error> no_envelope(std::string_view why) {
  return fail(ErrorKind::kRejected, "CF2210", "a signed statement cannot be read: " + std::string(why),
              "the store is damaged, or somebody else writes to it");
}

bool has_only(const json& object, std::initializer_list<std::string_view> names) {
  return std::ranges::all_of(object.items(), [&](const auto& item) {
    return std::ranges::find(names, std::string_view(item.key())) != names.end();
  });
}

const std::string* text_at(const json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() ? nullptr : found->get_ptr<const std::string*>();
}

}  // namespace

std::string payload_type(std::string_view kind) { return "application/vnd.certferry." + std::string(kind) + "+json"; }

Bytes pre_authentication(std::string_view type, std::string_view payload) {
  const std::string text = "DSSEv1 " + std::to_string(type.size()) + " " + std::string(type) + " " +
                           std::to_string(payload.size()) + " " + std::string(payload);
  return to_bytes(as_bytes(text));
}

Result<Envelope> sign_statement(std::string_view kind, std::string payload, KeyRef key) {
  Envelope envelope{payload_type(kind), std::move(payload), {}};
  CERTFERRY_ASSIGN(Bytes signature, key.sign(pre_authentication(envelope.payload_type, envelope.payload)));
  envelope.signatures.push_back({key_id(key.public_key().spki()), std::move(signature)});
  return envelope;
}

bool is_signed_by(const Envelope& envelope, const x509::PublicKey& key) {
  const std::string id = key_id(key.spki());
  const Bytes message = pre_authentication(envelope.payload_type, envelope.payload);
  return std::ranges::any_of(envelope.signatures, [&](const Envelope::Signature& one) {
    return one.key_id == id && verifies(key, message, one.signature);
  });
}

std::string to_json(const Envelope& envelope) {
  json signatures = json::array();
  for (const Envelope::Signature& one : envelope.signatures)
    signatures.push_back({{"keyid", one.key_id}, {"sig", base64(one.signature)}});
  return json({{"payloadType", envelope.payload_type},
               {"payload", base64(as_bytes(envelope.payload))},
               {"signatures", std::move(signatures)}})
      .dump();
}

Result<Envelope> envelope_from_json(std::string_view text) {
  if (text.size() > kMaxEnvelope) return no_envelope("it is longer than 1 MiB");
  // Nesting is counted by the parser's own limit of recursion: an envelope is two deep.
  const auto shallow = [](int depth, json::parse_event_t, json&) { return depth <= 3; };
  const json value = json::parse(text, shallow, false);
  if (!value.is_object() || !has_only(value, {"payloadType", "payload", "signatures"}))
    return no_envelope("it is no DSSE envelope");
  const std::string* type = text_at(value, "payloadType");
  const std::string* payload = text_at(value, "payload");
  const auto signatures = value.find("signatures");
  const auto octets = payload ? from_base64(*payload) : std::nullopt;
  if (!type || !octets || signatures == value.end() || !signatures->is_array())
    return no_envelope("it is no DSSE envelope");
  if (signatures->empty() || signatures->size() > kMaxSignatures)
    return no_envelope("it has none or too many signatures");
  Envelope envelope{*type, std::string(as_text(*octets)), {}};
  for (const json& one : *signatures) {
    if (!one.is_object() || !has_only(one, {"keyid", "sig"}))
      return no_envelope("a signature has no key id or no value");
    const std::string* id = text_at(one, "keyid");
    const std::string* value_of = text_at(one, "sig");
    auto signature = value_of ? from_base64(*value_of) : std::nullopt;
    if (!id || !signature) return no_envelope("a signature has no key id or no value");
    envelope.signatures.push_back({*id, std::move(*signature)});
  }
  return envelope;
}

}  // namespace certferry::seal
