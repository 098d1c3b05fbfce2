// Which store a home has, and how it is opened: the file certferry.db below it, or etcd.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "commands/engines.h"
#include "commands/environment.h"
#include "store/etcd_url.h"
#include "store/store.h"

namespace certferry::commands {

struct StorePlace {
  std::string text;                    // "sqlite" or "etcd://…", as [store] url says it
  std::string file;                    // certferry.db of the home; empty: that is not what moves to etcd
  std::optional<store::EtcdUrl> etcd;  // nothing: the file
};

// CF1512 where `url` is no address of a store.
[[nodiscard]] Result<StorePlace> store_place(const std::string& url, const std::string& home);

// Opens it whatever marks it bears (store/copy.h); writing makes it where there is none. CF1754 where this program does not talk
// to etcd; errors of the engines.
[[nodiscard]] Result<std::unique_ptr<store::Store>> open_unchecked(const Engines* engines, const StorePlace& place,
                                                                   bool write);
// To work with: CF1517, CF1518 as well; and CF1755 where the place is etcd while the home's own file still holds what was
// never moved there.
[[nodiscard]] Result<std::unique_ptr<store::Store>> open_store(const Engines* engines, const StorePlace& place,
                                                               bool write, FileSystem& files);

// What `file` holds was not moved anywhere. False where there is no such file, or nothing in it.
[[nodiscard]] Result<bool> is_left_behind(FileSystem& files, const std::string& file);

}  // namespace certferry::commands
