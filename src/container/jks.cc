#include "container/jks.h"

#include <algorithm>
#include <array>

#include "container/ber.h"
#include "x509/der.h"
#include "x509/oid.h"

namespace certferry::container {
namespace {

using namespace std::string_view_literals;
constexpr x509::Oid kSunKeyProtector = "\x2b\x06\x01\x04\x01\x2a\x02\x11\x01\x01"sv;
constexpr std::size_t kSha1 = 20;

std::unexpected<Error> malformed() {
  return fail(ErrorKind::kRejected, "CF1208", "the file is damaged: this Java key store cannot be read",
              "export it again, or copy it again in binary mode");
}

// Big-endian numbers and counted strings, as java.io.DataOutput writes them.
class Cursor {
 public:
  explicit Cursor(ByteView bytes) : rest_(bytes) {}
  [[nodiscard]] std::optional<ByteView> take(std::size_t size) {
    if (size > rest_.size()) return std::nullopt;
    const ByteView taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }
  [[nodiscard]] std::optional<std::uint32_t> number(std::size_t size) {
    const auto octets = take(size);
    if (!octets) return std::nullopt;
    std::uint32_t value = 0;
    for (std::uint8_t octet : *octets) value = value << 8 | octet;
    return value;
  }
  [[nodiscard]] std::optional<ByteView> counted(std::size_t width) {
    const auto size = number(width);
    return size ? take(*size) : std::nullopt;
  }

 private:
  ByteView rest_;
};

// UTF-16BE without terminator: what Java hashes.
ByteView java_password(const Passwords::Candidate& candidate) {
  return candidate.bmp.empty() ? ByteView() : candidate.bmp.view().first(candidate.bmp.size() - 2);
}

// sun.security.provider.KeyProtector: salt, key XOR a stream of SHA-1(password, previous), SHA-1(password, key).
std::optional<Secret> recover(ByteView protected_key, ByteView password) {
  if (protected_key.size() < 2 * kSha1) return std::nullopt;
  const ByteView check = protected_key.last(kSha1);
  const ByteView encrypted = protected_key.subspan(kSha1, protected_key.size() - 2 * kSha1);
  std::array<std::uint8_t, kSha1> stream{};
  std::copy_n(protected_key.begin(), kSha1, stream.begin());
  Bytes plain(encrypted.size());
  for (std::size_t i = 0; i < encrypted.size(); ++i) {
    if (i % kSha1 == 0) digest(Hash::kSha1, {password, stream}, stream);
    plain[i] = encrypted[i] ^ stream[i % kSha1];
  }
  wipe(stream);
  Secret key(std::move(plain));
  std::array<std::uint8_t, kSha1> expected{};
  digest(Hash::kSha1, {password, key.view()}, expected);
  if (!std::ranges::equal(expected, check)) return std::nullopt;
  return key;
}

class StoreReader {
 public:
  StoreReader(Cursor cursor, std::uint32_t version, Contents& contents)
      : cursor_(cursor), version_(version), contents_(contents) {}

  [[nodiscard]] Result<> entry() {
    constexpr std::uint32_t kKeyEntry = 1;
    constexpr std::uint32_t kCertificateEntry = 2;
    const auto tag = cursor_.number(4);
    const auto alias = cursor_.counted(2);
    const auto date = cursor_.take(8);
    if (!tag || !alias || !date) return malformed();
    const std::string name = x509::string_from_asn1(der::kUtf8String, *alias).value_or("");
    if (*tag == kCertificateEntry) return certificate(name);
    if (*tag != kKeyEntry) return malformed();
    const auto key = cursor_.counted(4);
    const auto count = cursor_.number(4);
    if (!key || !count) return malformed();
    CERTFERRY_TRY(read_key(*key, name));
    for (std::uint32_t i = 0; i < *count; ++i) CERTFERRY_TRY(certificate(i == 0 ? name : ""));
    return {};
  }

 private:
  [[nodiscard]] Result<> certificate(const std::string& name) {
    if (version_ == 2) {
      const auto type = cursor_.counted(2);
      if (!type || as_text(*type) != "X.509") return malformed();
    }
    const auto der = cursor_.counted(4);
    if (!der) return malformed();
    return contents_.add_certificate(*der, name);
  }

  [[nodiscard]] Result<> read_key(ByteView encrypted_info, const std::string& name) {
    const auto sequence = der::Reader(encrypted_info).next(der::kSequence);
    der::Reader fields(sequence ? sequence->content : ByteView());
    const auto algorithm = fields.next(der::kSequence);
    const auto octets = fields.next(der::kOctetString);
    const auto oid = algorithm ? der::Reader(algorithm->content).next(der::kOid) : std::nullopt;
    if (!octets || !oid) return malformed();
    if (x509::to_oid(oid->content) != kSunKeyProtector) {
      return fail(ErrorKind::kUnsupported, "CF1211",
                  "the file uses an unknown encryption scheme: " + x509::dotted(x509::to_oid(oid->content)),
                  "convert the store to PKCS12 with keytool -importkeystore");
    }
    contents_.add_protection({"private key", "JKS", "SHA-1 stream", "SHA-1", "", 1});
    contents_.protection().password_used = true;
    for (const Passwords::Candidate& candidate : contents_.key_passwords().candidates()) {
      if (const auto key = recover(octets->content, java_password(candidate)))
        return contents_.add_pkcs8(key->view(), name);
    }
    if (!contents_.key_passwords().given()) return contents_.key_passwords().wrong();
    return fail(ErrorKind::kRejected, "CF1219", "the private key has another password than the one given",
                "give the key's own password, or set both to one with keytool -keypasswd");
  }

  Cursor cursor_;
  std::uint32_t version_;
  Contents& contents_;
};

// SHA-1 over password, a fixed text and the store.
bool verifies(ByteView body, ByteView expected, ByteView password) {
  std::array<std::uint8_t, kSha1> computed{};
  digest(Hash::kSha1, {password, as_bytes("Mighty Aphrodite"), body}, computed);
  return std::ranges::equal(computed, expected);
}

}  // namespace

Result<> read_jks(ByteView file, Contents& contents) {
  if (file.size() < 12 + kSha1) return malformed();
  const ByteView body = file.first(file.size() - kSha1);
  Cursor header(body);
  const auto magic = header.number(4);
  const auto version = header.number(4);
  const auto count = header.number(4);
  if (!magic || !count || !version || (*version != 1 && *version != 2)) return malformed();
  Passwords& passwords = contents.passwords();
  bool right = false;
  for (std::size_t i = 0; i < passwords.candidates().size() && !right; ++i) {
    right = verifies(body, file.last(kSha1), java_password(passwords.candidates()[i]));
    if (right) passwords.settle(i);
  }
  // Java shows certificates without a password, unchecked; with one it has to be right.
  if (!right && passwords.given()) return passwords.wrong();
  contents.protection().mac = x509::Mac{"SHA-1", "", 1};
  if (!right) {
    contents.add_finding({"CF1235", Severity::kWarning,
                          "without the password nothing shows whether the file was altered",
                          "give the store's password", "java.security.KeyStore.load"});
  }
  StoreReader reader(header, *version, contents);
  for (std::uint32_t i = 0; i < *count; ++i) CERTFERRY_TRY(reader.entry());
  return {};
}

}  // namespace certferry::container
