// Reading where the process has several threads: in this program, started anew.
#include "container/confined_main.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <fstream>
#include <mutex>
#include <thread>

#include "container/reader_pool.h"
#include "container/sandbox.h"
#include "container/serve.h"
#include "container/testing/pfx_file.h"
#include "container/testing/slow_file.h"
#include "container/wire.h"
#include "x509/testing/certificate_maker.h"

namespace certferry::container {
namespace {

using testing::make_pfx;
using testing::slow_file;
using x509::testing::make_certificate;
using x509::testing::server_spec;

// A thread that waits while the test runs.
class SecondThread : public ::testing::Test {
 protected:
  SecondThread()
      : thread_([this] {
          std::unique_lock lock(mutex_);
          over_.wait(lock, [this] { return done_; });
        }) {
    EXPECT_FALSE(has_one_thread());
  }
  ~SecondThread() override {
    {
      const std::lock_guard lock(mutex_);
      done_ = true;
    }
    over_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable over_;
  bool done_ = false;
  std::jthread thread_;  // last: it uses the others
};

std::string pem_file(std::size_t certificates) {
  std::string text;
  for (std::size_t i = 0; i < certificates; ++i) {
    auto spec = server_spec({"web.example"});
    spec.serial = {0x01, static_cast<std::uint8_t>(i)};
    const auto made = make_certificate(spec);
    text += made.pem();
    if (i == 0) text += x509::PrivateKey::from_pkcs8(made.key.pkcs8())->pem().text();
  }
  return text;
}

std::string text_of(const Bytes& bytes) { return std::string(as_text(bytes)); }

TEST_F(SecondThread, FilesAreReadAsWithoutOne) {
  const Secret right(std::string_view("secret"));
  const Secret wrong(std::string_view("wrong"));
  const Secret non_ascii(std::string_view("pässwörd \xf0\x9f\x94\x91"));
  const auto certificate = make_certificate(server_spec({"web.example"}));
  const std::string pfx = text_of(make_pfx({.certificates = {certificate}}));
  const std::string other =
      text_of(make_pfx({.password = std::string(non_ascii.text()), .certificates = {certificate}}));
  const std::string pem = pem_file(3);
  const std::vector<std::pair<std::string, const Secret*>> cases = {
      {pfx, &right},
      {pfx, &wrong},
      {pfx, nullptr},
      {other, &non_ascii},
      {pem, nullptr},
      {text_of(certificate.der), nullptr},
      {pfx.substr(0, pfx.size() / 2), &right},
      {"<html>log in</html>", nullptr},
      {"", nullptr},
      {std::string(2'000'000, 'x'), nullptr},  // more than a socket holds, and more than may be read
      {pem_file(200), nullptr},
  };
  for (const auto& [file, password] : cases) {
    ReadOptions options;
    options.password = password;
    const auto plain = read(as_bytes(file), options);
    const auto confined = read_confined(as_bytes(file), options);
    EXPECT_TRUE(encode(plain) == encode(confined))
        << file.substr(0, 30) << ": " << (confined ? "" : confined.error().message);
  }
}

TEST_F(SecondThread, LimitsAndKeyPasswordsReachTheReader) {
  const Secret password(std::string_view("secret"));
  const std::string pfx = text_of(make_pfx({.certificates = {make_certificate(server_spec({"web.example"}))}}));
  ReadOptions options;
  options.key_password = &password;
  options.password = &password;
  for (std::uint64_t iterations : {1000u, 100'000u}) {
    options.limits.kdf_iterations = iterations;
    EXPECT_TRUE(encode(read(as_bytes(pfx), options)) == encode(read_confined(as_bytes(pfx), options)));
  }
}

TEST_F(SecondThread, SeveralLargeFilesAreReadByOneReader) {
  const std::string large = pem_file(250);
  const std::vector<ConfinedInput> inputs(12, {as_bytes(large), {}});
  const auto answers = ConfinedReading::start(inputs).finish();
  ASSERT_EQ(answers.size(), inputs.size());
  for (const auto& answer : answers) {
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->certificates.size(), 250u);
  }
}

TEST_F(SecondThread, APoolReadsToo) {
  ManualClock clock(x509::testing::kNow);
  auto pool = ReaderPool::start(2, {}, clock);
  ASSERT_TRUE(pool) << pool.error().message;
  const std::string pem = pem_file(1);
  for (std::size_t i = 0; i < 20; ++i) {
    if (i == 10) {
      for (const pid_t child : pool->children()) ::kill(child, SIGKILL);
    }
    pool->submit(i, Secret(pem), nullptr);
  }
  std::size_t read = 0;
  std::size_t answers = 0;
  for (; const auto completed = pool->next(std::chrono::seconds(60)); ++answers) read += completed->file.has_value();
  EXPECT_EQ(answers, 20u);
  EXPECT_GE(read, 18u) << "a killed child costs the file that it was reading";
}

// A reader as spawn_reader() starts it, and this test's end of its socket.
struct Reader {
  Reader() {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    const auto child = spawn_reader(ends[1], Lifetime::kOneReading);
    ::close(ends[1]);
    EXPECT_TRUE(child);
    pid = child.value_or(-1);
    socket = ends[0];
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() {
    ::close(socket);
    EXPECT_EQ(::waitpid(pid, nullptr, 0), pid);
  }
  [[nodiscard]] std::string of_proc(const char* name) const {
    std::ifstream file("/proc/" + std::to_string(pid) + "/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

  pid_t pid = -1;
  int socket = -1;
};

TEST_F(SecondThread, AReaderIsToldNothingOnItsCommandLineOrInItsEnvironment) {
  Reader reader;
  const Secret password(std::string_view("planted-Passw0rd"));
  ReadOptions options;
  options.password = &password;
  const Secret request = encode_request(as_bytes(slow_file(1000)), options);
  ASSERT_EQ(::send(reader.socket, request.view().data(), request.size(), 0), static_cast<ssize_t>(request.size()));
  std::array<std::uint8_t, kNumberOctets> size{};
  ASSERT_EQ(::recv(reader.socket, size.data(), size.size(), MSG_WAITALL), static_cast<ssize_t>(size.size()));
  EXPECT_EQ(reader.of_proc("cmdline"), std::string("certferry\0__read-file\0", 22));
  EXPECT_EQ(reader.of_proc("environ"), "");
  EXPECT_THAT(reader.of_proc("status"), ::testing::HasSubstr("Seccomp:\t2"));
}

TEST_F(SecondThread, AReaderThatIsKilledIsAnErrorOfTheFile) {
  const std::string slow = slow_file(9'999'999);
  const ConfinedInput input{as_bytes(slow), {}};
  ReadingLimits limits;
  limits.wall = std::chrono::seconds(0);
  const auto answers = ConfinedReading::start(std::span(&input, 1), limits).finish();
  ASSERT_FALSE(answers.front());
  EXPECT_EQ(answers.front().error().id, "CF1250");
  EXPECT_EQ(answers.front().error().message, "reading the file was stopped: it came to its limit of time");
}

TEST_F(SecondThread, AReaderThatCrashesIsAnErrorOfTheFile) {
  const std::string slow = slow_file(9'999'999);
  const ConfinedInput input{as_bytes(slow), {}};
  auto reading = ConfinedReading::start(std::span(&input, 1));
  ASSERT_GT(reading.child(), 0);
  ASSERT_EQ(::kill(reading.child(), SIGSEGV), 0);
  const auto answers = reading.finish();
  ASSERT_FALSE(answers.front());
  EXPECT_EQ(answers.front().error().id, "CF1250");
}

TEST(HiddenWord, TypedByHandIsRefused) {
  std::string program = "x";
  for (std::string word : {"__read-file", "__read-files"}) {
    char* arguments[] = {program.data(), word.data(), nullptr};
    const int standard = ::dup(STDIN_FILENO);
    std::FILE* nothing = std::freopen("/dev/null", "r", stdin);
    EXPECT_NE(nothing, nullptr);
    EXPECT_EQ(confined_main(2, arguments), 2);
    ::dup2(standard, STDIN_FILENO);
    ::close(standard);
    EXPECT_EQ(confined_main(1, arguments), std::nullopt);
  }
}

}  // namespace
}  // namespace certferry::container

// Of all tests of this folder.
int main(int argc, char** argv) {
  if (const auto code = certferry::container::confined_main(argc, argv)) return *code;
  ::testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
