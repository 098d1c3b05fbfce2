#include "seal/join_token.h"

#include <nlohmann/json.hpp>

#include "fleet/json.h"
#include "seal/keys.h"
#include "x509/digest.h"

namespace certferry::seal {
namespace {

using nlohmann::json;

constexpr std::string_view kPrefix = "cf1.", kInvitationPrefix = "cfi1.";
constexpr std::string_view kKey = "\"key\":\"";
constexpr std::size_t kCheckDigits = 8;
constexpr std::size_t kLongest = 8192;

std::string check_digits(std::string_view body) {
  return hex_lower(x509::sha256(as_bytes(body))).substr(0, kCheckDigits);
}

std::unexpected<Error> no_token(std::string_view why) {
  return fail(ErrorKind::kUsage, "CF2220", "this is no join token: " + std::string(why),
              "copy the whole line that `certferry computer add` printed, or have it print a new one");
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

// What is between the prefix and the digits.
Result<Secret> body_of(std::string_view text, std::string_view prefix) {
  text = trimmed(text);
  if (!text.starts_with(prefix)) return no_token("it does not begin with \"" + std::string(prefix) + "\"");
  if (text.size() > kLongest) return no_token("it is too long");
  const std::size_t dot = text.rfind('.');
  if (dot < prefix.size() || text.substr(dot + 1) != check_digits(text.substr(0, dot)))
    return no_token("it is cut off or was changed on the way");
  auto body = from_base64url(text.substr(prefix.size(), dot - prefix.size()));
  if (!body) return no_token("it is cut off or was changed on the way");
  return Secret(std::move(*body));
}

}  // namespace

Secret to_text(const JoinToken& token) {
  const std::string rest = json({{"computer", json::parse(fleet::to_json(token.computer))},
                                 {"fleet", token.fleet},
                                 {"root", base64(token.root)},
                                 {"relays", token.relays},
                                 {"not_after", rfc3339(token.not_after)}})
                               .dump();
  // By hand: what the library copies it does not wipe. Nor does a string that grows.
  std::string key = base64(token.key.pkcs8().view()), body, text;
  body.reserve(kKey.size() + key.size() + rest.size() + 2);
  body.append("{").append(kKey).append(key).append("\",").append(std::string_view(rest).substr(1));
  std::string coded = base64url(as_bytes(body));
  text.reserve(kPrefix.size() + coded.size() + 1 + kCheckDigits);
  text.append(kPrefix).append(coded);
  text.append("." + check_digits(text));
  Secret whole{std::string_view(text)};
  for (std::string* left : {&key, &body, &coded, &text})
    wipe({reinterpret_cast<std::uint8_t*>(left->data()), left->size()});
  return whole;
}

Result<JoinToken> join_token_from(std::string_view text) {
  CERTFERRY_ASSIGN(const Secret held, body_of(text, kPrefix));
  // The parser never sees the key: it would leave copies.
  const std::string_view all = held.text();
  const std::size_t begin = all.find(kKey), end = all.find('"', begin == all.npos ? all.npos : begin + kKey.size());
  if (end == all.npos) return no_token("a field of it is missing");
  const std::string_view key_text = all.substr(begin + kKey.size(), end - begin - kKey.size());
  const std::string rest = std::string(all.substr(0, begin + kKey.size())) + std::string(all.substr(end));
  const json value = json::parse(rest, nullptr, false);
  try {
    const auto not_after = from_rfc3339(value.at("not_after").get<std::string>());
    auto octets = from_base64(key_text);
    auto root = from_base64(value.at("root").get_ref<const std::string&>());
    auto computer = fleet::computer_from_json(value.at("computer").dump());
    std::string fleet = value.at("fleet");
    if (!not_after || !octets || !root || !computer || fingerprint(*root) != fleet)
      return no_token("a field of it means nothing");
    const Secret pkcs8(std::move(*octets));
    CERTFERRY_ASSIGN(x509::PrivateKey key, x509::PrivateKey::from_pkcs8(pkcs8.view()));
    return JoinToken{std::move(*computer), std::move(fleet),
                     std::move(*root),     value.at("relays").get<std::vector<std::string>>(),
                     *not_after,           std::move(key)};
  } catch (const json::exception&) {
    return no_token("a field of it is missing");
  }
}

std::string to_text(const Invitation& invitation) {
  const std::string body =
      json({{"fleet", invitation.fleet}, {"root", base64(invitation.root)}, {"relays", invitation.relays}}).dump();
  const std::string text = std::string(kInvitationPrefix) + base64url(as_bytes(body));
  return text + "." + check_digits(text);
}

bool is_invitation(std::string_view text) { return trimmed(text).starts_with(kInvitationPrefix); }

Result<Invitation> invitation_from(std::string_view text) {
  CERTFERRY_ASSIGN(const Secret body, body_of(text, kInvitationPrefix));
  const json value = json::parse(body.text(), nullptr, false);
  try {
    const auto root = from_base64(value.at("root").get_ref<const std::string&>());
    Invitation made{value.at("fleet"), {}, value.at("relays").get<std::vector<std::string>>()};
    if (!root || fingerprint(*root) != made.fleet) return no_token("a field of it means nothing");
    made.root = *root;
    return made;
  } catch (const json::exception&) {
    return no_token("a field of it is missing");
  }
}

}  // namespace certferry::seal
