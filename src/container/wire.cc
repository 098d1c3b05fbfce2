#include "container/wire.h"

namespace certferry::container {
namespace {

using x509::CertificateFile;

class Writer {
 public:
  // Reserved in full, so that no copy of a key is left on the heap by a growing buffer.
  explicit Writer(std::size_t size) { bytes_.reserve(size); }
  void number(std::uint64_t value) {
    for (int shift = 56; shift >= 0; shift -= 8) bytes_.push_back(static_cast<std::uint8_t>(value >> shift));
  }
  void bytes(ByteView value) {
    number(value.size());
    bytes_.insert(bytes_.end(), value.begin(), value.end());
  }
  void text(std::string_view value) { bytes(as_bytes(value)); }
  [[nodiscard]] Secret take() { return Secret(std::move(bytes_)); }

 private:
  Bytes bytes_;
};

// After the first field that is not there, everything reads as empty and `good` is false.
class Reader {
 public:
  explicit Reader(ByteView bytes) : rest_(bytes) {}
  [[nodiscard]] bool good() const { return good_; }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  std::uint64_t number() {
    if (rest_.size() < 8) good_ = false;
    if (!good_) return 0;
    std::uint64_t value = 0;
    for (int i = 0; i < 8; ++i) value = value << 8 | rest_[static_cast<std::size_t>(i)];
    rest_ = rest_.subspan(8);
    return value;
  }
  ByteView bytes() {
    const std::uint64_t size = number();
    if (size > rest_.size()) good_ = false;
    if (!good_) return {};
    const ByteView value = rest_.first(size);
    rest_ = rest_.subspan(size);
    return value;
  }
  std::string text() { return std::string(as_text(bytes())); }
  // A count of things that take at least eight octets each.
  std::uint64_t count() {
    const std::uint64_t value = number();
    if (value > rest_.size() / 8) good_ = false;
    return good_ ? value : 0;
  }

 private:
  ByteView rest_;
  bool good_ = true;
};

std::size_t bound(const CertificateFile& file) {
  std::size_t size = 4096 + file.description.size();
  for (const x509::FileCertificate& entry : file.certificates)
    size += entry.certificate->der.size() + entry.friendly_name.size() + 32;
  for (const x509::FileKey& key : file.keys) size += key.key.pkcs8().size() + key.friendly_name.size() + 64;
  for (const Finding& finding : file.findings)
    size += finding.id.size() + finding.message.size() + finding.fix.size() + finding.source.size() + 64;
  return size + 256 * file.protection.encryptions.size();
}

void write_protection(Writer& out, const x509::Protection& protection) {
  out.number(protection.encryptions.size());
  for (const x509::Encryption& encryption : protection.encryptions) {
    out.text(encryption.what);
    out.text(encryption.scheme);
    out.text(encryption.cipher);
    out.text(encryption.kdf);
    out.text(encryption.prf);
    out.number(encryption.iterations);
  }
  out.number(protection.mac ? 1 : 0);
  if (protection.mac) {
    out.text(protection.mac->algorithm);
    out.text(protection.mac->kdf);
    out.number(protection.mac->iterations);
  }
  out.number(protection.password_used ? 1 : 0);
}

x509::Protection read_protection(Reader& in) {
  x509::Protection protection;
  for (std::uint64_t left = in.count(); left > 0 && in.good(); --left) {
    x509::Encryption encryption;
    encryption.what = in.text();
    encryption.scheme = in.text();
    encryption.cipher = in.text();
    encryption.kdf = in.text();
    encryption.prf = in.text();
    encryption.iterations = in.number();
    protection.encryptions.push_back(std::move(encryption));
  }
  if (in.number() != 0) {
    x509::Mac mac;
    mac.algorithm = in.text();
    mac.kdf = in.text();
    mac.iterations = in.number();
    protection.mac = std::move(mac);
  }
  protection.password_used = in.number() != 0;
  return protection;
}

std::optional<Result<CertificateFile>> read_file(Reader& in) {
  CertificateFile file;
  const std::uint64_t format = in.number();
  if (format > static_cast<std::uint64_t>(x509::FileFormat::kJks)) return std::nullopt;
  file.format = static_cast<x509::FileFormat>(format);
  file.description = in.text();
  file.protection = read_protection(in);
  for (std::uint64_t left = in.count(); left > 0 && in.good(); --left) {
    auto certificate = x509::Certificate::from_der(in.bytes());
    std::string name = in.text();
    if (!certificate) return std::nullopt;
    file.certificates.push_back({std::move(*certificate), std::move(name)});
  }
  for (std::uint64_t left = in.count(); left > 0 && in.good(); --left) {
    auto key = x509::PrivateKey::from_pkcs8(in.bytes());
    const std::uint64_t index = in.number();
    std::string name = in.text();
    if (!key || index > file.certificates.size()) return std::nullopt;
    // Compared again here: the child is not believed when it says which certificate a key is for.
    if (index > 0 && !(file.certificates[index - 1].certificate->public_key == key->public_key())) return std::nullopt;
    file.keys.push_back(
        {std::move(*key), index > 0 ? std::optional<std::size_t>(index - 1) : std::nullopt, std::move(name)});
  }
  for (std::uint64_t left = in.count(); left > 0 && in.good(); --left) {
    Finding finding;
    finding.id = in.text();
    const std::uint64_t severity = in.number();
    if (severity > 2) return std::nullopt;
    finding.severity = static_cast<Severity>(severity);
    finding.message = in.text();
    finding.fix = in.text();
    finding.source = in.text();
    file.findings.push_back(std::move(finding));
  }
  if (!in.good() || !in.at_end()) return std::nullopt;
  return Result<CertificateFile>(std::move(file));
}

}  // namespace

Secret encode(const Result<CertificateFile>& answer) {
  if (!answer) {
    Writer out(64 + answer.error().message.size() + answer.error().fix.size());
    out.number(0);
    out.number(static_cast<std::uint64_t>(answer.error().kind));
    out.text(answer.error().id);
    out.text(answer.error().message);
    out.text(answer.error().fix);
    return out.take();
  }
  Writer out(bound(*answer));
  out.number(1);
  out.number(static_cast<std::uint64_t>(answer->format));
  out.text(answer->description);
  write_protection(out, answer->protection);
  out.number(answer->certificates.size());
  for (const x509::FileCertificate& entry : answer->certificates) {
    out.bytes(entry.certificate->der);
    out.text(entry.friendly_name);
  }
  out.number(answer->keys.size());
  for (const x509::FileKey& key : answer->keys) {
    out.bytes(key.key.pkcs8().view());
    out.number(key.certificate ? *key.certificate + 1 : 0);
    out.text(key.friendly_name);
  }
  out.number(answer->findings.size());
  for (const Finding& finding : answer->findings) {
    out.text(finding.id);
    out.number(static_cast<std::uint64_t>(finding.severity));
    out.text(finding.message);
    out.text(finding.fix);
    out.text(finding.source);
  }
  return out.take();
}

std::optional<Result<CertificateFile>> decode(ByteView bytes) {
  Reader in(bytes);
  if (in.number() == 1) return read_file(in);
  const std::uint64_t kind = in.number();
  Error error;
  error.id = in.text();
  error.message = in.text();
  error.fix = in.text();
  if (!in.good() || !in.at_end()) return std::nullopt;
  const bool unsupported = kind == static_cast<std::uint64_t>(ErrorKind::kUnsupported);
  error.kind = unsupported ? ErrorKind::kUnsupported : ErrorKind::kRejected;
  return Result<CertificateFile>(std::unexpected(std::move(error)));
}

}  // namespace certferry::container
