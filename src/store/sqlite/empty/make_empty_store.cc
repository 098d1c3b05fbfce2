// make_empty_store FILE: writes what an empty store's file has, as the initialiser of a C++ array. Run by the build, so
// that a new home costs a write of 16 KiB and not SQLite's making of it.
#include <sqlite3.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace {

// The journal mode last: it is written into the file's header.
constexpr const char* kSql =
    "PRAGMA synchronous=OFF; PRAGMA journal_mode=MEMORY; BEGIN;"
    "CREATE TABLE entries(key BLOB PRIMARY KEY, value BLOB, revision INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX entries_by_revision ON entries(revision);"
    "CREATE TABLE state(one INTEGER PRIMARY KEY CHECK(one = 1), revision INTEGER NOT NULL);"
    "INSERT INTO state VALUES(1, 0); PRAGMA user_version=1; COMMIT; PRAGMA journal_mode=WAL";

int failed(const std::string& what) {
  std::fprintf(stderr, "make_empty_store: %s\n", what.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return failed("usage: make_empty_store FILE");
  const std::string database = std::string(argv[1]) + ".db";
  std::filesystem::remove(database);
  sqlite3* opened = nullptr;
  const bool made = sqlite3_open(database.c_str(), &opened) == SQLITE_OK &&
                    sqlite3_exec(opened, kSql, nullptr, nullptr, nullptr) == SQLITE_OK;
  const std::string error = sqlite3_errmsg(opened);
  sqlite3_close(opened);
  if (!made) return failed(error);
  std::ifstream in(database, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  std::ofstream out(argv[1]);
  for (std::size_t i = 0; i < bytes.size(); ++i)
    out << static_cast<unsigned>(static_cast<unsigned char>(bytes[i])) << (i % 32 == 31 ? ",\n" : ",");
  std::filesystem::remove(database);
  return bytes.empty() || !out.flush() ? failed("cannot write") : 0;
}
