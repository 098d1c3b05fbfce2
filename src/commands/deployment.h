// The record of a type's last flip: <home>/deployments/<Type>.json.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/file.h"
#include "base/result.h"

namespace certferry::commands {

struct Deployment {
  enum class State {
    kFlipping,    // begun; whoever finds it goes on
    kVerified,    // every connection showed the certificate
    kInPlace,     // done, but the binding of a service names no connection to ask
    kRolledBack,  // the one before it serves again, or nothing was touched
    kUnverified,  // in place and not seen on the wire: the binding says on_failure = "keep"
  };
  State state = State::kFlipping;
  std::string sha256;  // of the certificate that was to serve
  std::string before;  // of the one that served; empty: none
  std::vector<std::string> services;  // the bindings it was done for
  std::string reason;  // of kRolledBack and kUnverified
  Time at{};

  bool operator==(const Deployment&) const = default;
};
// "flipping", "verified", "in place", "rolled back", "not verified".
[[nodiscard]] std::string_view name_of(Deployment::State state);

// Nothing where there was no flip yet. CF1749 where the file cannot be read.
[[nodiscard]] Result<std::optional<Deployment>> read_deployment(FileSystem& files, const std::string& home,
                                                                const std::string& type);
// On disk when it returns; readers see the old record or this one.
[[nodiscard]] Result<> write_deployment(FileSystem& files, const std::string& home, const std::string& type,
                                        const Deployment& deployment);
// Idempotent.
[[nodiscard]] Result<> remove_deployment(FileSystem& files, const std::string& home, const std::string& type);

}  // namespace certferry::commands
