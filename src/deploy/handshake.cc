#include "deploy/handshake.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "x509/openssl_objects.h"

namespace certferry::deploy {
namespace {

using ContextPtr = std::unique_ptr<SSL_CTX, x509::FreeWith<SSL_CTX_free>>;
using SslPtr = std::unique_ptr<SSL, x509::FreeWith<SSL_free>>;

// Both sides together need a handful of turns.
constexpr int kMostTurns = 32;

std::unexpected<Error> refused(const std::string& what) {
  const unsigned long code = ERR_peek_last_error();
  const char* const text = code ? ERR_reason_error_string(code) : nullptr;
  ERR_clear_error();
  return fail(ErrorKind::kFailed, "CF1666",
              "no TLS handshake can be done with the certificate: " + what + (text ? std::string(": ") + text : ""),
              "get a certificate with an RSA key of 2,048 bits or more, or on a common curve");
}

Result<ContextPtr> server_context(const Materials& materials) {
  ContextPtr context(SSL_CTX_new(TLS_server_method()));
  const x509::EvpKeyPtr key = x509::openssl_key(materials.key);
  const x509::X509Ptr leaf = x509::openssl_certificate(materials.leaf);
  if (!context || !key || !leaf) return refused("its parts cannot be read");
  // Weak keys are told of by the checks; here it is whether they work.
  SSL_CTX_set_security_level(context.get(), 0);
  if (SSL_CTX_use_certificate(context.get(), leaf.get()) != 1) return refused("the certificate is not taken");
  if (SSL_CTX_use_PrivateKey(context.get(), key.get()) != 1) return refused("the key is not taken");
  if (SSL_CTX_check_private_key(context.get()) != 1) return refused("the key is not the certificate's");
  for (const x509::Certificate& issuer : materials.chain) {
    const x509::X509Ptr one = x509::openssl_certificate(issuer);
    if (!one || SSL_CTX_add1_chain_cert(context.get(), one.get()) != 1) return refused("the chain is not taken");
  }
  return context;
}

// False where it cannot go on.
bool turn(SSL* side) {
  const int result = SSL_do_handshake(side);
  if (result == 1) return true;
  const int error = SSL_get_error(side, result);
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

}  // namespace

Result<> try_handshake(const Materials& materials) {
  OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
  CERTFERRY_ASSIGN(const ContextPtr server_side, server_context(materials));
  const ContextPtr client_side(SSL_CTX_new(TLS_client_method()));
  if (!client_side) return refused("there is no memory");
  SSL_CTX_set_security_level(client_side.get(), 0);
  SSL_CTX_set_verify(client_side.get(), SSL_VERIFY_NONE, nullptr);
  const SslPtr server(SSL_new(server_side.get()));
  const SslPtr client(SSL_new(client_side.get()));
  BIO* at_server = nullptr;
  BIO* at_client = nullptr;
  if (!server || !client || BIO_new_bio_pair(&at_server, 0, &at_client, 0) != 1) return refused("there is no memory");
  SSL_set_bio(server.get(), at_server, at_server);
  SSL_set_bio(client.get(), at_client, at_client);
  SSL_set_accept_state(server.get());
  SSL_set_connect_state(client.get());
  for (int i = 0; i < kMostTurns; ++i) {
    if (!turn(client.get()) || !turn(server.get())) return refused("the handshake fails");
    if (SSL_is_init_finished(client.get()) && SSL_is_init_finished(server.get())) return {};
  }
  return refused("the handshake does not end");
}

}  // namespace certferry::deploy
