// Probing the services that people run, each started on loopback with a configuration of its own.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>

#include "probe/probe.h"
#include "probe/testing/server_process.h"

namespace certferry::probe {
namespace {

using testing::Folder;
using testing::free_port;
using testing::make_pair;
using testing::Pair;
using testing::ServerProcess;

class Services : public ::testing::Test {
 protected:
  // chain.pem and key.pem in the folder, the key readable by everybody: it is worth nothing.
  Services() {
    folder_.write("chain.pem", pair_.fullchain);
    folder_.write("key.pem", pair_.key);
  }

  void start(const std::vector<std::string>& argv, std::uint16_t port, const std::string& account = "") {
    process_ = std::make_unique<ServerProcess>(folder_, argv, account);
    process_->wait_for(port);
  }
  Result<Served> ask(std::uint16_t port, Starttls starttls) {
    return probe({.endpoint = {"127.0.0.1", port}, .server_name = "mail.example", .starttls = starttls}, clock_);
  }
  void expect_served(std::uint16_t port, Starttls starttls) {
    const auto served = ask(port, starttls);
    ASSERT_TRUE(served) << name_of(starttls) << ": " << served.error().message;
    EXPECT_EQ(served->chain, (std::vector{pair_.leaf, pair_.intermediate})) << name_of(starttls);
    EXPECT_EQ(served->protocol, "TLSv1.3") << name_of(starttls);
  }
  // The message without the target.
  std::string refusal(std::uint16_t port, Starttls starttls) {
    const auto answer = ask(port, starttls);
    return answer ? "served"
                  : answer.error().id + " " + answer.error().message.substr(fmt::format("127.0.0.1:{}: ", port).size());
  }

  const std::string& path() const { return folder_.path(); }

  SystemClock clock_;
  Pair pair_ = make_pair("mail.example");
  Folder folder_;
  std::unique_ptr<ServerProcess> process_;
};

class Postfix : public Services {
 protected:
  void start_postfix() {
    folder_.make("spool");
    folder_.make("data", "postfix");
    folder_.write("main.cf", fmt::format(R"(compatibility_level = 3.6
queue_directory = {0}/spool
data_directory = {0}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
maillog_file = {0}/mail.log
maillog_file_prefixes = {0}
myhostname = mail.example
mydestination =
alias_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtpd_peername_lookup = no
smtpd_tls_chain_files = {0}/key-chain.pem
)",
                                         path()));
    folder_.write("master.cf", fmt::format(R"(127.0.0.1:{0} inet n - n - - smtpd -o smtpd_tls_security_level=may
127.0.0.1:{1} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes -o smtpd_tls_security_level=encrypt
127.0.0.1:{2} inet n - n - - smtpd
postlog unix-dgram n - n - 1 postlogd
tlsmgr unix - - n 1000? 1 tlsmgr
cleanup unix n - n - 0 cleanup
rewrite unix - - n - - trivial-rewrite
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
)",
                                           starttls_, tls_, plain_));
    start({"/usr/sbin/postfix", "-c", path(), "start-fg"}, plain_);
  }

  // Its master makes a session of its own, and does not end with the process that was started.
  void TearDown() override {
    std::ifstream file(path() + "/spool/pid/master.pid");
    if (pid_t master = 0; file >> master && master > 1) ::kill(master, SIGTERM);
  }

  std::uint16_t starttls_ = free_port(), tls_ = free_port(), plain_ = free_port();
};

TEST_F(Postfix, ServesItsCertificate) {
  folder_.write("key-chain.pem", pair_.key + pair_.fullchain, 0600);
  start_postfix();
  expect_served(starttls_, Starttls::kSmtp);
  expect_served(tls_, Starttls::kNone);
  EXPECT_EQ(refusal(plain_, Starttls::kSmtp), "CF2017 the server does not offer to start TLS");
  EXPECT_EQ(refusal(starttls_, Starttls::kNone),
            "CF2020 the server does not speak TLS here but SMTP or FTP: \"220 mail.example ESMTP Postfix\"");
  EXPECT_EQ(refusal(starttls_, Starttls::kImap),
            "CF2018 the server does not speak imap; it says \"220 mail.example ESMTP Postfix\"");
}

TEST_F(Postfix, SaysThatItCannotUseAPairThatDoesNotMatch) {
  folder_.write("key-chain.pem", make_pair("thief.example").key + pair_.fullchain, 0600);
  start_postfix();
  EXPECT_EQ(refusal(starttls_, Starttls::kSmtp),
            "CF2017 the server refuses to start TLS: \"454 4.7.0 TLS not available due to local problem\"");
}

class Dovecot : public Services {
 protected:
  void start_dovecot(const std::string& key) {
    const std::string configuration =
        folder_.write("dovecot.conf", fmt::format(R"(base_dir = {0}/run
state_dir = {0}/state
log_path = {0}/dovecot.log
protocols = imap pop3 lmtp sieve
listen = 127.0.0.1
mail_location = maildir:{0}/mail
ssl = yes
ssl_cert = <{0}/chain.pem
ssl_key = <{0}/{1}
passdb {{
  driver = static
  args = nopassword=y
}}
userdb {{
  driver = static
  args = uid=dovecot gid=dovecot home={0}
}}
service imap-login {{
  inet_listener imap {{
    port = {2}
  }}
  inet_listener imaps {{
    port = {3}
  }}
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {4}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
service managesieve-login {{
  inet_listener sieve {{
    port = {5}
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {6}
  }}
}}
)",
                                                  path(), key, imap_, imaps_, pop3_, sieve_, lmtp_));
    start({"/usr/sbin/dovecot", "-F", "-c", configuration}, imap_);
  }

  std::uint16_t imap_ = free_port(), imaps_ = free_port(), pop3_ = free_port(), sieve_ = free_port(),
                lmtp_ = free_port();
};

TEST_F(Dovecot, ServesItsCertificate) {
  start_dovecot("key.pem");
  expect_served(imap_, Starttls::kImap);
  expect_served(imaps_, Starttls::kNone);
  expect_served(pop3_, Starttls::kPop3);
  expect_served(sieve_, Starttls::kSieve);
  expect_served(lmtp_, Starttls::kLmtp);
  EXPECT_THAT(refusal(imap_, Starttls::kNone),
              ::testing::StartsWith("CF2020 the server does not speak TLS here but IMAP: \"* OK "));
}

TEST_F(Dovecot, DoesNotStartTlsWithAPairThatDoesNotMatch) {
  folder_.write("other.pem", make_pair("thief.example").key);
  start_dovecot("other.pem");
  using ::testing::AnyOf;
  // What Dovecot says is lost where it closes the connection before it has read what the client sent.
  const std::string closed = "CF2022 the server closed the connection in the middle of the TLS handshake";
  EXPECT_EQ(refusal(imaps_, Starttls::kNone), closed);
  EXPECT_THAT(
      refusal(imap_, Starttls::kImap),
      AnyOf(closed, "CF2017 the server refuses to start TLS: \"* BYE [UNAVAILABLE] TLS initialization failed.\""));
  EXPECT_THAT(refusal(pop3_, Starttls::kPop3),
              AnyOf(closed, "CF2017 the server refuses to start TLS: \"-ERR [SYS/TEMP] TLS initialization failed.\""));
}

TEST_F(Services, Slapd) {
  const std::uint16_t port = free_port(), tls = free_port(), bare = free_port();
  const std::string configuration = folder_.write(
      "slapd.conf",
      fmt::format(
          "include /etc/ldap/schema/core.schema\npidfile {0}/pid\nargsfile {0}/args\nTLSCertificateFile {0}/chain.pem\nTLSCertificateKeyFile {0}/key.pem\n",
          path()));
  start({"/usr/sbin/slapd", "-d", "0", "-f", configuration, "-h",
         fmt::format("ldap://127.0.0.1:{}/ ldaps://127.0.0.1:{}/", port, tls)},
        port);
  expect_served(port, Starttls::kLdap);
  expect_served(tls, Starttls::kNone);
  const std::string without = folder_.write(
      "bare.conf", fmt::format("include /etc/ldap/schema/core.schema\npidfile {0}/pid2\nargsfile {0}/args2\n", path()));
  start({"/usr/sbin/slapd", "-d", "0", "-f", without, "-h", fmt::format("ldap://127.0.0.1:{}/", bare)}, bare);
  EXPECT_EQ(refusal(bare, Starttls::kLdap),
            "CF2017 the server refuses to start TLS: \"result code 2: unsupported extended operation\"");
}

TEST_F(Services, Prosody) {
  const std::uint16_t client = free_port(), server = free_port();
  folder_.make("data", "prosody");
  const std::string configuration = folder_.write("prosody.cfg.lua", fmt::format(R"(daemonize = false
pidfile = "{0}/data/pid"
data_path = "{0}/data"
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {1} }}
s2s_ports = {{ {2} }}
modules_enabled = {{ "saslauth", "tls", "dialback", "disco" }}
log = {{ warn = "*console" }}
VirtualHost "mail.example"
  ssl = {{ certificate = "{0}/chain.pem", key = "{0}/key.pem" }}
VirtualHost "bare.example"
)",
                                                                                 path(), client, server));
  start({"/usr/bin/prosody", "-F", "--config", configuration}, client, "prosody");
  expect_served(client, Starttls::kXmppClient);
  expect_served(server, Starttls::kXmppServer);
  const auto unknown = probe(
      {.endpoint = {"127.0.0.1", client}, .server_name = "unknown.example", .starttls = Starttls::kXmppClient}, clock_);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().id, "CF2017");
  EXPECT_THAT(unknown.error().message, ::testing::HasSubstr("host-unknown"));
}

TEST_F(Services, Postgresql) {
  const std::uint16_t port = free_port();
  const std::string data = folder_.make("data", "postgres"), programs = "/usr/lib/postgresql/15/bin/";
  testing::run({programs + "initdb", "--no-sync", "-A", "trust", "-D", data}, "postgres");
  folder_.make("socket", "postgres");
  testing::run({"/usr/bin/install", "-o", "postgres", "-m", "0600", folder_ / "key.pem", folder_ / "data/key.pem"});
  const auto arguments = [&](const std::string& ssl) {
    return std::vector<std::string>{programs + "postgres",
                                    "-D",
                                    data,
                                    "-p",
                                    std::to_string(port),
                                    "-k",
                                    folder_ / "socket",
                                    "-c",
                                    "listen_addresses=127.0.0.1",
                                    "-c",
                                    "fsync=off",
                                    "-c",
                                    "ssl=" + ssl,
                                    "-c",
                                    "ssl_cert_file=" + (folder_ / "chain.pem"),
                                    "-c",
                                    "ssl_key_file=key.pem"};
  };
  start(arguments("on"), port, "postgres");
  expect_served(port, Starttls::kPostgresql);
  process_->stop();
  start(arguments("off"), port, "postgres");
  EXPECT_EQ(refusal(port, Starttls::kPostgresql), "CF2017 the server does not offer to start TLS");
}

TEST_F(Services, Mariadb) {
  const std::uint16_t port = free_port();
  const std::string data = folder_.make("data", "mysql");
  const std::vector<std::string> argv = {"/usr/sbin/mariadbd",          "--no-defaults",
                                         "--skip-grant-tables",         "--skip-networking=0",
                                         "--datadir=" + data,           "--socket=" + data + "/socket",
                                         "--pid-file=" + data + "/pid", "--bind-address=127.0.0.1",
                                         fmt::format("--port={}", port)};
  auto with_tls = argv;
  with_tls.insert(with_tls.end(), {"--ssl-cert=" + (folder_ / "chain.pem"), "--ssl-key=" + (folder_ / "key.pem")});
  start(with_tls, port, "mysql");
  expect_served(port, Starttls::kMysql);
  process_->stop();
  start(argv, port, "mysql");
  EXPECT_EQ(refusal(port, Starttls::kMysql), "CF2017 the server does not offer to start TLS");
}

TEST_F(Services, Vsftpd) {
  const std::uint16_t port = free_port();
  folder_.make("empty");
  const std::string configuration = folder_.write(
      "vsftpd.conf",
      fmt::format(
          "listen=YES\nlisten_address=127.0.0.1\nlisten_port={1}\nbackground=NO\nsecure_chroot_dir={0}/empty\nssl_enable=YES\nallow_anon_ssl=YES\nrsa_cert_file={0}/chain.pem\nrsa_private_key_file={0}/key.pem\n",
          path(), port));
  start({"/usr/sbin/vsftpd", configuration}, port);
  expect_served(port, Starttls::kFtp);
}

}  // namespace
}  // namespace certferry::probe
