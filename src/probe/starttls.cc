#include "probe/starttls.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <utility>

#include "base/ascii.h"
#include "base/escape.h"
#include "probe/starttls_dialogues.h"

namespace certferry::probe {
namespace {

constexpr std::array<std::pair<Starttls, std::string_view>, 12> kNames = {{
    {Starttls::kNone, "none"},
    {Starttls::kSmtp, "smtp"},
    {Starttls::kLmtp, "lmtp"},
    {Starttls::kImap, "imap"},
    {Starttls::kPop3, "pop3"},
    {Starttls::kSieve, "sieve"},
    {Starttls::kLdap, "ldap"},
    {Starttls::kXmppClient, "xmpp-client"},
    {Starttls::kXmppServer, "xmpp-server"},
    {Starttls::kPostgresql, "postgresql"},
    {Starttls::kMysql, "mysql"},
    {Starttls::kFtp, "ftp"},
}};
constexpr std::size_t kLongestQuote = 200;

}  // namespace

std::string_view name_of(Starttls protocol) {
  for (const auto& [value, name] : kNames) {
    if (value == protocol) return name;
  }
  return "none";
}

Result<Starttls> starttls_from(std::string_view name) {
  if (name == "xmpp") return Starttls::kXmppClient;
  if (name == "postgres") return Starttls::kPostgresql;
  for (const auto& [value, known] : kNames) {
    if (known == name) return value;
  }
  return fail(ErrorKind::kUsage, "CF2002", fmt::format("\"{}\" is no STARTTLS protocol", escape_terminal(name)),
              fmt::format("use one of {}", fmt::join(starttls_names(), ", ")));
}

std::vector<std::string> starttls_names() {
  std::vector<std::string> names;
  for (const auto& [value, name] : kNames) {
    if (value != Starttls::kNone) names.emplace_back(name);
  }
  return names;
}

std::string quoted(std::string_view said) {
  std::string_view line = said.substr(0, said.find_first_of("\r\n"));
  const bool cut = line.size() > kLongestQuote;
  return fmt::format("\"{}{}\"", escape_terminal(line.substr(0, kLongestQuote)), cut ? "…" : "");
}

std::unexpected<Error> starttls_refused(std::string_view said) {
  return fail(ErrorKind::kFailed, "CF2017",
              said.empty() ? std::string("the server does not offer to start TLS")
                           : fmt::format("the server refuses to start TLS: {}", quoted(said)),
              "look into the service's log and its TLS configuration: it cannot use its certificate or key, or TLS is "
              "switched off");
}

std::unexpected<Error> said_after_agreeing(std::string_view said) {
  const bool error_code = said.size() > 3 && (said[0] == '4' || said[0] == '5') && ascii_digit(said[1]) &&
                          ascii_digit(said[2]) && said[3] == ' ';
  if (error_code || said.starts_with("* BYE") || said.starts_with("-ERR") || said.starts_with("BYE"))
    return starttls_refused(said);
  // It was not said by who holds the key; a client that took it as said inside TLS could be deceived.
  return fail(ErrorKind::kFailed, "CF2019",
              fmt::format("the server sent plain text after it agreed to start TLS: {}", quoted(said)),
              "look for a proxy in between; if there is none, the service's STARTTLS is not safe");
}

std::unexpected<Error> not_spoken(Starttls protocol, std::string_view said) {
  return fail(ErrorKind::kFailed, "CF2018",
              fmt::format("the server does not speak {}; it says {}", name_of(protocol), quoted(said)),
              "check port and protocol: STARTTLS needs the one that the service speaks on this port");
}

std::unique_ptr<Dialogue> make_dialogue(Starttls protocol, const DialogueNames& names) {
  switch (protocol) {
    case Starttls::kNone: return nullptr;
    case Starttls::kSmtp:
    case Starttls::kLmtp:
    case Starttls::kFtp: return make_reply_code_dialogue(protocol, names);
    case Starttls::kImap: return make_imap_dialogue();
    case Starttls::kPop3: return make_pop3_dialogue();
    case Starttls::kSieve: return make_sieve_dialogue();
    case Starttls::kLdap: return make_ldap_dialogue();
    case Starttls::kXmppClient:
    case Starttls::kXmppServer: return make_xmpp_dialogue(protocol, names);
    case Starttls::kPostgresql: return make_postgresql_dialogue();
    case Starttls::kMysql: return make_mysql_dialogue();
  }
  return nullptr;
}

}  // namespace certferry::probe
