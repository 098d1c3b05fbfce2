// Moves everything from one store to another, whatever their engines are.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/store.h"

namespace certferry::store {

// There while a copy is not finished: such a store is not to be used.
inline constexpr std::string_view kUnfinishedCopy = "copy/unfinished";

// There once everything has gone to another store, whose address it holds: nobody writes to this one any more.
inline constexpr std::string_view kMovedStore = "copy/moved";

struct CopyProgress {
  std::size_t done = 0;  // keys that are in the target as they should be
  std::size_t total = 0;
};

struct CopyResult {
  std::size_t keys = 0;  // in the target
  std::size_t written = 0;  // by this call; what an interrupted one had done is not written again
  std::size_t removed = 0;  // left by an interrupted one, gone from the source since
  Revision source = 0;  // the source's revision that was copied
};

struct CopyOptions {
  std::function<void(const CopyProgress&)> progress = {};
  // Called once, when everything has been copied and before the copy can be used: makes the source one that nobody writes
  // to any more. What was committed until then is copied as well.
  std::function<Result<>()> seal_source = {};
  bool replace = false;  // what else the target holds is removed
};

// Makes the target hold exactly the keys and values of the source (revisions are its own, and that the source has moved is
// not copied), then reads both again and compares. Interrupted, it is called again and goes on; finished, calling it again
// finds nothing to do. What is committed to the source meanwhile is copied as well, what comes after the comparison is not:
// nobody should write to it any more. Until it is finished the target holds kUnfinishedCopy.
// CF1515 the target holds something else, or the source is an unfinished copy itself; CF1516 (kConflict) somebody writes to
// one of them all the time.
[[nodiscard]] Result<CopyResult> copy_store(Store& source, Store& target, const CopyOptions& options = {});

// Whether the store may be worked with: CF1517 it has moved, CF1518 it is a copy that is not finished.
[[nodiscard]] Result<> check_usable(Store& store);
// Where it has moved to; nothing where it has not.
[[nodiscard]] Result<std::optional<std::string>> moved_to(Store& store);
[[nodiscard]] std::unexpected<Error> has_moved(const std::string& place);

// Whether a copy into that store was begun and not finished.
[[nodiscard]] Result<bool> is_unfinished_copy(Store& store);

}  // namespace certferry::store
