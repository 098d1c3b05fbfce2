#include "probe/starttls.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace certferry::probe {
namespace {

struct Outcome {
  std::vector<std::string> sent;
  std::string end;  // "TLS", "waits", or the error's id and message

  bool operator==(const Outcome&) const = default;
};

// Plays the server's part, `step` octets at a time.
Outcome play(Starttls protocol, const std::vector<std::string>& says, std::size_t step) {
  const auto dialogue = make_dialogue(protocol, {"im.example", "[192.0.2.1]"});
  Outcome outcome;
  if (const std::string opening = dialogue->opening(); !opening.empty()) outcome.sent.push_back(opening);
  std::string received;
  for (const std::string& part : says) {
    for (std::size_t at = 0; at < part.size(); at += step) {
      received += part.substr(at, step);
      const auto turn = dialogue->answer(received);
      if (!turn) {
        outcome.end = turn.error().id + " " + turn.error().message;
        return outcome;
      }
      if (!turn->send.empty()) outcome.sent.push_back(turn->send);
      if (turn->tls) {
        outcome.end = received.empty() ? "TLS" : "TLS and more";
        return outcome;
      }
    }
  }
  outcome.end = "waits";
  return outcome;
}

std::string octets(std::initializer_list<int> values) {
  std::string text;
  for (int value : values) text += static_cast<char>(value);
  return text;
}

const std::string kXmppOpening =
    "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
    "to='im.example' version='1.0'>";
const std::string kXmppAsk = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
const std::string kLdapRequest =
    octets({0x30, 0x1d, 0x02, 0x01, 0x01, 0x77, 0x18, 0x80, 0x16}) + "1.3.6.1.4.1.1466.20037";
const std::string kPostgresqlRequest = octets({0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f});

std::string mysql_greeting(int capabilities_high) {
  const std::string payload = octets({10}) + "10.11.6-MariaDB" + octets({0, 1, 0, 0, 0}) + "12345678" +
                              octets({0, 0xfe, capabilities_high, 0x2d, 2, 0}) + std::string(20, '\0');
  return octets({static_cast<int>(payload.size()), 0, 0, 0}) + payload;
}
const std::string kMysqlRequest = octets({0x20, 0, 0, 1, 0, 0x8a, 0, 0, 0, 0, 0, 1, 0x21}) + std::string(23, '\0');
const std::string kNotOffered = "CF2017 the server does not offer to start TLS";
const std::string kRefused = "CF2017 the server refuses to start TLS: ";

struct Case {
  Starttls protocol;
  std::vector<std::string> server;
  std::vector<std::string> client;
  std::string end;
};

// clang-format off
const std::vector<Case> kCases = {
    {Starttls::kSmtp, {"220 mail ESMTP\r\n", "250-mail\r\n250-PIPELINING\r\n250-starttls\r\n250 8BITMIME\r\n", "220 2.0.0 Ready\r\n"},
     {"EHLO [192.0.2.1]\r\n", "STARTTLS\r\n"}, "TLS"},
    {Starttls::kSmtp, {"220-mail\r\n220 ESMTP\r\n", "250 STARTTLS\r\n", "220\r\n"}, {"EHLO [192.0.2.1]\r\n", "STARTTLS\r\n"}, "TLS"},
    {Starttls::kSmtp, {"220 mail ESMTP\n", "250-mail\n250 SIZE\n"}, {"EHLO [192.0.2.1]\r\n"}, kNotOffered},
    {Starttls::kSmtp, {"220 mail\r\n", "250 STARTTLS\r\n", "454 4.7.0 TLS not available due to local problem\r\n"},
     {"EHLO [192.0.2.1]\r\n", "STARTTLS\r\n"}, kRefused + "\"454 4.7.0 TLS not available due to local problem\""},
    {Starttls::kSmtp, {"554 5.7.1 go \x1b[0m away\r\n"}, {}, kRefused + "\"554 5.7.1 go \\u{1b}[0m away\""},
    {Starttls::kSmtp, {"220 mail\r\n", "502 what?\r\n"}, {"EHLO [192.0.2.1]\r\n"}, kRefused + "\"502 what?\""},
    {Starttls::kSmtp, {"* OK IMAP4rev1\r\n"}, {}, "CF2018 the server does not speak smtp; it says \"* OK IMAP4rev1\""},
    {Starttls::kSmtp, {"220"}, {}, "waits"},
    {Starttls::kLmtp, {"220 mail LMTP\r\n", "250-mail\r\n250 STARTTLS\r\n", "220 2.0.0 Begin TLS\r\n"},
     {"LHLO [192.0.2.1]\r\n", "STARTTLS\r\n"}, "TLS"},
    {Starttls::kFtp, {"220-Welcome\r\n to the\r\n220 server\r\n", "234 Proceed\r\n"}, {"AUTH TLS\r\n"}, "TLS"},
    {Starttls::kFtp, {"120 soon\r\n220 now\r\n", "234 Proceed\r\n"}, {"AUTH TLS\r\n"}, "TLS"},
    {Starttls::kFtp, {"220 ftp\r\n", "530 Please login with USER and PASS.\r\n"}, {"AUTH TLS\r\n"},
     kRefused + "\"530 Please login with USER and PASS.\""},
    {Starttls::kImap, {"* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n", "* CAPABILITY x\r\na1 OK Begin TLS\r\n"}, {"a1 STARTTLS\r\n"}, "TLS"},
    {Starttls::kImap, {"* ok\r\n", "A1 ok\r\n"}, {"a1 STARTTLS\r\n"}, "TLS"},
    {Starttls::kImap, {"* OK\r\n", "a1 BAD TLS support isn't enabled.\r\n"}, {"a1 STARTTLS\r\n"}, kRefused + "\"a1 BAD TLS support isn't enabled.\""},
    {Starttls::kImap, {"* OK\r\n", "* BYE\r\n"}, {"a1 STARTTLS\r\n"}, kRefused + "\"* BYE\""},
    {Starttls::kImap, {"* PREAUTH hello root\r\n"}, {}, kRefused + "\"* PREAUTH hello root\""},
    {Starttls::kImap, {"* BYE busy\r\n"}, {}, kRefused + "\"* BYE busy\""},
    {Starttls::kImap, {"+OK POP3\r\n"}, {}, "CF2018 the server does not speak imap; it says \"+OK POP3\""},
    {Starttls::kImap, {"* OK\r\n", "b7 OK\r\n"}, {"a1 STARTTLS\r\n"}, "CF2018 the server does not speak imap; it says \"b7 OK\""},
    {Starttls::kPop3, {"+OK ready <1.2@x>\r\n", "+OK Begin TLS\r\n"}, {"STLS\r\n"}, "TLS"},
    {Starttls::kPop3, {"+OK\r\n", "-ERR TLS support isn't enabled.\r\n"}, {"STLS\r\n"}, kRefused + "\"-ERR TLS support isn't enabled.\""},
    {Starttls::kPop3, {"-ERR busy\r\n"}, {}, kRefused + "\"-ERR busy\""},
    {Starttls::kPop3, {"+OKAY\r\n"}, {}, "CF2018 the server does not speak pop3; it says \"+OKAY\""},
    {Starttls::kSieve, {"\"IMPLEMENTATION\" \"Pigeonhole\"\r\n\"STARTTLS\"\r\nOK \"ready\"\r\n", "OK \"Begin TLS\"\r\n"}, {"STARTTLS\r\n"}, "TLS"},
    {Starttls::kSieve, {"\"SIEVE\" \"fileinto\"\r\nOK\r\n"}, {}, kNotOffered},
    {Starttls::kSieve, {"BYE \"busy\"\r\n"}, {}, kRefused + "\"BYE \"busy\"\""},
    {Starttls::kSieve, {"\"STARTTLS\"\r\nOK\r\n", "NO \"not now\"\r\n"}, {"STARTTLS\r\n"}, kRefused + "\"NO \"not now\"\""},
    {Starttls::kSieve, {"220 mail\r\n"}, {}, "CF2018 the server does not speak sieve; it says \"220 mail\""},
    {Starttls::kLdap, {octets({0x30, 12, 2, 1, 1, 0x78, 7, 10, 1, 0, 4, 0, 4, 0})}, {kLdapRequest}, "TLS"},
    // As Active Directory writes it: lengths of five octets, the name of the operation at the end.
    {Starttls::kLdap, {octets({0x30, 0x84, 0, 0, 0, 18, 2, 1, 1, 0x78, 0x84, 0, 0, 0, 9, 10, 1, 0, 4, 0, 4, 0, 0x8a, 0})}, {kLdapRequest}, "TLS"},
    {Starttls::kLdap, {octets({0x30, 16, 2, 1, 1, 0x78, 11, 10, 1, 52, 4, 0, 4, 4}) + "busy"}, {kLdapRequest}, kRefused + "\"result code 52: busy\""},
    {Starttls::kLdap, {octets({0x30, 12, 2, 1, 1, 0x78, 7, 10, 1, 2, 4, 0, 4, 0})}, {kLdapRequest}, kRefused + "\"result code 2\""},
    {Starttls::kLdap, {"220 mail\r\n"}, {kLdapRequest}, "CF2018 the server does not speak ldap; it says \"2\""},
    {Starttls::kXmppClient, {"<?xml version='1.0'?><stream:stream from='im.example'>", "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>", "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"},
     {kXmppOpening, kXmppAsk}, "TLS"},
    {Starttls::kXmppClient, {"<stream:stream><stream:features><starttls/></stream:features>", "<proceed></proceed>"}, {kXmppOpening, kXmppAsk}, "TLS"},
    {Starttls::kXmppClient, {"<stream:stream>", "<stream:features/>"}, {kXmppOpening}, kNotOffered},
    {Starttls::kXmppClient, {"<stream:stream>", "<stream:features><starttls/></stream:features>", "<failure xmlns='x'/></stream:stream>"}, {kXmppOpening, kXmppAsk}, kRefused + "\"<failure xmlns='x'/>\""},
    {Starttls::kXmppClient, {"<stream:stream>", "<stream:error><host-unknown/></stream:error>"}, {kXmppOpening}, kRefused + "\"<stream:error><host-unknown/></stream:error>\""},
    {Starttls::kXmppClient, {"HTTP/1.1 400 Bad Request\r\n"}, {kXmppOpening}, "CF2018 the server does not speak xmpp-client; it says \"H\""},
    {Starttls::kPostgresql, {"S"}, {kPostgresqlRequest}, "TLS"},
    {Starttls::kPostgresql, {"N"}, {kPostgresqlRequest}, kNotOffered},
    {Starttls::kPostgresql, {"E" + octets({0, 0, 0, 22}) + "SFATAL" + octets({0}) + "Mtoo many" + octets({0, 0})}, {kPostgresqlRequest}, kRefused + "\"too many\""},
    {Starttls::kPostgresql, {"EUnsupported frontend protocol\n" + octets({0})}, {kPostgresqlRequest}, kRefused + "\"Unsu\""},
    {Starttls::kPostgresql, {"H"}, {kPostgresqlRequest}, "CF2018 the server does not speak postgresql; it says \"H\""},
    {Starttls::kMysql, {mysql_greeting(0xff)}, {kMysqlRequest}, "TLS"},
    {Starttls::kMysql, {mysql_greeting(0xf7)}, {}, kNotOffered},
    {Starttls::kMysql, {octets({15, 0, 0, 0, 0xff, 0x69, 0x04}) + "Host blocked"}, {}, kRefused + "\"Host blocked\""},
    {Starttls::kMysql, {"HTTP/1.1 400\r\n"}, {}, "CF2018 the server does not speak mysql; it says \"HTTP/\""},
};
// clang-format on

TEST(Starttls, IsSpokenAsEachProtocolWantsIt) {
  for (const Case& one : kCases) {
    SCOPED_TRACE(std::string(name_of(one.protocol)) + ": " + one.server.front());
    const Outcome outcome = play(one.protocol, one.server, 1);
    EXPECT_EQ(outcome.sent, one.client);
    EXPECT_EQ(outcome.end, one.end);
  }
}

TEST(Starttls, GoesOnTheSameHoweverTheOctetsArrive) {
  for (const Case& one : kCases) {
    // What is quoted of a wrong protocol depends on how much of it has come.
    const bool wrong = one.end.starts_with("CF2018") || one.end.find("Unsu") != std::string::npos;
    for (std::size_t step : {2u, 3u, 7u, 4096u}) {
      SCOPED_TRACE(std::string(name_of(one.protocol)) + ": " + one.server.front());
      const Outcome outcome = play(one.protocol, one.server, step);
      EXPECT_EQ(outcome.sent, one.client);
      EXPECT_EQ(wrong ? outcome.end.substr(0, 6) : outcome.end, wrong ? one.end.substr(0, 6) : one.end);
    }
  }
}

TEST(Starttls, TellsWhenMoreCameThanTheWordToGo) {
  EXPECT_EQ(play(Starttls::kPostgresql, {"SX"}, 2).end, "TLS and more");
  EXPECT_EQ(play(Starttls::kPop3, {"+OK\r\n", "+OK\r\n+OK injected\r\n"}, 4096).end, "TLS and more");
}

TEST(Starttls, SurvivesAnything) {
  EXPECT_TRUE(rc::check("any octets, in any pieces", [] {
    const auto protocol = static_cast<Starttls>(*rc::gen::inRange(1, 12));
    const auto base = *rc::gen::elementOf(kCases);
    auto says = base.protocol == protocol ? base.server : std::vector<std::string>{};
    for (const std::string& part : *rc::gen::container<std::vector<std::string>>(rc::gen::arbitrary<std::string>()))
      says.insert(says.begin() + *rc::gen::inRange<long>(0, static_cast<long>(says.size()) + 1), part);
    play(protocol, says, *rc::gen::inRange<std::size_t>(1, 9));
  }));
}

TEST(Starttls, IsCalledByNames) {
  for (const std::string& name : starttls_names()) EXPECT_EQ(name_of(*starttls_from(name)), name);
  EXPECT_EQ(*starttls_from("none"), Starttls::kNone);
  EXPECT_EQ(*starttls_from("xmpp"), Starttls::kXmppClient);
  EXPECT_EQ(*starttls_from("postgres"), Starttls::kPostgresql);
  EXPECT_EQ(
      starttls_from("SMTP").error(),
      (Error{ErrorKind::kUsage, "CF2002", "\"SMTP\" is no STARTTLS protocol",
             "use one of smtp, lmtp, imap, pop3, sieve, ldap, xmpp-client, xmpp-server, postgresql, mysql, ftp"}));
}

}  // namespace
}  // namespace certferry::probe
