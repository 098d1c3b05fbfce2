#include "container/reader_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <map>

#include "container/sandbox.h"
#include "container/testing/slow_file.h"
#include "container/wire.h"
#include "x509/testing/certificate_maker.h"

namespace certferry::container {
namespace {

using namespace std::chrono_literals;
using testing::slow_file;

constexpr auto kPatience = 60'000ms;

std::string pem_file(const std::string& name) {
  const auto made = x509::testing::make_certificate(x509::testing::server_spec({name}));
  const auto key = x509::PrivateKey::from_pkcs8(made.key.pkcs8());
  return made.pem() + std::string(key->pem().text());
}

std::size_t open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

class Pool : public ::testing::Test {
 protected:
  ReaderPool start(std::size_t children) {
    auto pool = ReaderPool::start(children, {}, clock_);
    EXPECT_TRUE(pool);
    return std::move(*pool);
  }
  static void submit(ReaderPool& pool, std::size_t id, std::string_view file) {
    pool.submit(id, Secret(file), nullptr);
  }
  // By id: the number of certificates, or the id of the error.
  static std::map<std::size_t, std::string> collect(ReaderPool& pool) {
    std::map<std::size_t, std::string> answers;
    while (const auto completed = pool.next(kPatience)) {
      answers[completed->id] =
          completed->file ? std::to_string(completed->file->certificates.size()) : completed->file.error().id;
    }
    return answers;
  }
  ManualClock clock_{x509::testing::kNow};
};

TEST_F(Pool, AnswersWhatReadingAloneAnswers) {
  ReaderPool pool = start(2);
  const std::vector<std::string> files = {pem_file("a.example"), "<html>log in</html>", pem_file("b.example"), "",
                                          slow_file(1000)};
  const auto password = std::make_shared<const Secret>(std::string_view("secret"));
  for (std::size_t i = 0; i < files.size(); ++i) pool.submit(i, Secret(files[i]), password);
  std::size_t count = 0;
  for (; const auto completed = pool.next(kPatience); ++count) {
    ReadOptions options;
    options.password = password.get();
    EXPECT_TRUE(encode(completed->file) == encode(read(as_bytes(files[completed->id]), options))) << completed->id;
  }
  EXPECT_EQ(count, files.size());
}

TEST_F(Pool, AnswersEachOfManyOnce) {
  ReaderPool pool = start(2);
  const std::string good = pem_file("a.example");
  const std::string large(900'000, 'x');  // more than a socket holds
  std::map<std::size_t, std::string> expected;
  for (std::size_t i = 0; i < 300; ++i) {
    const bool bad = i % 50 == 7;
    submit(pool, i, bad ? large : good);
    expected[i] = bad ? "CF1203" : "1";
  }
  EXPECT_EQ(pool.pending(), 300u);
  EXPECT_EQ(collect(pool), expected);
  EXPECT_EQ(pool.pending(), 0u);
}

TEST_F(Pool, AChildKilledWhileItReadsCostsThatFileAlone) {
  ReaderPool pool = start(1);
  const pid_t first = pool.children().at(0);
  submit(pool, 0, slow_file(9'999'999));
  submit(pool, 1, pem_file("a.example"));
  submit(pool, 2, pem_file("b.example"));
  ASSERT_EQ(::kill(first, SIGKILL), 0);
  EXPECT_EQ(collect(pool), (std::map<std::size_t, std::string>{{0, "CF1250"}, {1, "1"}, {2, "1"}}));
  ASSERT_EQ(pool.children().size(), 1u);
  EXPECT_NE(pool.children().at(0), first);
}

TEST_F(Pool, AFileThatTakesTooLongIsStopped) {
  ReaderPool pool = start(1);
  submit(pool, 0, slow_file(9'999'999));
  clock_.advance(ReaderPool::kLongest + 1s);
  const auto completed = pool.next(0ms);
  ASSERT_TRUE(completed);
  ASSERT_FALSE(completed->file);
  EXPECT_EQ(completed->file.error().id, "CF1250");
  EXPECT_EQ(completed->file.error().message, "reading the file was stopped: it came to its limit of time");
  submit(pool, 1, pem_file("a.example"));
  EXPECT_EQ(collect(pool), (std::map<std::size_t, std::string>{{1, "1"}}));
}

TEST_F(Pool, AnIdleChildThatDiedIsReplaced) {
  ReaderPool pool = start(1);
  submit(pool, 0, pem_file("a.example"));
  EXPECT_EQ(collect(pool).size(), 1u);
  ASSERT_EQ(::kill(pool.children().at(0), SIGKILL), 0);
  submit(pool, 1, pem_file("a.example"));
  submit(pool, 2, pem_file("a.example"));
  // The first file may have been given to the dying child and is then counted as what ended it.
  EXPECT_EQ(collect(pool).at(2), "1");
}

TEST_F(Pool, NextReturnsAfterItsTimeout) {
  ReaderPool pool = start(1);
  EXPECT_FALSE(pool.next(kPatience)) << "nothing is pending";
  submit(pool, 0, slow_file(9'999'999));
  EXPECT_FALSE(pool.next(1ms));
  EXPECT_EQ(pool.pending(), 1u);
}

TEST_F(Pool, LeavesNoChildAndNoDescriptor) {
  const std::size_t before = open_descriptors();
  std::vector<pid_t> pids;
  {
    ReaderPool pool = start(3);
    submit(pool, 0, slow_file(9'999'999));
    pids = pool.children();
    ASSERT_EQ(::kill(pids[0], SIGKILL), 0);
    EXPECT_TRUE(pool.next(kPatience));
  }
  EXPECT_EQ(pids.size(), 3u);
  for (const pid_t pid : pids) EXPECT_EQ(::kill(pid, 0), -1) << pid;
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(Pool, ChildrenEndWithTheProcessHoweverItEnds) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t owner = ::fork();
  if (owner == 0) {
    // The children close the pipe when they confine themselves; the owner holds the last end until it is killed.
    ReaderPool pool = start(2);
    submit(pool, 0, slow_file(9'999'999));
    const pid_t child = pool.children().at(0);
    if (::write(ends[1], &child, sizeof child) != sizeof child) ::_exit(1);
    ::kill(::getpid(), SIGKILL);
  }
  ::close(ends[1]);
  pid_t child = 0;
  ASSERT_EQ(::read(ends[0], &child, sizeof child), static_cast<ssize_t>(sizeof child));
  char rest = 0;
  EXPECT_EQ(::read(ends[0], &rest, 1), 0);
  ::waitpid(owner, nullptr, 0);
  // Whoever adopts it may take a moment to collect it; then there is no such process, or it is a zombie.
  const auto gone = [&] {
    if (::kill(child, 0) != 0) return true;
    std::error_code error;
    const auto path = std::filesystem::read_symlink("/proc/" + std::to_string(child) + "/exe", error);
    return path.empty();
  };
  bool ended = gone();
  for (int i = 0; i < 100'000 && !ended; ++i) ended = gone();
  EXPECT_TRUE(ended);
  ::close(ends[0]);
}

}  // namespace
}  // namespace certferry::container
