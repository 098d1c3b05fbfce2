// The embedded store: one SQLite file (WAL, synchronous=FULL).
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/descriptor.h"
#include "store/store.h"

struct sqlite3;
struct sqlite3_stmt;

namespace certferry::store {

class SqliteStore final : public Store {
 public:
  enum class Access { kRead, kWrite };
  // Opens the file, makes it (mode 0600) where it does not exist and access is kWrite; the folder has to exist.
  // kRead on an absent file is CF1503. Waits up to 30 seconds for other processes.
  [[nodiscard]] static Result<std::unique_ptr<SqliteStore>> open(const std::string& path, Access access);
  ~SqliteStore() override;

  Result<std::optional<Entry>> get(std::string_view key) override;
  Result<Listing> list(std::string_view prefix) override;
  Result<Revision> commit(const Batch& batch) override;
  Result<Changes> changes(std::string_view prefix, Revision from) override;
  Result<bool> wait(std::string_view prefix, Revision from, std::chrono::milliseconds limit) override;
  Result<> wait_for_writers() override;
  Result<> verify() override;

  class Statement;

 private:
  SqliteStore(std::string path, sqlite3* database);
  [[nodiscard]] std::unexpected<Error> error(std::string_view doing) const;
  [[nodiscard]] Result<> execute(const char* sql);
  [[nodiscard]] Result<> prepare_schema();
  [[nodiscard]] Result<Revision> commit_in_transaction(const Batch& batch);
  [[nodiscard]] Result<Revision> revision();
  [[nodiscard]] Result<> read_listing(std::string_view prefix, Listing& listing);
  [[nodiscard]] Result<bool> changed(std::string_view prefix, Revision from);
  void begin_reading() override;
  void end_reading() override;

  struct Close {
    void operator()(sqlite3* database) const;
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::string path_;
  std::unique_ptr<sqlite3, Close> database_;
  Descriptor watch_;  // inotify of the folder, from the first wait() on
  bool wrote_ = false;
  bool reading_ = false;  // a read transaction is open
  std::map<const char*, std::unique_ptr<sqlite3_stmt, Finalize>> statements_;  // gone before the database
};

}  // namespace certferry::store
