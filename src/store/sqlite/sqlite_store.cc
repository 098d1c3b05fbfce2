#include "store/sqlite/sqlite_store.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

namespace certferry::store {
namespace {

constexpr int kSchema = 1;
constexpr int kBusyMilliseconds = 30'000;
// A kept WAL is read again at the next open; this many pages (256 KiB) cost less than the five syncs of a checkpoint at
// every close.
constexpr int kWalPages = 64;

std::unexpected<Error> damaged(const std::string& path, const std::string& what) {
  return fail(
      ErrorKind::kFailed, "CF1504", "the store " + path + " is damaged: " + what,
      "restore it from a backup; the certificates themselves are whole below certificates/, so importing them again works too");
}

// An empty store that nobody has opened yet; empty/make_empty_store.cc has its tables.
constexpr unsigned char kEmptyStore[] = {
#include "store/sqlite/empty_store.inc"
};

Result<> sync_path(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool done = fd >= 0 && ::fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (done) return {};
  return fail(ErrorKind::kFailed, "CF1507", "the store " + path + " cannot be written: " + std::strerror(error),
              "make room on the file system and look at its health, then run the command again; nothing was changed");
}

std::unexpected<Error> cannot_make(const std::string& path, int error) {
  return fail(ErrorKind::kUnreachable, "CF1503", "the store " + path + " cannot be made: " + std::strerror(error),
              "check that the folder is there, that it has room, and that you may write to it");
}

// Makes an empty store beside its place and links it there once it is whole. Mode 0600 from the start; -wal and -shm take
// the mode of the file.
Result<> make_if_absent(const std::string& path) {
  struct stat there;
  if (::lstat(path.c_str(), &there) == 0) return {};
  const std::string fresh = path + "." + std::to_string(::getpid()) + "-" + std::to_string(::gettid()) + ".new";
  ::unlink(fresh.c_str());
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return cannot_make(path, errno);
  errno = ENOSPC;  // what a write that is cut short means
  const bool written =
      ::write(fd, kEmptyStore, sizeof kEmptyStore) == static_cast<ssize_t>(sizeof kEmptyStore) && ::fsync(fd) == 0;
  const int write_error = errno;
  ::close(fd);
  // Not a rename: another process may have made it meanwhile.
  const bool linked = written && ::link(fresh.c_str(), path.c_str()) == 0;
  const int link_error = errno;
  ::unlink(fresh.c_str());
  if (!written) return cannot_make(path, write_error);
  if (!linked && link_error != EEXIST) return cannot_make(path, link_error);
  return sync_path(path.substr(0, std::max<std::size_t>(path.find_last_of('/'), 1)));
}

// The smallest key above every key that starts with `prefix`; empty where there is none.
std::string end_of(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && static_cast<unsigned char>(end.back()) == 0xff) end.pop_back();
  if (!end.empty()) end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

}  // namespace

void SqliteStore::Close::operator()(sqlite3* database) const { sqlite3_close(database); }
void SqliteStore::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

// A prepared statement out of the store's cache, ready for the next user at the end of its scope.
class SqliteStore::Statement {
 public:
  // `sql` is a literal: its address is the key. Preparing costs more than most of the statements.
  Statement(SqliteStore& store, const char* sql) {
    auto& cached = store.statements_[sql];
    if (!cached) {
      sqlite3_stmt* prepared = nullptr;
      sqlite3_prepare_v3(store.database_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &prepared, nullptr);
      cached.reset(prepared);
    }
    statement_ = cached.get();
  }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
  }

  Statement& bind(int index, std::string_view text) {
    sqlite3_bind_blob64(statement_, index, text.data() ? text.data() : "", text.size(), SQLITE_STATIC);
    return *this;
  }
  Statement& bind(int index, Revision revision) {
    sqlite3_bind_int64(statement_, index, static_cast<sqlite3_int64>(revision));
    return *this;
  }
  // SQLITE_ROW, SQLITE_DONE or an error.
  int step() { return statement_ ? sqlite3_step(statement_) : SQLITE_ERROR; }
  void reset() { sqlite3_reset(statement_); }

  [[nodiscard]] std::string text(int column) const {
    const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
    return data ? std::string(data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))) : std::string();
  }
  [[nodiscard]] bool is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  [[nodiscard]] Revision number(int column) const {
    return static_cast<Revision>(sqlite3_column_int64(statement_, column));
  }

 private:
  sqlite3_stmt* statement_ = nullptr;
};

SqliteStore::SqliteStore(std::string path, sqlite3* database) : path_(std::move(path)), database_(database) {}

// The -wal of a large commit would be read again at every open.
SqliteStore::~SqliteStore() {
  constexpr off_t kLargeWal = 4 * kWalPages * 4096;
  struct stat wal;
  if (!wrote_ || ::stat((path_ + "-wal").c_str(), &wal) != 0 || wal.st_size < kLargeWal) return;
  // Where somebody else reads, it stays as it is.
  statements_.clear();
  sqlite3_busy_timeout(database_.get(), 0);
  sqlite3_wal_checkpoint_v2(database_.get(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
}

std::unexpected<Error> SqliteStore::error(std::string_view doing) const {
  const int code = sqlite3_errcode(database_.get());
  const std::string text = sqlite3_errmsg(database_.get());
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return damaged(path_, text);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return fail(ErrorKind::kConflict, "CF1506", "another process keeps the store " + path_ + " locked",
                  "wait until it has finished, then run the command again");
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_READONLY:
      return fail(
          ErrorKind::kFailed, "CF1507",
          "the store " + path_ + " cannot be written (" + std::string(doing) + "): " + text,
          "make room on the file system and look at its health, then run the command again: it goes on from what is "
          "there");
    default:
      return fail(ErrorKind::kUnreachable, "CF1503",
                  "the store " + path_ + " cannot be used (" + std::string(doing) + "): " + text,
                  "check that the file is there and that you may read and write it");
  }
}

Result<> SqliteStore::execute(const char* sql) {
  if (sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) return error(sql);
  return {};
}

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(const std::string& path, Access access) {
  if (access == Access::kWrite) CERTFERRY_TRY(make_if_absent(path));
  // SQLite would take an emptied file for a new one, and throw its -wal away.
  struct stat file;
  struct stat wal;
  if (::stat(path.c_str(), &file) == 0 && file.st_size == 0 && ::stat((path + "-wal").c_str(), &wal) == 0 &&
      wal.st_size > 0) {
    return damaged(path, "the file is empty, but not its -wal");
  }
  sqlite3* database = nullptr;
  // A reader opens for writing too: WAL needs its -shm, and an interrupted commit has to be recovered.
  const int opened = sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  std::unique_ptr<SqliteStore> store(new SqliteStore(path, database));
  if (opened != SQLITE_OK) return store->error("open");
  sqlite3_busy_timeout(database, kBusyMilliseconds);
  sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_wal_autocheckpoint(database, kWalPages);
  CERTFERRY_TRY(store->prepare_schema());
  return store;
}

Result<> SqliteStore::prepare_schema() {
  Statement version(*this, "PRAGMA user_version");
  if (version.step() != SQLITE_ROW) return error("read the schema");
  const Revision schema = version.number(0);
  version.reset();
  if (schema > kSchema) {
    return fail(ErrorKind::kFailed, "CF1505",
                "the store " + path_ + " was written by a newer certferry (schema " + std::to_string(schema) + ")",
                "use the newer version on this computer too");
  }
  if (schema == kSchema) return execute("PRAGMA synchronous=FULL");
  return damaged(path_, "it has no tables");
}

Result<std::optional<Entry>> SqliteStore::get(std::string_view key) {
  Statement select(*this, "SELECT value, revision FROM entries WHERE key = ? AND value IS NOT NULL");
  const int result = select.bind(1, key).step();
  if (result == SQLITE_DONE) return std::optional<Entry>();
  if (result != SQLITE_ROW) return error("get");
  return std::optional(Entry{std::string(key), select.text(0), select.number(1)});
}

Result<Revision> SqliteStore::revision() {
  Statement select(*this, "SELECT revision FROM state");
  if (select.step() != SQLITE_ROW) return error("read the revision");
  return select.number(0);
}

Result<> SqliteStore::read_listing(std::string_view prefix, Listing& listing) {
  const std::string end = end_of(prefix);
  CERTFERRY_ASSIGN(listing.revision, revision());
  Statement select(
      *this, end.empty() ? "SELECT key, value, revision FROM entries WHERE key >= ? AND value IS NOT NULL"
                         : "SELECT key, value, revision FROM entries WHERE key >= ? AND key < ? AND value IS NOT NULL");
  select.bind(1, prefix);
  if (!end.empty()) select.bind(2, end);
  int result = SQLITE_ROW;
  while ((result = select.step()) == SQLITE_ROW)
    listing.entries.push_back({select.text(0), select.text(1), select.number(2)});
  if (result != SQLITE_DONE) return error("list");
  return {};
}

Result<Listing> SqliteStore::list(std::string_view prefix) {
  Listing listing;
  std::optional<Reading> own;
  if (!reading_) own.emplace(*this);
  CERTFERRY_TRY(read_listing(prefix, listing));
  return listing;
}

// What fails here fails again, and is told, at the first statement.
void SqliteStore::begin_reading() { reading_ = execute("BEGIN").has_value(); }

void SqliteStore::end_reading() {
  if (std::exchange(reading_, false)) static_cast<void>(execute("END"));
}

Result<Revision> SqliteStore::commit_in_transaction(const Batch& batch) {
  Statement select(*this, "SELECT revision FROM entries WHERE key = ? AND value IS NOT NULL");
  for (const Batch::Expectation& expected : batch.expectations) {
    const int result = select.bind(1, expected.key).step();
    if (result != SQLITE_ROW && result != SQLITE_DONE) return error("check");
    const Revision found = result == SQLITE_ROW ? select.number(0) : 0;
    select.reset();
    if (found != expected.revision) return conflict(expected.key);
  }
  CERTFERRY_ASSIGN(const Revision before, revision());
  const Revision now = before + 1;
  Statement state(*this, "UPDATE state SET revision = ?");
  if (state.bind(1, now).step() != SQLITE_DONE) return error("commit");
  Statement put(*this, "INSERT OR REPLACE INTO entries(key, value, revision) VALUES(?, ?, ?)");
  for (const auto& [key, value] : batch.puts) {
    if (put.bind(1, key).bind(2, value).bind(3, now).step() != SQLITE_DONE) return error("put");
    put.reset();
  }
  // A tombstone, so that `changes` can tell of it.
  Statement remove(*this, "UPDATE entries SET value = NULL, revision = ?2 WHERE key = ?1 AND value IS NOT NULL");
  for (const std::string& key : batch.removals) {
    if (remove.bind(1, key).bind(2, now).step() != SQLITE_DONE) return error("remove");
    remove.reset();
  }
  return now;
}

Result<Revision> SqliteStore::commit(const Batch& batch) {
  CERTFERRY_TRY(check_batch(batch));
  wrote_ = true;
  CERTFERRY_TRY(execute("BEGIN IMMEDIATE"));
  Result<Revision> done = commit_in_transaction(batch);
  if (done) {
    if (Result<> ended = execute("COMMIT"); !ended) done = std::unexpected(std::move(ended).error());
  }
  // An error may have rolled back already; then this one says so, and nobody needs to know.
  if (!done) sqlite3_exec(database_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
  return done;
}

Result<Changes> SqliteStore::changes(std::string_view prefix, Revision from) {
  Changes found;
  CERTFERRY_ASSIGN(found.revision, revision());
  Statement select(
      *this,
      "SELECT key, value, revision FROM entries WHERE revision > ? AND revision <= ? AND substr(key, 1, length(?3)) = ?3"
      " ORDER BY revision, key");
  select.bind(1, from).bind(2, found.revision).bind(3, prefix);
  int result = SQLITE_ROW;
  while ((result = select.step()) == SQLITE_ROW) {
    found.changes.push_back(
        {select.text(0), select.is_null(1) ? std::nullopt : std::optional(select.text(1)), select.number(2)});
  }
  if (result != SQLITE_DONE) return error("changes");
  return found;
}

Result<bool> SqliteStore::changed(std::string_view prefix, Revision from) {
  Statement select(*this, "SELECT 1 FROM entries WHERE revision > ? AND substr(key, 1, length(?2)) = ?2 LIMIT 1");
  const int result = select.bind(1, from).bind(2, prefix).step();
  if (result != SQLITE_ROW && result != SQLITE_DONE) return error("wait");
  return result == SQLITE_ROW;
}

// A writer has the write lock from before its first octet until others see its commit.
Result<> SqliteStore::wait_for_writers() {
  CERTFERRY_TRY(execute("BEGIN IMMEDIATE"));
  return execute("ROLLBACK");
}

Result<> SqliteStore::verify() {
  Statement check(*this, "PRAGMA integrity_check");
  if (check.step() != SQLITE_ROW) return error("verify");
  if (const std::string text = check.text(0); text != "ok") return damaged(path_, text);
  return {};
}

}  // namespace certferry::store
