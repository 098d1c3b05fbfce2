#include "commands/awaited.h"

#include <algorithm>

#include "base/ascii.h"

namespace certferry::commands {

Awaited::Awaited(std::span<const fleet::Assignment> all, const std::vector<std::size_t>& wanted,
                 std::span<const fleet::Computer> computers, Time now) {
  for (const fleet::Computer& computer : computers) {
    Entry entry;
    entry.computer.fqdn = computer.fqdn;
    entry.computer.pool = computer.pool;
    for (const std::size_t index : wanted) {
      const fleet::Assignment& assignment = all[index];
      if (!computer.hosts(assignment.type) || !computer.in(assignment.scope)) continue;
      const auto used = fleet::resolve(all, computer, assignment.type, now);
      if (used && used->assignment != index) continue;
      if (assignment.next && assignment.next->slot.effective > now) {
        const fleet::Slot& slot = assignment.next->slot;
        entry.wants.push_back({assignment.type, slot.certificate.sha256, slot.generation, true});
      } else if (used) {
        entry.wants.push_back({assignment.type, used->slot.certificate.sha256, used->slot.generation, false});
      }
    }
    if (!entry.wants.empty()) computers_.emplace(computer.fqdn, std::move(entry));
  }
}

Awaited::State Awaited::state_of(const Want& want, const fleet::Status& status, std::string& reason) {
  for (const fleet::ReportedUse& use : status.uses) {
    if (!equal_ignoring_case(use.type, want.type) || use.sha256 != want.sha256 || use.generation != want.generation)
      continue;
    switch (use.state) {
      case fleet::ReportedUse::State::kActive:
      case fleet::ReportedUse::State::kVerified: return State::kDone;
      case fleet::ReportedUse::State::kStaged: return want.staged ? State::kDone : State::kReceived;
      case fleet::ReportedUse::State::kReceived: return State::kReceived;
      case fleet::ReportedUse::State::kFailed:
      case fleet::ReportedUse::State::kRolledBack:
        reason = std::string(fleet::name_of(use.state)) + (use.reason.empty() ? "" : ": " + use.reason);
        return State::kFailed;
    }
  }
  return State::kNotHeard;
}

bool Awaited::heard(const fleet::Status& status) {
  const auto found = computers_.find(status.fqdn);
  if (found == computers_.end()) return false;
  auto& [computer, wants] = found->second;
  computer.answered = status.head.issued;
  computer.reason.clear();
  computer.state = State::kDone;
  for (const Want& want : wants) {
    std::string reason;
    const State state = state_of(want, status, reason);
    if (state == State::kFailed) {
      computer.state = state;
      computer.reason = want.type + " " + reason;
      return true;
    }
    computer.state = std::min(computer.state, state);
  }
  return true;
}

std::size_t Awaited::count(State state) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(computers_, [&](const auto& one) { return one.second.computer.state == state; }));
}

bool Awaited::settled() const { return count(State::kDone) + count(State::kFailed) == total(); }

std::vector<Awaited::Computer> Awaited::exceptions() const {
  std::vector<Computer> found;
  for (const State state : {State::kFailed, State::kNotHeard, State::kReceived}) {
    for (const auto& [fqdn, entry] : computers_) {
      if (entry.computer.state == state) found.push_back(entry.computer);
    }
  }
  return found;
}

std::vector<Awaited::Computer> Awaited::silent(Time since) const {
  std::vector<Computer> found;
  for (const auto& [fqdn, entry] : computers_) {
    const Computer& computer = entry.computer;
    if (computer.state == State::kDone && computer.answered && *computer.answered < since) found.push_back(computer);
  }
  return found;
}

std::vector<Part> Awaited::parts() const {
  std::map<std::string, Part> pools;
  for (const auto& [fqdn, entry] : computers_) {
    Part& part = pools[entry.computer.pool];
    part.name = entry.computer.pool.empty() ? "no pool" : entry.computer.pool;
    ++part.total;
    if (entry.computer.state == State::kDone) ++part.done;
  }
  std::vector<Part> parts;
  for (auto& [name, part] : pools) parts.push_back(std::move(part));
  return parts;
}

std::string silence_in_words(const Awaited::Computer& computer) {
  return computer.answered ? "not answered since " + rfc3339(*computer.answered) : "never answered";
}

std::string in_words(const Awaited::Computer& computer) {
  switch (computer.state) {
    case Awaited::State::kDone: return "has it";
    case Awaited::State::kFailed: return computer.reason;
    case Awaited::State::kReceived: return "has received it, and does not serve it yet";
    case Awaited::State::kNotHeard: break;
  }
  return silence_in_words(computer);
}

}  // namespace certferry::commands
