#include "simulation/invariants.h"

#include <algorithm>

#include "deploy/certificates.h"
#include "deploy/generations.h"

namespace certferry::simulation {
namespace {

constexpr std::size_t kLargest = 1 << 20;

std::vector<std::string> types_of(Computer& computer) {
  return computer.disk.list(computer.home + "/live").value_or(std::vector<std::string>());
}

// What the service reads; "" where there is nothing.
std::string text_of(Computer& computer, const std::string& path) {
  const auto text = computer.disk.read(path, kLargest);
  return text ? std::string(text->text()) : "";
}

// In the order in which they shall be used.
bool is_newer(const Issued& one, const Issued& other) {
  return std::pair(one.effective, one.order) > std::pair(other.effective, other.order);
}

bool was_its_own(const Computer& computer, const Issued& issued) {
  return std::ranges::any_of(computer.places, [&](const fleet::Computer& place) {
    const auto scopes = place.scopes();
    return place.hosts(issued.type) && std::ranges::find(scopes, issued.scope, &fleet::Scope::key) != scopes.end();
  });
}

}  // namespace

std::string use_key(const std::string& scope, const std::string& type) { return scope + " " + type; }

std::optional<std::string> violation(Computer& computer, const Ledger& ledger, Time now) {
  for (const std::string& type : types_of(computer)) {
    const std::string folder = computer.home + "/live/" + type + "/current";
    const auto pointer = computer.disk.read_symlink(folder);
    if (!pointer) continue;
    const std::string where = computer.place.fqdn + ": " + type + " ";
    const std::string certificate = text_of(computer, folder + "/cert.pem");
    const auto found =
        std::ranges::find_if(ledger.issued, [&](const auto& one) { return one.second.certificate == certificate; });
    if (found == ledger.issued.end()) return where + "shows what nobody imported";
    const auto& [sha256, issued] = *found;
    if (text_of(computer, folder + "/privkey.pem") != issued.key) return where + "shows a certificate without its key";
    if (issued.type != type || !was_its_own(computer, issued)) return where + "shows what is not for this computer";

    const std::string use = use_key(issued.scope, issued.type);
    const bool early = issued.effective && now < *issued.effective;
    const auto [at, is_first] = computer.newest.try_emplace(use, sha256, early);
    Computer::Shown& newest = at->second;
    if (is_first) continue;
    const Issued& before = ledger.issued.at(newest.sha256);
    if (newest.sha256 == sha256) newest.early = newest.early && early;
    if (newest.sha256 == sha256 || is_newer(issued, before)) {
      if (newest.sha256 != sha256) newest = {sha256, early};
      continue;
    }
    const auto undone = ledger.undone.find(use);
    const bool went_back = undone != ledger.undone.end() && undone->second > before.order;
    // It was shown by a clock that ran ahead: its turn had not come.
    if (!went_back && !newest.early && !ledger.withdrawn.contains(newest.sha256))
      return where + "shows " + sha256.substr(0, 8) + " after " + newest.sha256.substr(0, 8) + ", which is newer, of " +
             issued.scope;
    newest = {sha256, early};
  }
  return std::nullopt;
}

std::optional<std::string> difference(Computer& computer, const std::vector<fleet::Assignment>& assignments, Time now) {
  std::vector<std::string> types = types_of(computer);
  for (const fleet::Assignment& one : assignments) {
    if (std::ranges::find(types, one.type) == types.end()) types.push_back(one.type);
  }
  for (const std::string& type : types) {
    const auto wanted = fleet::resolve(assignments, computer.place, type, now);
    const auto live = deploy::Generations(computer.disk, computer.home, type).live();
    if (!live) return computer.place.fqdn + ": " + live.error().message;
    const std::string shown = live->current ? live->current->sha256 : "nothing";
    const std::string expected = wanted ? wanted->slot.certificate.sha256 : "nothing";
    if (shown != expected)
      return computer.place.fqdn + ": " + type + " shows " + shown.substr(0, 8) + ", not " + expected.substr(0, 8) +
             (computer.place.hosts(type) ? "" : "; it does not host that");
  }
  const deploy::Certificates certificates(computer.disk, computer.home);
  for (const std::string& sha256 : certificates.list().value_or(std::vector<std::string>())) {
    const bool needed = std::ranges::any_of(assignments, [&](const fleet::Assignment& one) {
      return computer.place.in(one.scope) && computer.place.hosts(one.type) && one.names(sha256);
    });
    if (!needed) return computer.place.fqdn + " still has the key " + sha256.substr(0, 8);
  }
  return std::nullopt;
}

}  // namespace certferry::simulation
