// The protocols that begin in plain text and go over to TLS, as values: what is said, without any socket.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace certferry::probe {

enum class Starttls {
  kNone,  // TLS from the first octet
  kSmtp,  // RFC 3207
  kLmtp,  // RFC 2033
  kImap,  // RFC 3501 section 6.2.1
  kPop3,  // RFC 2595 section 4
  kSieve,  // RFC 5804 section 2.2
  kLdap,  // RFC 4511 section 4.14
  kXmppClient,  // RFC 6120 section 5
  kXmppServer,
  kPostgresql,  // PostgreSQL's SSLRequest
  kMysql,  // MySQL's and MariaDB's SSLRequest
  kFtp,  // RFC 4217
};

// "none", "smtp", "lmtp", "imap", "pop3", "sieve", "ldap", "xmpp-client", "xmpp-server", "postgresql", "mysql", "ftp".
[[nodiscard]] std::string_view name_of(Starttls protocol);
// From the same names, and from "xmpp" and "postgres". Error: CF2002 (kUsage).
[[nodiscard]] Result<Starttls> starttls_from(std::string_view name);
// All names but "none", for help and completion.
[[nodiscard]] std::vector<std::string> starttls_names();

// What a dialogue tells of itself.
struct DialogueNames {
  std::string domain;  // XMPP: whom the stream is for
  std::string own_address;  // SMTP and LMTP: who says hello, such as "[192.0.2.1]"
};

// One conversation up to the point from which both sides speak TLS.
class Dialogue {
 public:
  struct Turn {
    std::string send;  // to be sent first
    bool tls = false;  // afterwards TLS begins
  };

  virtual ~Dialogue() = default;
  // What the client says before the server said anything; may be empty.
  [[nodiscard]] virtual std::string opening() { return {}; }
  // Looks at what the server said, takes away what it used. Nothing to send and no TLS: it waits for more.
  // Errors: CF2017 STARTTLS is not offered or refused, CF2018 the server does not speak this protocol. They do not
  // name the server; what it said is escaped.
  [[nodiscard]] virtual Result<Turn> answer(std::string& received) = 0;
};

// Null for kNone.
[[nodiscard]] std::unique_ptr<Dialogue> make_dialogue(Starttls protocol, const DialogueNames& names);

// The first line of what a server said, escaped and shortened, in quotes.
[[nodiscard]] std::string quoted(std::string_view said);
// CF2017; `said` is empty where the server only did not offer it.
[[nodiscard]] std::unexpected<Error> starttls_refused(std::string_view said);
// What a server said in plain text after it had agreed to start TLS: CF2017 where it takes that back (Dovecot does when it
// cannot use its key), else CF2019.
[[nodiscard]] std::unexpected<Error> said_after_agreeing(std::string_view said);
// CF2018.
[[nodiscard]] std::unexpected<Error> not_spoken(Starttls protocol, std::string_view said);

}  // namespace certferry::probe
