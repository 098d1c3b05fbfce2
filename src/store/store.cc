#include "store/store.h"

#include <set>

namespace certferry::store {

Result<> check_batch(const Batch& batch) {
  const auto refuse = [](std::string message) {
    return fail(ErrorKind::kFailed, "CF1502", std::move(message),
                "report this: certferry never makes such a commit itself");
  };
  std::size_t octets = 0;
  std::set<std::string_view> keys;
  for (const auto& [key, value] : batch.puts) {
    octets += key.size() + value.size();
    if (!keys.insert(key).second) return refuse("a commit writes " + key + " twice");
  }
  for (const std::string& key : batch.removals) {
    octets += key.size();
    if (!keys.insert(key).second) return refuse("a commit writes " + key + " twice");
  }
  const std::size_t operations = batch.puts.size() + batch.removals.size() + batch.expectations.size();
  if (operations > Batch::kMaxOperations || octets > Batch::kMaxOctets) {
    return refuse("a commit of " + std::to_string(operations) + " operations and " + std::to_string(octets) +
                  " bytes is too large");
  }
  return {};
}

std::unexpected<Error> conflict(std::string_view key) {
  return fail(ErrorKind::kConflict, "CF1501", "somebody else changed " + std::string(key) + " in the meantime",
              "run the command again: it plans anew on what is stored now");
}

}  // namespace certferry::store
