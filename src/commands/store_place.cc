#include "commands/store_place.h"

#include "fleet/config.h"
#include "store/copy.h"
#include "store/sqlite/sqlite_store.h"

namespace certferry::commands {
namespace {

using store::SqliteStore;

}  // namespace

Result<StorePlace> store_place(const std::string& url, const std::string& home) {
  StorePlace place{url, home + "/certferry.db", {}};
  if (url == fleet::StoreSettings::kEmbedded) return place;
  CERTFERRY_ASSIGN(place.etcd, store::parse_etcd_url(url));
  return place;
}

Result<std::unique_ptr<store::Store>> open_unchecked(const Engines* engines, const StorePlace& place, bool write) {
  if (!place.etcd) {
    return SqliteStore::open(place.file, write ? SqliteStore::Access::kWrite : SqliteStore::Access::kRead);
  }
  if (!engines || !engines->open_etcd) {
    return fail(ErrorKind::kFailed, "CF1754", "this program does not talk to etcd, where the store is",
                "install the program certferry-fleet beside certferry");
  }
  return engines->open_etcd(*place.etcd, write);
}

Result<bool> is_left_behind(FileSystem& files, const std::string& file) {
  CERTFERRY_ASSIGN(const std::optional<FileStatus> status, files.status(file));
  if (!status || status->size == 0) return false;
  CERTFERRY_ASSIGN(const auto own, SqliteStore::open(file, SqliteStore::Access::kRead));
  CERTFERRY_ASSIGN(const std::optional<std::string> moved, store::moved_to(*own));
  if (moved) return false;
  CERTFERRY_ASSIGN(const store::Listing all, own->list(""));
  return !all.entries.empty();
}

Result<std::unique_ptr<store::Store>> open_store(const Engines* engines, const StorePlace& place, bool write,
                                                 FileSystem& files) {
  if (place.etcd && !place.file.empty()) {
    CERTFERRY_ASSIGN(const bool left, is_left_behind(files, place.file));
    if (left) {
      return fail(
          ErrorKind::kFailed, "CF1755", place.file + " still holds what was never moved to " + place.text,
          "run `certferry store migrate --to '" + place.text + "'`; or, where nobody needs it, move the file away");
    }
  }
  CERTFERRY_ASSIGN(std::unique_ptr<store::Store> opened, open_unchecked(engines, place, write));
  CERTFERRY_TRY(store::check_usable(*opened));
  return opened;
}

}  // namespace certferry::commands
