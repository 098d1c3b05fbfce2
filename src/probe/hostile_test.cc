// Servers that refuse, hang, lie and flood. None may cost more than the time limit, or the process.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "probe/probe.h"
#include "probe/testing/scripted_server.h"
#include "probe/testing/server_process.h"

namespace certferry::probe {
namespace {

using testing::FullQueue;
using testing::Peer;
using testing::ScriptedServer;
using std::chrono_literals::operator""ms;

class Hostile : public ::testing::Test {
 protected:
  Result<Served> ask(std::uint16_t port, Starttls starttls = Starttls::kNone,
                     std::chrono::milliseconds limit = 5000ms) {
    const auto began = clock_.monotonic();
    auto answer = probe({.endpoint = {"127.0.0.1", port}, .starttls = starttls, .limit = limit}, clock_);
    took_ = clock_.monotonic() - began;
    return answer;
  }
  // "CF2020 message", the target's own text left out.
  std::string error(std::uint16_t port, Starttls starttls = Starttls::kNone, std::chrono::milliseconds limit = 5000ms) {
    const auto answer = ask(port, starttls, limit);
    if (answer) return "served";
    const std::string prefix = fmt::format("127.0.0.1:{}: ", port);
    EXPECT_THAT(answer.error().message, ::testing::StartsWith(prefix));
    EXPECT_EQ(answer.error().kind, ErrorKind::kFailed);
    EXPECT_NE(answer.error().fix, "");
    return answer.error().id + " " + answer.error().message.substr(prefix.size());
  }

  SystemClock clock_;
  std::chrono::nanoseconds took_{0};
};

TEST_F(Hostile, NobodyThere) {
  EXPECT_EQ(error(testing::free_port()), "CF2012 connection refused: nothing listens there");
}

TEST_F(Hostile, NoAnswerToConnecting) {
  const FullQueue queue;
  EXPECT_EQ(error(queue.port(), Starttls::kNone, 300ms), "CF2014 no answer to the attempt to connect");
  EXPECT_GE(took_, 300ms);
  EXPECT_LT(took_, 2000ms);
}

TEST_F(Hostile, NotReachable) {
  const auto answer = probe({.endpoint = {"255.255.255.255", 443}}, clock_);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().id, "CF2013");
}

TEST_F(Hostile, UnknownHost) {
  // A label of more than 63 octets is no name that any server could be asked for.
  const auto answer = probe({.endpoint = {std::string(64, 'a') + ".example", 443}, .limit = 20'000ms}, clock_);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().id, "CF2010") << answer.error().message;
}

TEST_F(Hostile, Silence) {
  const ScriptedServer server([](const Peer& peer) { peer.drain(); });
  EXPECT_EQ(error(server.port(), Starttls::kNone, 200ms), "CF2016 no end of the TLS handshake within 200 ms");
  EXPECT_LT(took_, 2000ms);
  EXPECT_EQ(error(server.port(), Starttls::kSmtp, 200ms), "CF2015 no end of what is said before TLS within 200 ms");
  EXPECT_LT(took_, 2000ms);
}

TEST_F(Hostile, OneOctetAtATime) {
  const ScriptedServer text([](const Peer& peer) { peer.repeat("2", 10); });
  EXPECT_EQ(error(text.port(), Starttls::kSmtp, 300ms), "CF2015 no end of what is said before TLS within 300 ms");
  EXPECT_LT(took_, 2000ms);
  const ScriptedServer tls([](const Peer& peer) {
    peer.send({"\x16\x03\x03\x40\x00", 5});
    peer.repeat("\x02", 10);
  });
  EXPECT_EQ(error(tls.port(), Starttls::kNone, 300ms), "CF2016 no end of the TLS handshake within 300 ms");
  EXPECT_LT(took_, 2000ms);
}

TEST_F(Hostile, EndlessText) {
  const ScriptedServer server([](const Peer& peer) { peer.repeat(std::string(1000, '2')); });
  EXPECT_EQ(error(server.port(), Starttls::kSmtp),
            "CF2018 the server does not speak smtp; it says \"" + std::string(200, '2') + "…\"");
  const ScriptedServer lines([](const Peer& peer) { peer.repeat("220-and another thing\r\n"); });
  EXPECT_EQ(error(lines.port(), Starttls::kFtp),
            "CF2018 the server does not speak ftp; it says \"220-and another thing\"");
}

TEST_F(Hostile, EndlessHandshake) {
  // HelloRequest, which a client ignores.
  const std::string record("\x16\x03\x03\x00\x04\x00\x00\x00\x00", 9);
  std::string records;
  for (int i = 0; i < 1000; ++i) records += record;
  const ScriptedServer server([&](const Peer& peer) { peer.repeat(records); });
  EXPECT_EQ(error(server.port()), "CF2027 the server sent too much in the handshake: more than 1024 KiB");
}

TEST_F(Hostile, NoTls) {
  struct Case {
    std::string says, error, fix;
  };
  // clang-format off
  for (const auto& [says, expected, fix] : std::vector<Case>{
           {"HTTP/1.1 400 Bad Request\r\nServer: x\r\n",
            "CF2020 the server does not speak TLS here but plain HTTP: \"HTTP/1.1 400 Bad Request\"",
            "this port serves HTTP without TLS; ask the port for HTTPS, or switch TLS on for this one"},
           {"220 mail.example ESMTP\r\n", "CF2020 the server does not speak TLS here but SMTP or FTP: \"220 mail.example ESMTP\"",
            "ask with STARTTLS protocol smtp or ftp, or a port that speaks TLS at once (465, 990)"},
           {"* OK ready\r\n", "CF2020 the server does not speak TLS here but IMAP: \"* OK ready\"",
            "ask with STARTTLS protocol imap, or the port for IMAP over TLS (993)"},
           {"SSH-2.0-OpenSSH_9.2\r\n", "CF2020 the server does not speak TLS here but SSH: \"SSH-2.0-OpenSSH_9.2\"",
            "this port is for SSH, which has no certificates of this kind"},
           {"\x1b]0;pwned\x07\xff\n", "CF2020 the server does not speak TLS here; it says \"\\u{1b}]0;pwned\\u{7}\\xff\"",
            "check the port, and whether the service speaks another protocol first (STARTTLS)"},
       }) {
    // clang-format on
    const ScriptedServer server([&](const Peer& peer) {
      peer.send(says);
      peer.drain();
    });
    EXPECT_EQ(error(server.port()), expected);
    EXPECT_EQ(ask(server.port()).error().fix, fix);
  }
}

TEST_F(Hostile, Alerts) {
  for (const auto& [number, name] : std::vector<std::pair<int, std::string>>{{40, "handshake_failure"},
                                                                             {70, "protocol_version"},
                                                                             {80, "internal_error"},
                                                                             {112, "unrecognized_name"},
                                                                             {116, "certificate_required"},
                                                                             {199, "alert 199"}}) {
    const ScriptedServer server([&](const Peer& peer) {
      peer.send(std::string("\x15\x03\x03\x00\x02\x02", 6) + static_cast<char>(number));
      peer.drain();
    });
    EXPECT_EQ(error(server.port()), "CF2021 the server ended the handshake with the TLS alert " + name);
  }
}

TEST_F(Hostile, AnEndInTheMiddle) {
  const std::string in_handshake = "CF2022 the server closed the connection in the middle of the TLS handshake";
  const ScriptedServer closes([](const Peer& peer) { (void)peer.read(); });
  EXPECT_EQ(error(closes.port()), in_handshake);
  const ScriptedServer resets([](const Peer& peer) {
    (void)peer.read();
    peer.reset();
  });
  EXPECT_EQ(error(resets.port()), in_handshake);
  const ScriptedServer half([](const Peer& peer) {
    (void)peer.read();
    peer.send({"\x16\x03\x03\x00\x40\x02", 6});
  });
  EXPECT_EQ(error(half.port()), in_handshake);
  const ScriptedServer at_once([](const Peer&) {});
  EXPECT_EQ(error(at_once.port(), Starttls::kImap), "CF2023 the server closed the connection before TLS");
  const ScriptedServer after_asking([](const Peer& peer) {
    peer.send("+OK\r\n");
    (void)peer.read();
  });
  EXPECT_EQ(error(after_asking.port(), Starttls::kPop3), "CF2023 the server closed the connection before TLS");
}

TEST_F(Hostile, Nonsense) {
  const ScriptedServer server([](const Peer& peer) {
    (void)peer.read();
    peer.send(std::string("\x16\x03\x03\x00\x08", 5) + "nonsense");
    peer.drain();
  });
  EXPECT_EQ(error(server.port()), "CF2024 the TLS handshake failed: unexpected message");
}

TEST_F(Hostile, WordsPutBeforeTls) {
  const ScriptedServer server([](const Peer& peer) {
    peer.send("+OK\r\n");
    (void)peer.read();
    peer.send("+OK begin\r\n+OK injected\r\n");
    peer.drain();
  });
  EXPECT_EQ(error(server.port(), Starttls::kPop3),
            "CF2019 the server sent plain text after it agreed to start TLS: \"+OK injected\"");
}

TEST_F(Hostile, WordsPutInPlaceOfTls) {
  for (const auto& [says, expected] : std::vector<std::pair<std::string, std::string>>{
           {"+OK injected\r\n", "CF2019 the server sent plain text after it agreed to start TLS: \"+OK injected\""},
           {"-ERR no key\r\n", "CF2017 the server refuses to start TLS: \"-ERR no key\""}}) {
    const ScriptedServer server([&](const Peer& peer) {
      peer.send("+OK\r\n");
      (void)peer.read();
      peer.send("+OK begin\r\n");
      (void)peer.read();  // the first octets of the handshake
      peer.send(says);
      peer.drain();
    });
    EXPECT_EQ(error(server.port(), Starttls::kPop3), expected);
  }
}

TEST_F(Hostile, ManyAtOnceCostTheTimeOfOne) {
  const ScriptedServer silent([](const Peer& peer) { peer.drain(); });
  const ScriptedServer plain([](const Peer& peer) {
    peer.send("HTTP/1.1 400 Bad Request\r\n");
    peer.drain();
  });
  std::vector<Target> targets;
  for (int i = 0; i < 100; ++i)
    targets.push_back({.endpoint = {"127.0.0.1", i % 2 ? silent.port() : plain.port()}, .limit = 500ms});
  const auto began = clock_.monotonic();
  const auto answers = probe_many(targets, 100, clock_);
  EXPECT_LT(clock_.monotonic() - began, 5000ms);
  for (std::size_t i = 0; i < answers.size(); ++i) EXPECT_EQ(answers[i].error().id, i % 2 ? "CF2016" : "CF2020");
}

TEST_F(Hostile, ANameThatCannotBeSent) {
  const ScriptedServer server([](const Peer& peer) { peer.drain(); });
  const auto answer = probe({.endpoint = {"127.0.0.1", server.port()}, .server_name = std::string(256, 'a')}, clock_);
  EXPECT_EQ(answer.error().id, "CF2003");
}

}  // namespace
}  // namespace certferry::probe
