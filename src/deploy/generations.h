// What the services of a type read: generations/<Type>/<n>/, and live/<Type>/current, next and previous, which point there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/finding.h"
#include "base/result.h"
#include "base/secret.h"
#include "deploy/key_access.h"

namespace certferry::deploy {

// One generation as it lies on disk.
struct Generation {
  std::uint64_t number = 0;
  std::string sha256;  // of the certificate in it, from its file "sha256"; empty: the generation is damaged

  bool operator==(const Generation&) const = default;
};

// Where the three names of live/<Type>/ point.
struct Live {
  std::optional<Generation> current;
  std::optional<Generation> next;
  std::optional<Generation> previous;

  bool operator==(const Live&) const = default;
};

struct GenerationFiles {
  std::string sha256;
  std::string certificate;  // PEM
  std::string chain;  // PEM
  Secret key;  // PEM
};

// What shall be: SHA-256 of the certificate in each place; nothing: the name shall not be there.
struct Desired {
  std::optional<std::string> current;
  std::optional<std::string> next;
  std::optional<std::string> previous;
};

// The generations and the live names of one type below one home. One process at a time (commands hold the home's lock).
// A generation is never changed once written; the flip is one rename of one symlink. Killed at any step, the next
// `bring_to` converges. Errors: CF1603 a name points where it should not, those of base/file.h.
class Generations {
 public:
  Generations(FileSystem& files, std::string home, std::string type);

  [[nodiscard]] Result<Live> live() const;
  [[nodiscard]] Result<std::vector<Generation>> list() const;
  // Writes the generation with the next free number, unless the newest one of that certificate holds exactly this with
  // that access. Its number.
  [[nodiscard]] Result<std::uint64_t> stage(const GenerationFiles& content, const KeyAccess& access);
  // Points the names at the generations of the desired certificates, which have to be staged: `previous` first, on
  // disk before `current` moves, then `next`. On disk when it returns. True: something changed.
  [[nodiscard]] Result<bool> bring_to(const Desired& desired);
  // What is wrong: CF1601 and CF1605 of deploy/pem_folder.h, CF1603 (fatal) names that point nowhere.
  [[nodiscard]] Result<Findings> verify(const KeyAccess& access) const;
  // Removes generations that no name points at but the newest `keep`, and what interrupted commands left.
  [[nodiscard]] Result<> prune(std::size_t keep);
  // What interrupted commands left, as paths. Never looked at.
  [[nodiscard]] Result<std::vector<std::string>> leftovers() const;

  [[nodiscard]] const std::string& live_folder() const { return live_; }

 private:
  [[nodiscard]] Result<std::optional<Generation>> read_name(const std::string& name) const;
  [[nodiscard]] Result<Generation> read_generation(const std::string& number) const;
  [[nodiscard]] Result<bool> holds(const Generation& generation, const GenerationFiles& content,
                                   const KeyAccess& access) const;
  [[nodiscard]] Result<bool> point(const std::string& name, const std::optional<std::string>& sha256,
                                   const std::vector<Generation>& all);

  FileSystem& files_;
  std::string type_;
  std::string folder_;
  std::string live_;
};

}  // namespace certferry::deploy
