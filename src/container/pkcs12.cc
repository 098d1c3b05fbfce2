#include "container/pkcs12.h"

#include "container/ber.h"
#include "container/pkcs12_mac.h"
#include "x509/der.h"
#include "x509/name.h"
#include "x509/oid.h"

namespace certferry::container {
namespace {

using namespace std::string_view_literals;
using x509::to_oid;
constexpr x509::Oid kData = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"sv;
constexpr x509::Oid kEncryptedData = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x06"sv;
constexpr x509::Oid kEnvelopedData = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03"sv;
constexpr x509::Oid kSignedData = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"sv;
constexpr x509::Oid kBagPrefix = "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01"sv;
constexpr x509::Oid kX509Certificate = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x16\x01"sv;
constexpr x509::Oid kFriendlyName = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x14"sv;
enum Bag : std::uint8_t {
  kKeyBag = 1,
  kShroudedKeyBag = 2,
  kCertBag = 3,
  kCrlBag = 4,
  kSecretBag = 5,
  kSafeContentsBag = 6
};

std::unexpected<Error> malformed(std::string_view what) {
  return fail(ErrorKind::kRejected, "CF1208",
              "the file is damaged: " + std::string(what) + " of the PFX cannot be read",
              "export it again, or copy it again in binary mode");
}

std::unexpected<Error> public_key_mode() {
  return fail(ErrorKind::kUnsupported, "CF1218", "the PFX is protected by a public key instead of a password",
              "export it with a password");
}

struct ContentInfo {
  x509::Oid type;
  ByteView content;  // of the [0]
};

std::optional<ContentInfo> read_content_info(der::Reader& reader) {
  const auto sequence = reader.next(der::kSequence);
  if (!sequence) return std::nullopt;
  der::Reader fields(sequence->content);
  const auto type = fields.next(der::kOid);
  if (!type) return std::nullopt;
  const auto content = fields.next(der::context(0));
  return ContentInfo{to_oid(type->content), content ? content->content : ByteView()};
}

struct EncryptedData {
  Scheme scheme;
  Bytes ciphertext;
};

// EncryptedData of RFC 5652 section 8; the ciphertext is [0] IMPLICIT OCTET STRING, in one piece or (BER) in several.
Result<EncryptedData> read_encrypted_data(ByteView content) {
  const auto sequence = der::Reader(content).next(der::kSequence);
  if (!sequence) return malformed("an encrypted part");
  der::Reader fields(sequence->content);
  const auto version = fields.next(der::kInteger);
  const auto info = fields.next(der::kSequence);
  if (!version || !info) return malformed("an encrypted part");
  der::Reader parts(info->content);
  const auto type = parts.next(der::kOid);
  const auto algorithm = parts.next(der::kSequence);
  if (!type || !algorithm) return malformed("an encrypted part");
  CERTFERRY_ASSIGN(Scheme scheme, Scheme::parse(algorithm->whole));
  EncryptedData data{std::move(scheme), {}};
  constexpr std::uint8_t kPrimitive = 0x80;
  if (const auto whole = parts.next(kPrimitive)) {
    data.ciphertext = to_bytes(whole->content);
  } else if (const auto pieces = parts.next(der::context(0))) {
    for (der::Reader reader(pieces->content); !reader.at_end();) {
      const auto piece = reader.next(der::kOctetString);
      if (!piece) return malformed("an encrypted part");
      data.ciphertext.insert(data.ciphertext.end(), piece->content.begin(), piece->content.end());
    }
  }
  return data;
}

bool is_safe_contents(ByteView plain) {
  const auto normalized = normalize(plain, 32);
  if (!normalized || normalized->der.empty() || normalized->der[0] != der::kSequence) return false;
  const auto outer = der::Reader(normalized->der).next(der::kSequence);
  return outer && (outer->content.empty() || outer->content[0] == der::kSequence);
}

std::string friendly_name(der::Reader& bag) {
  const auto attributes = bag.next(der::kSet);
  if (!attributes) return "";
  for (der::Reader list(attributes->content); !list.at_end();) {
    const auto attribute = list.next(der::kSequence);
    if (!attribute) return "";
    der::Reader fields(attribute->content);
    const auto type = fields.next(der::kOid);
    const auto values = fields.next(der::kSet);
    if (!type || !values || to_oid(type->content) != kFriendlyName) continue;
    const auto value = der::Reader(values->content).next();
    return value ? x509::string_from_asn1(value->tag, value->content).value_or("") : "";
  }
  return "";
}

// Walks the bags of one SafeContents.
class BagReader {
 public:
  explicit BagReader(Contents& contents) : contents_(contents) {}

  // `safe_contents` as it lies in the file, perhaps BER.
  [[nodiscard]] Result<> read(ByteView safe_contents, std::size_t depth) {
    if (depth == 0) {
      return fail(ErrorKind::kRejected, "CF1209", "the file is nested too deeply",
                  "no real certificate file is: do not trust its source");
    }
    CERTFERRY_ASSIGN(Normalized normalized, normalize(safe_contents, contents_.budget().limits().depth));
    const Secret clear(std::move(normalized.der));  // may hold keys in the clear
    const auto sequence = der::Reader(clear.view()).next(der::kSequence);
    if (!sequence) return malformed("a list of bags");
    for (der::Reader list(sequence->content); !list.at_end();) {
      const auto bag = list.next(der::kSequence);
      if (!bag) return malformed("a bag");
      CERTFERRY_TRY(read_bag(bag->content, depth));
    }
    return {};
  }

 private:
  [[nodiscard]] Result<> read_bag(ByteView bag, std::size_t depth) {
    der::Reader fields(bag);
    const auto type = fields.next(der::kOid);
    const auto value = fields.next(der::context(0));
    if (!type || !value) return malformed("a bag");
    const x509::Oid oid = to_oid(type->content);
    std::string name = friendly_name(fields);
    const bool known = oid.size() == kBagPrefix.size() + 1 && oid.starts_with(kBagPrefix);
    switch (known ? oid.back() : 0) {
      case kKeyBag: return contents_.add_pkcs8(value->content, std::move(name));
      case kShroudedKeyBag:
        return contents_.add_encrypted_pkcs8(value->content, std::move(name), contents_.budget().limits().depth);
      case kCertBag: return read_certificate(value->content, std::move(name));
      case kCrlBag: contents_.add_foreign(Foreign::kCrl, "revocation list"); return {};
      case kSecretBag: contents_.add_foreign(Foreign::kSecret, "secret"); return {};
      case kSafeContentsBag: return read(value->content, depth - 1);
      default: contents_.add_foreign(Foreign::kOther, "bag " + x509::dotted(oid)); return {};
    }
  }

  [[nodiscard]] Result<> read_certificate(ByteView bag, std::string name) {
    const auto sequence = der::Reader(bag).next(der::kSequence);
    if (!sequence) return malformed("a certificate bag");
    der::Reader fields(sequence->content);
    const auto type = fields.next(der::kOid);
    const auto value = fields.next(der::context(0));
    if (!type || !value) return malformed("a certificate bag");
    if (to_oid(type->content) != kX509Certificate) {
      contents_.add_foreign(Foreign::kOther, "certificate of the kind " + x509::dotted(to_oid(type->content)));
      return {};
    }
    const auto octets = der::Reader(value->content).next(der::kOctetString);
    if (!octets) return malformed("a certificate bag");
    return contents_.add_certificate(octets->content, std::move(name));
  }

  Contents& contents_;
};

// One part of the authenticated safe, read as far as it can be without a password.
struct Part {
  bool encrypted = false;
  Bytes plain;
  std::optional<EncryptedData> data;
};

Result<std::vector<Part>> read_parts(ByteView authenticated_safe, Contents& contents) {
  const std::size_t depth = contents.budget().limits().depth;
  CERTFERRY_ASSIGN(const Normalized normalized, normalize(authenticated_safe, depth));
  const auto sequence = der::Reader(normalized.der).next(der::kSequence);
  if (!sequence) return malformed("the authenticated safe");
  std::vector<Part> parts;
  for (der::Reader list(sequence->content); !list.at_end();) {
    const auto info = read_content_info(list);
    if (!info) return malformed("the authenticated safe");
    if (info->type == kData) {
      const auto octets = der::Reader(info->content).next(der::kOctetString);
      if (!octets) return malformed("a part");
      parts.push_back({false, to_bytes(octets->content), std::nullopt});
    } else if (info->type == kEncryptedData) {
      CERTFERRY_ASSIGN(EncryptedData data, read_encrypted_data(info->content));
      parts.push_back({true, {}, std::move(data)});
    } else if (info->type == kEnvelopedData) {
      return public_key_mode();
    } else {
      contents.add_foreign(Foreign::kOther, "content " + x509::dotted(info->type));
    }
    if (parts.size() > contents.budget().limits().certificates) {
      return fail(ErrorKind::kRejected, "CF1212",
                  "the file has more than " + std::to_string(parts.size() - 1) + " parts", "split it");
    }
  }
  return parts;
}

// What the file's keys are derived from, read ahead so that they can be derived together with the MAC's, and so that a file
// that asks for too much work is refused before any of it. Judges nothing else: what is odd here is left to those who read
// the file when its MAC was right.
class KeyPlan {
 public:
  KeyPlan(Contents& contents, Budget trial) : contents_(contents), trial_(std::move(trial)) {}

  // CF1210 where the sum is too much.
  [[nodiscard]] Result<> read(ByteView authenticated_safe) {
    const auto normalized = normalize(authenticated_safe, contents_.budget().limits().depth);
    const auto sequence = normalized ? der::Reader(normalized->der).next(der::kSequence) : std::nullopt;
    for (der::Reader list(sequence ? sequence->content : ByteView()); !list.at_end();) {
      const auto info = read_content_info(list);
      if (!info) break;
      if (info->type == kEncryptedData) {
        const auto data = read_encrypted_data(info->content);
        if (data) CERTFERRY_TRY(plan(data->scheme, contents_.passwords()));
      } else if (info->type == kData) {
        const auto octets = der::Reader(info->content).next(der::kOctetString);
        if (octets) CERTFERRY_TRY(read_key_bags(octets->content));
      }
    }
    return {};
  }

 private:
  // The shrouded keys of a part that is not encrypted itself, as most tools write them.
  [[nodiscard]] Result<> read_key_bags(ByteView safe_contents) {
    const auto normalized = normalize(safe_contents, contents_.budget().limits().depth);
    const auto sequence = normalized ? der::Reader(normalized->der).next(der::kSequence) : std::nullopt;
    for (der::Reader list(sequence ? sequence->content : ByteView()); !list.at_end();) {
      const auto bag = list.next(der::kSequence);
      if (!bag) break;
      der::Reader fields(bag->content);
      const auto type = fields.next(der::kOid);
      const auto value = fields.next(der::context(0));
      const x509::Oid oid = type ? to_oid(type->content) : x509::Oid();
      if (!value || oid.size() != kBagPrefix.size() + 1 || !oid.starts_with(kBagPrefix) ||
          oid.back() != kShroudedKeyBag)
        continue;
      const auto key = der::Reader(value->content).next(der::kSequence);
      const auto algorithm = key ? der::Reader(key->content).next(der::kSequence) : std::nullopt;
      if (!algorithm) continue;
      const auto scheme = Scheme::parse(algorithm->whole);
      if (scheme) CERTFERRY_TRY(plan(*scheme, contents_.key_passwords()));
    }
    return {};
  }

  [[nodiscard]] Result<> plan(const Scheme& scheme, const Passwords& passwords) {
    CERTFERRY_TRY(scheme.charge(trial_));
    if (scheme.kdf != Scheme::Kdf::kPbkdf2) return {};
    const ByteView password = passwords.candidates().front().utf8.view();
    contents_.derived_keys().plan(scheme.derivation(password, scheme.key_size));
    return {};
  }

  Contents& contents_;
  Budget trial_;
};

Result<> check_mac(ByteView content, const std::optional<Pkcs12Mac>& mac, Contents& contents) {
  if (!mac) {
    contents.add_finding({"CF1235", Severity::kWarning, "the file has no MAC: nothing shows whether it was altered",
                          "export it again with a MAC, and keep it where others cannot write", "RFC 7292 section 4"});
    return {};
  }
  contents.protection().mac = mac->explain();
  Passwords& passwords = contents.passwords();
  for (std::size_t i = 0; i < passwords.candidates().size(); ++i) {
    CERTFERRY_TRY(mac->charge(contents.budget()));
    if (!mac->verifies(content, passwords.candidates()[i], contents.derived_keys())) continue;
    passwords.settle(i);
    return {};
  }
  contents.protection().password_used = true;
  return passwords.wrong();
}

}  // namespace

Result<> read_pkcs12(ByteView pfx, Contents& contents) {
  const auto sequence = der::Reader(pfx).next(der::kSequence);
  if (!sequence) return malformed("the outermost part");
  der::Reader fields(sequence->content);
  if (!fields.next(der::kInteger)) return malformed("the version");
  const auto safe = read_content_info(fields);
  if (!safe) return malformed("the authenticated safe");
  if (safe->type == kSignedData || safe->type == kEnvelopedData) return public_key_mode();
  if (safe->type != kData) return malformed("the authenticated safe");
  const auto octets = der::Reader(safe->content).next(der::kOctetString);
  if (!octets) return malformed("the authenticated safe");
  std::optional<Pkcs12Mac> mac;
  if (!fields.at_end()) {
    const auto mac_data = fields.next(der::kSequence);
    if (!mac_data) return malformed("the MAC");
    CERTFERRY_ASSIGN(mac, Pkcs12Mac::parse(mac_data->whole));
  }
  Budget trial = contents.budget();
  if (mac) CERTFERRY_TRY(mac->charge(trial));
  CERTFERRY_TRY(KeyPlan(contents, trial).read(octets->content));
  CERTFERRY_TRY(check_mac(octets->content, mac, contents));
  CERTFERRY_ASSIGN(const std::vector<Part> parts, read_parts(octets->content, contents));
  BagReader bags(contents);
  for (const Part& part : parts) {
    if (!part.encrypted) {
      CERTFERRY_TRY(bags.read(part.plain, contents.budget().limits().depth));
      continue;
    }
    contents.add_protection(part.data->scheme.explain("certificates"));
    contents.protection().password_used = true;
    CERTFERRY_ASSIGN(const Secret plain, decrypt(part.data->scheme, part.data->ciphertext, contents.passwords(),
                                                 is_safe_contents, contents.budget(), contents.derived_keys()));
    CERTFERRY_TRY(bags.read(plain.view(), contents.budget().limits().depth));
  }
  return {};
}

}  // namespace certferry::container
