// A backup becomes the home's store.
#pragma once

#include "base/result.h"
#include "commands/environment.h"
#include "commands/frame.h"
#include "commands/home.h"
#include "commands/store_command.h"
#include "store/backup.h"

namespace certferry::commands {

// Below it lies no counter of a statement that is signed from then on: a restored store may be older than what computers saw.
inline constexpr std::string_view kLeastCounter = "fleet/least-counter";

// Whether anything changed. CF1517; CF1756 the store holds something else and nobody forces it.
[[nodiscard]] Result<bool> restore_backup(Environment& environment, Home& home, const store::Backup& backup,
                                          const RestoreOptions& options, Frame& frame);

// 0 where no store was restored. CF1799 where it is no number.
[[nodiscard]] Result<std::uint64_t> least_counter(store::Store& store);

}  // namespace certferry::commands
