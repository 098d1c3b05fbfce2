#include "probe/tls_error.h"

#include <fmt/format.h>

#include <array>

#include "probe/starttls.h"

namespace certferry::probe {
namespace {

struct Alert {
  int number;
  std::string_view name;
  std::string_view fix;
};

constexpr std::string_view kLog = "look into the service's log: it says why it ended the handshake";
constexpr std::string_view kClient =
    "the service wants a client certificate; ask it where it does not, or trust its own test";
constexpr std::string_view kOwn = "look into the service's log: it could not use its certificate or key";

constexpr auto kAlerts = std::to_array<Alert>({
    {0, "close_notify", kLog},
    {10, "unexpected_message", kLog},
    {20, "bad_record_mac", kOwn},
    {22, "record_overflow", kLog},
    {40, "handshake_failure",
     "the service has no certificate that the client can take: check that one is configured, and of the kind of key that "
     "is asked for"},
    {42, "bad_certificate", kClient},
    {43, "unsupported_certificate", kClient},
    {44, "certificate_revoked", kClient},
    {45, "certificate_expired", kClient},
    {46, "certificate_unknown", kClient},
    {47, "illegal_parameter", kLog},
    {48, "unknown_ca", kClient},
    {49, "access_denied", kClient},
    {50, "decode_error", kLog},
    {51, "decrypt_error", kOwn},
    {70, "protocol_version", "the service speaks no TLS from 1.0 to 1.3; check which versions it is configured for"},
    {71, "insufficient_security", "the service wants stronger ciphers than the client has; check its list of ciphers"},
    {80, "internal_error", kOwn},
    {86, "inappropriate_fallback", kLog},
    {90, "user_canceled", kLog},
    {109, "missing_extension", "the service wants to be told a name: give a server name"},
    {110, "unsupported_extension", kLog},
    {112, "unrecognized_name",
     "the service has no certificate for this server name: check the name, and the certificates configured by name"},
    {113, "bad_certificate_status_response", kLog},
    {115, "unknown_psk_identity", kLog},
    {116, "certificate_required", kClient},
    {120, "no_application_protocol", kLog},
});

const Alert* find(int number) {
  for (const Alert& alert : kAlerts) {
    if (alert.number == number) return &alert;
  }
  return nullptr;
}

struct Greeting {
  std::string_view start;
  std::string_view what;
  std::string_view fix;
};
// clang-format off
constexpr auto kGreetings = std::to_array<Greeting>({
    {"HTTP/", "plain HTTP", "this port serves HTTP without TLS; ask the port for HTTPS, or switch TLS on for this one"},
    {"* ", "IMAP", "ask with STARTTLS protocol imap, or the port for IMAP over TLS (993)"},
    {"+OK", "POP3", "ask with STARTTLS protocol pop3, or the port for POP3 over TLS (995)"},
    {"220", "SMTP or FTP", "ask with STARTTLS protocol smtp or ftp, or a port that speaks TLS at once (465, 990)"},
    {"\"IMPLEMENTATION\"", "ManageSieve", "ask with STARTTLS protocol sieve"},
    {"SSH-", "SSH", "this port is for SSH, which has no certificates of this kind"},
    {"<", "XML or HTML", "if it is XMPP, ask with STARTTLS protocol xmpp-client or xmpp-server"},
});
// clang-format on

}  // namespace

std::string alert_name(int number) {
  const Alert* alert = find(number);
  return alert ? std::string(alert->name) : fmt::format("alert {}", number);
}

std::unexpected<Error> alert_received(int number) {
  const Alert* alert = find(number);
  return fail(ErrorKind::kFailed, "CF2021",
              fmt::format("the server ended the handshake with the TLS alert {}", alert_name(number)),
              std::string(alert ? alert->fix : kLog));
}

std::unexpected<Error> not_tls(std::string_view said) {
  for (const Greeting& greeting : kGreetings) {
    if (said.starts_with(greeting.start))
      return fail(ErrorKind::kFailed, "CF2020",
                  fmt::format("the server does not speak TLS here but {}: {}", greeting.what, quoted(said)),
                  std::string(greeting.fix));
  }
  return fail(ErrorKind::kFailed, "CF2020", fmt::format("the server does not speak TLS here; it says {}", quoted(said)),
              "check the port, and whether the service speaks another protocol first (STARTTLS)");
}

}  // namespace certferry::probe
