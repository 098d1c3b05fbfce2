#include "deploy/testing/flip_reader.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <stdexcept>
#include <thread>

#include "base/descriptor.h"
#include "base/file.h"
#include "deploy/generations.h"
#include "deploy/testing/material.h"

namespace certferry::deploy::testing {
namespace {

constexpr std::size_t kCertificates = 8;
constexpr std::size_t kKept = 2;  // as the program keeps them
constexpr std::uint64_t kFlipsBetweenPrunes = 50;
constexpr std::size_t kMostWrong = 10;

class Flipper {
 public:
  Flipper(const std::string& home, const std::atomic<std::uint64_t>& opens)
      : generations_(files_, home, "Web"), opens_(opens) {
    for (std::size_t i = 0; i < kCertificates; ++i) all_.push_back(&material("reader" + std::to_string(i)));
    check(generations_.stage(all_[0]->generation(), {}));
    check(generations_.bring_to({.current = all_[0]->sha256, .next = {}, .previous = {}}));
  }

  void flip(const std::stop_token& stop) {
    const Material& old = *all_[at_];
    at_ = (at_ + 1) % all_.size();
    const Material& next = *all_[at_];
    check(generations_.stage(next.generation(), {}));
    check(generations_.bring_to({.current = next.sha256, .next = {}, .previous = old.sha256}));
    if (++flips % kFlipsBetweenPrunes == 0) prune(stop);
  }

  std::uint64_t flips = 0;
  std::uint64_t removed = 0;

 private:
  template <typename T>
  static T check(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().id + ": " + result.error().message);
    return std::move(*result);
  }

  // Between two flips of the program lie hundreds of milliseconds, so that nobody still opens files of one that is
  // pruned. Here they follow within microseconds: the reader ends what it had begun first.
  void prune(const std::stop_token& stop) {
    const std::uint64_t begun = opens_.load();
    while (opens_.load() < begun + 2) {
      if (stop.stop_requested()) return;
      std::this_thread::yield();
    }
    const std::size_t before = check(generations_.list()).size();
    if (const Result<> done = generations_.prune(kKept); !done) throw std::runtime_error(done.error().message);
    removed += before - check(generations_.list()).size();
  }

  PosixFileSystem disk_;
  BatchedFileSystem files_{disk_};
  Generations generations_;
  const std::atomic<std::uint64_t>& opens_;
  std::vector<const Material*> all_;
  std::size_t at_ = 0;
};

class Reader {
 public:
  explicit Reader(const std::string& live) : live_(::open(live.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    for (std::size_t i = 0; i < kCertificates; ++i) {
      const Material& one = material("reader" + std::to_string(i));
      key_of_.emplace(one.certificate + one.chain, one.key);
    }
  }

  // What is wrong; empty: a pair.
  [[nodiscard]] std::string read_pair() {
    const Descriptor folder(::openat(live_.get(), "current", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder.valid()) return std::string("current: ") + std::strerror(errno);
    const std::optional<std::string_view> chain = content(folder, "fullchain.pem", chain_);
    const std::optional<std::string_view> key = content(folder, "privkey.pem", key_);
    if (!chain || !key) return std::string("a file of it: ") + std::strerror(errno);
    const auto known = key_of_.find(*chain);
    if (known == key_of_.end()) return "no whole certificate";
    if (known->second != *key) return "the key of another certificate";
    changes += known->second != last_;
    last_ = known->second;
    return "";
  }

  std::uint64_t changes = 0;

 private:
  using Buffer = std::array<char, 16 * 1024>;

  static std::optional<std::string_view> content(const Descriptor& folder, const char* name, Buffer& buffer) {
    const Descriptor file(::openat(folder.get(), name, O_RDONLY | O_CLOEXEC));
    if (!file.valid()) return std::nullopt;
    const ssize_t size = ::read(file.get(), buffer.data(), buffer.size());
    if (size < 0) return std::nullopt;
    return std::string_view(buffer.data(), static_cast<std::size_t>(size));
  }

  Descriptor live_;
  std::map<std::string, std::string, std::less<>> key_of_;  // by the chain
  std::string last_;
  Buffer chain_{};
  Buffer key_{};
};

}  // namespace

FlipReading read_during_flips(std::uint64_t opens) {
  std::string home = (std::filesystem::temp_directory_path() / "certferry-reader-XXXXXX").string();
  if (!::mkdtemp(home.data())) throw std::runtime_error("no temporary folder");
  FlipReading reading;
  std::atomic<std::uint64_t> done = 0;
  {
    Flipper flipper(home, done);
    Reader reader(home + "/live/Web");
    std::string broke;  // the flipper, if it did
    std::jthread flipping([&](const std::stop_token& stop) {
      try {
        while (!stop.stop_requested()) flipper.flip(stop);
      } catch (const std::exception& error) {
        broke = error.what();
      }
    });
    for (; reading.opens < opens && reading.wrong.size() < kMostWrong; ++reading.opens) {
      if (std::string wrong = reader.read_pair(); !wrong.empty()) reading.wrong.push_back(std::move(wrong));
      done = reading.opens + 1;
    }
    flipping.request_stop();
    flipping.join();
    if (!broke.empty()) reading.wrong.push_back(broke);
    reading.flips = flipper.flips;
    reading.removed = flipper.removed;
    reading.changes = reader.changes;
  }
  std::filesystem::remove_all(home);
  return reading;
}

}  // namespace certferry::deploy::testing
