#include "container/sandbox.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <functional>

#include "container/confine.h"
#include "container/wire.h"
#include "x509/testing/certificate_maker.h"

namespace certferry::container {
namespace {

std::string pem_file() {
  const auto made = x509::testing::make_certificate(x509::testing::server_spec({"a.example"}));
  const auto key = x509::PrivateKey::from_pkcs8(made.key.pkcs8());
  return made.pem() + std::string(key->pem().text());
}

std::size_t open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

TEST(Confined, ReadsWhatUnconfinedReadingReads) {
  const std::string pem = pem_file();
  const std::size_t before = open_descriptors();
  const auto plain = read(as_bytes(pem), {});
  const auto confined = read_confined(as_bytes(pem), {});
  ASSERT_TRUE(plain);
  ASSERT_TRUE(confined) << confined.error().message;
  EXPECT_TRUE(encode(plain) == encode(confined));
  EXPECT_EQ(open_descriptors(), before);
}

TEST(Confined, GivesBackTheSameError) {
  const auto plain = read(as_bytes("<html>log in</html>"), {});
  const auto confined = read_confined(as_bytes("<html>log in</html>"), {});
  ASSERT_FALSE(plain);
  ASSERT_FALSE(confined);
  EXPECT_EQ(confined.error(), plain.error());
}

// The status of a confined child that does that.
int status_of(const std::function<void()>& act) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    confine_this_process(ends[1], CpuLimit::kOneMinute);
    act();
    ::_exit(0);
  }
  ::close(ends[0]);
  ::close(ends[1]);
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

TEST(ConfinedProcess, MayComputeAndEnd) {
  EXPECT_EQ(status_of([] { std::string(1000, 'x').append("y"); }), 0);
}

TEST(ConfinedProcess, IsKilledForAnythingElse) {
  const std::vector<std::pair<const char*, std::function<void()>>> acts = {
      {"open", [] { static_cast<void>(::open("/etc/passwd", 0)); }},
      {"socket", [] { static_cast<void>(::socket(AF_INET, SOCK_STREAM, 0)); }},
      {"fork", [] { static_cast<void>(::fork()); }},
      {"exec", [] { static_cast<void>(::execl("/bin/true", "true", nullptr)); }},
      {"kill", [] { static_cast<void>(::kill(1, 0)); }},
      {"unlink", [] { static_cast<void>(::unlink("/tmp/none")); }},
  };
  for (const auto& [name, act] : acts) {
    const int status = status_of(act);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) << name << ": " << status;
  }
}

TEST(Wire, RefusesWhatWasCutOffOrAltered) {
  const Secret whole = encode(read(as_bytes(pem_file()), {}));
  ASSERT_TRUE(decode(whole.view()));
  for (std::size_t size = 0; size < whole.size(); size += 3) EXPECT_FALSE(decode(whole.view().first(size))) << size;
}

}  // namespace
}  // namespace certferry::container
