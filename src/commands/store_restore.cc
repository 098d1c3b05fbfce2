#include "commands/store_restore.h"

#include <algorithm>
#include <charconv>

#include "fleet/store_keys.h"
#include "store/audit.h"
#include "store/copy.h"
#include "store/memory/memory_store.h"

namespace certferry::commands {
namespace {

// What an interrupted restore of this backup left may be gone on with.
bool is_part_of(const store::Listing& there, const store::Backup& backup) {
  return std::ranges::all_of(there.entries, [&](const store::Entry& entry) {
    return entry.key.starts_with("copy/") || entry.key.starts_with("audit/") || entry.key == kLeastCounter ||
           std::ranges::find(backup.entries, std::pair(entry.key, entry.value)) != backup.entries.end();
  });
}

// The backup with a word on who restored it.
Result<> make_source(Environment& environment, const store::Backup& backup, const Frame& frame,
                     store::MemoryStore& source) {
  CERTFERRY_TRY(store::fill(source, backup));
  store::Batch batch;
  CERTFERRY_TRY(store::append_audit(source, batch,
                                    {0, frame.now(), frame.actor(), environment.command_line, frame.actions(), ""}));
  CERTFERRY_ASSIGN(const std::optional<store::Entry> fleet, source.get(fleet::kRootKey));
  // One publishes less than once in a second, so that no counter has come as far.
  if (fleet) batch.put(std::string(kLeastCounter), std::to_string(frame.now().time_since_epoch().count()));
  CERTFERRY_TRY(source.commit(batch));
  return {};
}

}  // namespace

Result<bool> restore_backup(Environment& environment, Home& home, const store::Backup& backup,
                            const RestoreOptions& options, Frame& frame) {
  const StorePlace& place = home.store_place();
  CERTFERRY_ASSIGN(const std::optional<FileStatus> status, environment.files.status(place.file));
  const bool absent = !place.etcd && (!status || status->size == 0);
  std::unique_ptr<store::Store> target;
  if (options.what_if && absent) {
    target = std::make_unique<store::MemoryStore>();
  } else {
    CERTFERRY_ASSIGN(target, open_unchecked(environment.engines, place, !options.what_if));
  }
  CERTFERRY_ASSIGN(const std::optional<std::string> moved, store::moved_to(*target));
  if (moved) return store::has_moved(*moved);
  CERTFERRY_ASSIGN(const store::Listing there, target->list(""));
  CERTFERRY_ASSIGN(const bool unfinished, store::is_unfinished_copy(*target));
  const bool holds_more = !there.entries.empty() && !(unfinished && is_part_of(there, backup));
  if (holds_more && !options.force) {
    return fail(ErrorKind::kFailed, "CF1756",
                "the store holds " + std::to_string(there.entries.size()) + " keys already, " +
                    there.entries.front().key + " for one",
                "certferry store backup FILE saves them; --force then replaces them");
  }
  const std::string& computer = home.config().computer.fqdn;
  if (holds_more) {
    frame.document.steps.push_back({computer,
                                    "remove what the store holds: " + std::to_string(there.entries.size()) + " keys",
                                    report::Step::State::kPlanned, ""});
  }
  frame.document.steps.push_back(
      {computer, "restore " + std::to_string(backup.entries.size()) + " keys of " + rfc3339(backup.made),
       report::Step::State::kPlanned, ""});
  if (options.what_if) return true;
  if (holds_more) CERTFERRY_TRY(frame.confirm("Replace the store?"));
  store::MemoryStore source;
  CERTFERRY_TRY(make_source(environment, backup, frame, source));
  store::CopyOptions copying;
  copying.replace = true;
  copying.progress = [&](const store::CopyProgress& progress) {
    environment.ui.progress("restore", progress.done, progress.total);
  };
  CERTFERRY_TRY(store::copy_store(source, *target, copying));
  return true;
}

Result<std::uint64_t> least_counter(store::Store& store) {
  CERTFERRY_ASSIGN(const std::optional<store::Entry> entry, store.get(kLeastCounter));
  if (!entry) return std::uint64_t{0};
  std::uint64_t least = 0;
  const char* const end = entry->value.data() + entry->value.size();
  const auto read = std::from_chars(entry->value.data(), end, least);
  if (read.ec == std::errc() && read.ptr == end) return least;
  return fail(ErrorKind::kFailed, "CF1799", "the store's key " + std::string(kLeastCounter) + " is no number",
              "restore the store from a backup");
}

}  // namespace certferry::commands
