// What is known of each computer that shall use an assignment: pure, from what they said.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "commands/environment.h"
#include "fleet/assignment.h"
#include "fleet/statements.h"

namespace certferry::commands {

class Awaited {
 public:
  // But for kFailed in the order in which a computer comes to them: of several uses the earliest counts.
  enum class State { kNotHeard, kReceived, kDone, kFailed };
  struct Computer {
    std::string fqdn, pool;
    State state = State::kNotHeard;
    std::string reason;          // of kFailed
    std::optional<Time> answered;  // when it signed what it said last
  };

  // `all`: every assignment of the store; `wanted`: those that are waited for, by index. A computer for which a narrower scope has
  // another one is not waited for.
  Awaited(std::span<const fleet::Assignment> all, const std::vector<std::size_t>& wanted,
          std::span<const fleet::Computer> computers, Time now);

  // False: it is not waited for.
  bool heard(const fleet::Status& status);

  [[nodiscard]] std::size_t total() const { return computers_.size(); }
  [[nodiscard]] std::size_t count(State state) const;
  // Each has it, or failed.
  [[nodiscard]] bool settled() const;
  // Those that do not have it: the failed first.
  [[nodiscard]] std::vector<Computer> exceptions() const;
  // Those that have it, and last said so before `since`.
  [[nodiscard]] std::vector<Computer> silent(Time since) const;
  // By pool; without one: by the word "no pool".
  [[nodiscard]] std::vector<Part> parts() const;

 private:
  struct Want {
    std::string type, sha256;
    std::uint64_t generation = 0;
    bool staged = false;  // its date is to come
  };
  struct Entry {
    Computer computer;
    std::vector<Want> wants;
  };
  [[nodiscard]] static State state_of(const Want& want, const fleet::Status& status, std::string& reason);
  std::map<std::string, Entry> computers_;
};

// "not answered since 2030-…", "never answered".
[[nodiscard]] std::string silence_in_words(const Awaited::Computer& computer);
// "failed: …", "has received it", "not answered since 2030-…", "never answered".
[[nodiscard]] std::string in_words(const Awaited::Computer& computer);

}  // namespace certferry::commands
