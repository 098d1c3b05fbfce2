#include "probe/tls_session.h"

// For x509/openssl_ptr.h, whose owners of keys are of the low-level functions.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "base/escape.h"
#include "probe/starttls.h"
#include "probe/tls_error.h"
#include "x509/openssl_ptr.h"

namespace certferry::probe {
namespace {

using x509::FreeWith;
struct FreeOctets {
  void operator()(unsigned char* octets) const { OPENSSL_free(octets); }
};
using SslContextPtr = std::unique_ptr<SSL_CTX, FreeWith<SSL_CTX_free>>;
using SslPtr = std::unique_ptr<SSL, FreeWith<SSL_free>>;
using OctetsPtr = std::unique_ptr<unsigned char, FreeOctets>;
using BioMethodPtr = std::unique_ptr<BIO_METHOD, FreeWith<BIO_meth_free>>;

// A handshake with a long chain needs 20 KiB; what sends more than this wants to keep us busy.
constexpr std::size_t kMostRead = 1024 * 1024;
constexpr long kLongestChain = 128 * 1024;

constexpr const char* kAllCiphers = "ALL:!aNULL:!eNULL:!PSK:!SRP:@SECLEVEL=0";
constexpr const char* kRsaCiphers = "aRSA:!eNULL:!PSK:!SRP:@SECLEVEL=0";
constexpr const char* kEcdsaCiphers = "aECDSA:!eNULL:!PSK:@SECLEVEL=0";
constexpr const char* kRsaSignatures =
    "rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:rsa_pss_pss_sha256:rsa_pss_pss_sha384:"
    "rsa_pss_pss_sha512:RSA+SHA256:RSA+SHA384:RSA+SHA512:RSA+SHA224:RSA+SHA1";
// RSA's PKCS #1 signatures cannot sign a handshake of TLS 1.3, and the ciphers keep them out of one of TLS 1.2: they only
// tell servers that look at it that the certificate may come from a CA with an RSA key.
constexpr const char* kEcdsaSignatures =
    "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ECDSA+SHA224:ECDSA+SHA1:RSA+SHA256:RSA+SHA384:RSA+SHA512:RSA+SHA1";

// The socket as OpenSSL sees it: no SIGPIPE, an end to reading, and what ended the connection remembered.
struct Wire {
  int socket = -1;
  std::size_t read = 0;
  bool closed = false;
  bool flooded = false;
  int error = 0;
  std::string not_tls;  // how the answer begins, where it is no record of TLS
};

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

// RFC 8446 section 5.1: a handshake or an alert, then a version whose first octet is 3.
bool begins_tls(std::string_view data) {
  return (data[0] == SSL3_RT_HANDSHAKE || data[0] == SSL3_RT_ALERT) &&
         (data.size() < 2 || data[1] == SSL3_VERSION_MAJOR);
}

int wire_read(BIO* bio, char* data, int size) {
  Wire& wire = *static_cast<Wire*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  if (wire.read >= kMostRead) wire.flooded = true;
  if (wire.flooded || !wire.not_tls.empty()) return -1;
  if (wire.read == 0) {
    std::array<char, 512> start;
    const ssize_t there = ::recv(wire.socket, start.data(), start.size(), MSG_PEEK);
    const std::string_view said(start.data(), static_cast<std::size_t>(std::max<ssize_t>(there, 0)));
    if (!said.empty() && !begins_tls(said)) {
      wire.not_tls = said;
      return -1;
    }
  }
  const ssize_t got = ::recv(wire.socket, data, static_cast<std::size_t>(size), 0);
  if (got > 0) {
    wire.read += static_cast<std::size_t>(got);
  } else if (got == 0) {
    wire.closed = true;
  } else if (would_block()) {
    BIO_set_retry_read(bio);
  } else {
    wire.error = errno;
  }
  return static_cast<int>(got);
}

int wire_write(BIO* bio, const char* data, int size) {
  Wire& wire = *static_cast<Wire*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  const ssize_t sent = ::send(wire.socket, data, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  if (sent < 0) {
    if (would_block()) {
      BIO_set_retry_write(bio);
    } else {
      wire.error = errno;
    }
  }
  return static_cast<int>(sent);
}

long wire_control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

BioMethodPtr make_method() {
  BioMethodPtr method(BIO_meth_new(BIO_TYPE_SOURCE_SINK, "probe"));
  if (!method) return nullptr;
  BIO_meth_set_read(method.get(), wire_read);
  BIO_meth_set_write(method.get(), wire_write);
  BIO_meth_set_ctrl(method.get(), wire_control);
  return method;
}

SslContextPtr make_context(KeyKind kind) {
  SslContextPtr context(SSL_CTX_new(TLS_client_method()));
  if (!context) return nullptr;
  SSL_CTX* const raw = context.get();
  SSL_CTX_set_security_level(raw, 0);
  SSL_CTX_set_min_proto_version(raw, TLS1_VERSION);
  SSL_CTX_set_max_proto_version(raw, 0);
  SSL_CTX_clear_options(raw, SSL_CTX_get_options(raw) & (SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1 | SSL_OP_NO_TLSv1_2));
  SSL_CTX_set_options(
      raw, SSL_OP_LEGACY_SERVER_CONNECT | SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_max_cert_list(raw, kLongestChain);
  SSL_CTX_set_verify(raw, SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_cert_verify_callback(raw, [](X509_STORE_CTX*, void*) { return 1; }, nullptr);
  const char* const ciphers =
      kind == KeyKind::kRsa ? kRsaCiphers : (kind == KeyKind::kEcdsa ? kEcdsaCiphers : kAllCiphers);
  if (SSL_CTX_set_cipher_list(raw, ciphers) != 1) return nullptr;
  if (kind == KeyKind::kRsa && SSL_CTX_set1_sigalgs_list(raw, kRsaSignatures) != 1) return nullptr;
  if (kind == KeyKind::kEcdsa && SSL_CTX_set1_sigalgs_list(raw, kEcdsaSignatures) != 1) return nullptr;
  return context;
}

std::unexpected<Error> no_tls_here(std::string_view what) {
  return fail(ErrorKind::kFailed, "CF2029", fmt::format("this computer cannot begin a connection: {}", what),
              "check the limits of memory and open files, and that OpenSSL's libraries are whole");
}

std::unexpected<Error> too_much(std::string_view what) {
  return fail(ErrorKind::kFailed, "CF2027", fmt::format("the server sent too much in the handshake: {}", what),
              "shorten the chain in the service's configuration to the leaf and its intermediates");
}

std::unexpected<Error> wrong_key() {
  return fail(ErrorKind::kFailed, "CF2025", "the server does not hold the private key of the certificate that it shows",
              "give the service the key that belongs to the certificate, and reload it");
}

std::unexpected<Error> unreadable(std::string_view why) {
  return fail(ErrorKind::kFailed, "CF2026",
              fmt::format("the server's certificate cannot be read: {}", escape_terminal(why)),
              "check the certificate files that the service is configured with");
}

std::unexpected<Error> closed(int error) {
  const bool reset = error == ECONNRESET || error == EPIPE || error == 0;
  return fail(
      ErrorKind::kFailed, "CF2022",
      reset ? std::string("the server closed the connection in the middle of the TLS handshake")
            : fmt::format("the connection broke in the TLS handshake: {}", std::generic_category().message(error)),
      "look into the service's log: often it cannot use its certificate or key, or a proxy stands in between");
}

std::string reason_text(unsigned long error) {
  const char* const text = error ? ERR_reason_error_string(error) : nullptr;
  return text ? text : "no reason is known";
}

}  // namespace

struct TlsSettings::Contexts {
  BioMethodPtr method = make_method();
  std::array<SslContextPtr, 3> by_kind;

  SSL_CTX* of(KeyKind kind) {
    SslContextPtr& context = by_kind[static_cast<std::size_t>(kind)];
    if (!context) context = make_context(kind);
    return context.get();
  }
};

TlsSettings::TlsSettings() {
  // The machine's OpenSSL configuration must not decide what can be seen.
  OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_LOAD_SSL_STRINGS, nullptr);
  contexts_ = std::make_unique<Contexts>();
}
TlsSettings::~TlsSettings() = default;
TlsSettings::TlsSettings(TlsSettings&&) noexcept = default;

struct TlsSession::State {
  Wire wire;  // outlives `ssl`, whose BIO points at it
  bool complete = false;
  bool asked = false;  // for a client certificate
  bool key_exchange_signed = false;
  bool finished_sent = false;
  bool required = false;
  bool closing = false;
  SslPtr ssl;

  static void watch(int written, int version, int type, const void* data, std::size_t size, SSL* ssl, void* argument);
  [[nodiscard]] Result<Step> fail_or_required(int result);
  [[nodiscard]] std::unexpected<Error> failure() const;
  [[nodiscard]] Step await_verdict();
  [[nodiscard]] bool is_tls13() const { return SSL_version(ssl.get()) >= TLS1_3_VERSION; }
};

void TlsSession::State::watch(int written, int, int type, const void* data, std::size_t size, SSL*, void* argument) {
  auto& state = *static_cast<State*>(argument);
  if (type != SSL3_RT_HANDSHAKE || size == 0) return;
  const int message = *static_cast<const unsigned char*>(data);
  if (!written && message == SSL3_MT_SERVER_KEY_EXCHANGE) state.key_exchange_signed = true;
  if (!written && message == SSL3_MT_CERTIFICATE_REQUEST) state.asked = true;
  if (written && message == SSL3_MT_FINISHED) state.finished_sent = true;
}

TlsSession::TlsSession(std::unique_ptr<State> state) : state_(std::move(state)) {}
TlsSession::TlsSession(TlsSession&&) noexcept = default;
TlsSession& TlsSession::operator=(TlsSession&&) noexcept = default;
TlsSession::~TlsSession() = default;

Result<TlsSession> TlsSession::start(TlsSettings& settings, int socket, KeyKind kind, const std::string& server_name) {
  ERR_clear_error();
  auto state = std::make_unique<State>();
  state->wire.socket = socket;
  SSL_CTX* const context = settings.contexts_->of(kind);
  if (!context || !settings.contexts_->method) return no_tls_here("OpenSSL does not start");
  state->ssl.reset(SSL_new(context));
  BIO* const bio = state->ssl ? BIO_new(settings.contexts_->method.get()) : nullptr;
  if (!bio) return no_tls_here("no memory");
  BIO_set_data(bio, &state->wire);
  BIO_set_init(bio, 1);
  SSL_set_bio(state->ssl.get(), bio, bio);
  SSL_set_msg_callback(state->ssl.get(), State::watch);
  SSL_set_msg_callback_arg(state->ssl.get(), state.get());
  if (!server_name.empty() && SSL_set_tlsext_host_name(state->ssl.get(), server_name.c_str()) != 1) {
    ERR_clear_error();
    return fail(ErrorKind::kFailed, "CF2003", fmt::format("the server name {} cannot be sent", quoted(server_name)),
                "give a host name of at most 255 characters");
  }
  return TlsSession(std::move(state));
}

Result<TlsSession::Step> TlsSession::advance() {
  ERR_clear_error();
  State& state = *state_;
  if (!state.complete) {
    const int result = SSL_connect(state.ssl.get());
    if (result != 1) return state.fail_or_required(result);
    state.complete = true;
  }
  return state.asked && !state.required && state.is_tls13() ? state.await_verdict() : Step::kDone;
}

const std::string& TlsSession::plain_text() const { return state_->wire.not_tls; }

bool TlsSession::proved() const { return state_->complete; }

Result<TlsSession::Step> TlsSession::State::fail_or_required(int result) {
  switch (SSL_get_error(ssl.get(), result)) {
    case SSL_ERROR_WANT_READ: return Step::kRead;
    case SSL_ERROR_WANT_WRITE: return Step::kWrite;
    default: break;
  }
  auto error = failure();
  // TLS 1.2 and before: with the ephemeral key exchanges the server has proved its key before it misses a certificate.
  const bool ended_by_server = error.error().id == "CF2021" || error.error().id == "CF2022";
  if (!asked || !finished_sent || !ended_by_server || is_tls13()) return error;
  if (!key_exchange_signed)
    return fail(ErrorKind::kFailed, "CF2030",
                "the server requires a client certificate, and ends the handshake before it has proved its key",
                "ask an address of the service that takes clients without one, or allow it ciphers with ECDHE");
  ERR_clear_error();
  complete = true;
  required = true;
  return Step::kDone;
}

// In TLS 1.3 the client has finished before the server looks at its certificate. The end of the connection is told to the
// server, which then ends it too: with close_notify, or with the alert that it wanted a certificate.
TlsSession::Step TlsSession::State::await_verdict() {
  if (!closing) {
    closing = true;
    SSL_shutdown(ssl.get());
  }
  std::array<char, 4096> unwanted;
  while (true) {
    ERR_clear_error();
    const int got = SSL_read(ssl.get(), unwanted.data(), static_cast<int>(unwanted.size()));
    if (got > 0) continue;
    const int reason = SSL_get_error(ssl.get(), got);
    if (reason == SSL_ERROR_WANT_READ) return Step::kRead;
    required = reason == SSL_ERROR_SSL && failure().error().id == "CF2021";
    ERR_clear_error();
    return Step::kDone;
  }
}

std::unexpected<Error> TlsSession::State::failure() const {
  if (!wire.not_tls.empty()) return not_tls(wire.not_tls);
  if (wire.flooded) return too_much(fmt::format("more than {} KiB", kMostRead / 1024));
  unsigned long last = 0;
  while (const unsigned long error = ERR_get_error()) {
    last = error;
    if (ERR_GET_LIB(error) != ERR_LIB_SSL) continue;
    const int reason = ERR_GET_REASON(error);
    if (reason >= SSL_AD_REASON_OFFSET && reason < SSL_AD_REASON_OFFSET + 256)
      return alert_received(reason - SSL_AD_REASON_OFFSET);
    switch (reason) {
      case SSL_R_EXCESSIVE_MESSAGE_SIZE:
        return too_much(fmt::format("a message longer than allowed; a chain may have {} KiB", kLongestChain / 1024));
      case SSL_R_BAD_SIGNATURE:
      case SSL_R_WRONG_SIGNATURE_TYPE:
      case SSL_R_WRONG_SIGNATURE_SIZE: return wrong_key();
      case ERR_R_ASN1_LIB:
      case ERR_R_X509_LIB:
      case SSL_R_CERT_LENGTH_MISMATCH:
      case SSL_R_UNABLE_TO_FIND_PUBLIC_KEY_PARAMETERS:
      case SSL_R_UNKNOWN_CERTIFICATE_TYPE: return unreadable(reason_text(error));
      default: break;
    }
  }
  if (wire.closed || wire.error) return closed(wire.error);
  return fail(ErrorKind::kFailed, "CF2024", fmt::format("the TLS handshake failed: {}", reason_text(last)),
              "look into the service's log; what it sends is not what TLS asks for");
}

Result<Served> TlsSession::seen() const {
  Served served;
  const STACK_OF(X509)* const chain = SSL_get_peer_cert_chain(state_->ssl.get());
  const int count = chain ? sk_X509_num(chain) : 0;
  for (int i = 0; i < count; ++i) {
    unsigned char* encoded = nullptr;
    const int size = i2d_X509(sk_X509_value(chain, i), &encoded);
    const OctetsPtr owner(encoded);
    if (size <= 0) return unreadable("it cannot be written as DER");
    auto certificate = x509::Certificate::from_der(ByteView(encoded, static_cast<std::size_t>(size)));
    if (!certificate) return unreadable(certificate.error().message);
    served.chain.push_back(std::move(*certificate));
  }
  if (served.chain.empty()) return unreadable("it sent none");
  served.protocol = SSL_version(state_->ssl.get()) == TLS1_VERSION ? "TLSv1.0" : SSL_get_version(state_->ssl.get());
  if (const SSL_CIPHER* cipher = SSL_get_current_cipher(state_->ssl.get()); cipher && SSL_CIPHER_standard_name(cipher))
    served.cipher = SSL_CIPHER_standard_name(cipher);
  using enum ClientCertificate;
  served.client_certificate = state_->required ? kRequired : (state_->asked ? kAsked : kNotAsked);
  return served;
}

}  // namespace certferry::probe
