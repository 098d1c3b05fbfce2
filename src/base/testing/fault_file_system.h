// A disk in memory that forgets what was not synced and fails when told. Not part of the program.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "base/file.h"

namespace certferry::testing {

// Every call that changes or syncs something is a step, counted from 0. Accounts may do anything. Paths are absolute;
// the root folder exists.
class FaultFileSystem final : public FileSystem {
 public:
  // What a power cut leaves of what was not synced.
  enum class Loss {
    kEverything,  // neither names nor content
    kContent,     // names, as journals write them early, over empty files
    kSome,        // each name and each file's content by itself is lost or not, as the seed decides
  };

  FaultFileSystem();

  // The step of that number fails with `error` (an errno); a file being written keeps half of its content.
  void fail_at(std::uint64_t step, int error);
  // The step of that number and every call after it fail: the process was killed.
  void kill_at(std::uint64_t step);
  // No more faults; steps are counted from 0 again.
  void heal();
  void cut_power(Loss loss, std::uint64_t seed = 0);

  // How many there were since the last heal().
  [[nodiscard]] std::uint64_t steps() const { return steps_; }
  // Files, links and folders with what is in them, for comparing: "path mode: content".
  [[nodiscard]] std::vector<std::string> dump() const;
  // Overwrites a file in place, as a broken disk does.
  void damage(const std::string& path, std::string_view content);

  Result<std::optional<FileStatus>> status(const std::string& path) override;
  Result<Secret> read(const std::string& path, std::size_t limit) override;
  Result<> write_new(const std::string& path, ByteView bytes, unsigned mode) override;
  Result<> sync(const std::string& path) override;
  void start_sync(const std::string&) override {}
  Result<> rename(const std::string& from, const std::string& to) override;
  Result<> make_folder(const std::string& path, unsigned mode) override;
  Result<> make_symlink(const std::string& target, const std::string& path) override;
  Result<std::string> read_symlink(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& folder) override;
  Result<> remove(const std::string& path) override;
  Result<> set_mode(const std::string& path, unsigned mode) override;
  Result<> set_owner(const std::string& path, unsigned owner, unsigned group) override;
  Result<std::vector<unsigned>> readers(const std::string& path) override;
  Result<> set_readers(const std::string& path, const std::vector<unsigned>& accounts) override;

 private:
  struct Node;
  struct State {
    std::string content;  // of a file; where a symlink points
    std::map<std::string, std::shared_ptr<Node>> entries;
    unsigned mode = 0;
    unsigned owner = 0;
    unsigned group = 0;
    std::vector<unsigned> readers;
  };
  struct Node {
    FileKind kind = FileKind::kFile;
    std::uint64_t number = 0;
    State now;
    State durable;
  };
  using NodePtr = std::shared_ptr<Node>;

  // What this step has to fail with; 0: nothing.
  [[nodiscard]] int step();
  [[nodiscard]] NodePtr find(const std::string& path, bool follow) const;
  [[nodiscard]] Result<> insert(const std::string& path, FileKind kind, std::string content, unsigned mode);
  void forget(Node& node, Loss loss, std::set<const Node*>& seen);
  void forget_some(Node& node);
  void dump(const std::string& path, const Node& node, std::vector<std::string>& lines) const;

  static constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();
  NodePtr root_;
  std::uint64_t steps_ = 0;
  std::uint64_t nodes_ = 0;
  std::uint64_t fault_ = kNever;
  int error_ = 0;
  std::mt19937_64 random_;
  bool killed_ = false;  // from `fault_` on, for good
};

}  // namespace certferry::testing
