// pkcs12_parse_pipeline DIR HOME: what certferry's import of a folder does, on OpenSSL's functions as a C++ program would
// use them: read every DIR/files/*.pfx, PKCS12_parse, check that the key matches, X509_verify_cert for a TLS server up to
// DIR/root.pem, write the same five files to HOME/certificates/<sha256>/, and record it in SQLite (WAL,
// synchronous=FULL) in batches of 128. Two threads. Files are made durable by one syncfs for each batch, the cheapest way
// there is; nothing is limited, explained or reported. Prints "imported N".
#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509v3.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "openssl_owners.h"

namespace {

namespace fs = std::filesystem;
using certferry::bench::AnchorsPtr;
using certferry::bench::CertificatePtr;
using certferry::bench::CertificatesPtr;
using certferry::bench::EvpKeyPtr;
using certferry::bench::FilePtr;
using certferry::bench::PfxPtr;
using certferry::bench::VerificationPtr;

constexpr std::size_t kBatch = 128;

void require(bool condition, const std::string& what) {
  if (condition) return;
  std::fprintf(stderr, "pkcs12_parse_pipeline: %s failed\n", what.c_str());
  std::exit(1);
}

struct Row {
  std::string sha256;
  std::vector<unsigned char> der;
};

std::vector<unsigned char> der_of(X509* certificate) {
  unsigned char* octets = nullptr;
  const int size = i2d_X509(certificate, &octets);
  require(size > 0, "i2d_X509");
  std::vector<unsigned char> der(octets, octets + size);
  OPENSSL_free(octets);
  return der;
}

std::string sha256_of(const X509* certificate) {
  unsigned char digest[32];
  require(X509_digest(certificate, EVP_sha256(), digest, nullptr) == 1, "X509_digest");
  std::string hex;
  for (const unsigned char octet : digest) {
    char text[3];
    std::snprintf(text, sizeof text, "%02x", octet);
    hex += text;
  }
  return hex;
}

class Database {
 public:
  explicit Database(const std::string& path) {
    require(sqlite3_open(path.c_str(), &handle_) == SQLITE_OK, "sqlite3_open");
    run("PRAGMA journal_mode=WAL");
    run("PRAGMA synchronous=FULL");
    run("CREATE TABLE certificates (sha256 TEXT PRIMARY KEY, der BLOB) WITHOUT ROWID");
    require(sqlite3_prepare_v2(handle_, "INSERT INTO certificates VALUES (?, ?)", -1, &insert_, nullptr) == SQLITE_OK,
            "prepare");
  }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database() {
    sqlite3_finalize(insert_);
    sqlite3_close(handle_);
  }

  // One durable transaction. Safe to call from several threads.
  void add(const std::vector<Row>& rows) {
    const std::lock_guard lock(mutex_);
    run("BEGIN");
    for (const Row& row : rows) {
      sqlite3_bind_text(insert_, 1, row.sha256.c_str(), -1, SQLITE_STATIC);
      sqlite3_bind_blob(insert_, 2, row.der.data(), static_cast<int>(row.der.size()), SQLITE_STATIC);
      require(sqlite3_step(insert_) == SQLITE_DONE, "insert");
      sqlite3_reset(insert_);
    }
    run("COMMIT");
  }

 private:
  void run(const char* statement) {
    require(sqlite3_exec(handle_, statement, nullptr, nullptr, nullptr) == SQLITE_OK, statement);
  }

  std::mutex mutex_;
  sqlite3* handle_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
};

struct Parsed {
  CertificatePtr leaf;
  EvpKeyPtr key;
  CertificatesPtr chain;
};

FilePtr open_file(const fs::path& path) {
  FilePtr file(std::fopen(path.c_str(), "rb"));
  require(file != nullptr, path);
  return file;
}

Parsed parse(const fs::path& path, const std::string& password) {
  const PfxPtr pfx(d2i_PKCS12_fp(open_file(path).get(), nullptr));
  EVP_PKEY* key = nullptr;
  X509* leaf = nullptr;
  STACK_OF(X509)* chain = nullptr;
  require(PKCS12_parse(pfx.get(), password.c_str(), &key, &leaf, &chain) == 1, "PKCS12_parse");
  Parsed parsed{CertificatePtr(leaf), EvpKeyPtr(key), CertificatesPtr(chain)};
  require(X509_check_private_key(leaf, key) == 1, "X509_check_private_key");
  return parsed;
}

void verify(X509_STORE* anchors, const Parsed& parsed) {
  const VerificationPtr context(X509_STORE_CTX_new());
  require(X509_STORE_CTX_init(context.get(), anchors, parsed.leaf.get(), parsed.chain.get()) == 1,
          "X509_STORE_CTX_init");
  X509_STORE_CTX_set_purpose(context.get(), X509_PURPOSE_SSL_SERVER);
  require(X509_verify_cert(context.get()) == 1, "X509_verify_cert");
}

// Either may be null.
void write_certificates(const fs::path& path, const X509* leaf, const STACK_OF(X509) * chain) {
  FilePtr file(std::fopen(path.c_str(), "wb"));
  require(file && (!leaf || PEM_write_X509(file.get(), leaf) == 1), path);
  for (int i = 0; chain && i < sk_X509_num(chain); ++i)
    require(PEM_write_X509(file.get(), sk_X509_value(chain, i)) == 1, path);
  require(std::fclose(file.release()) == 0, path);
}

void write_files(const fs::path& folder, const Parsed& parsed) {
  fs::create_directory(folder);
  const int descriptor = open((folder / "privkey.pem").c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
  FilePtr key(fdopen(descriptor, "wb"));
  require(key && PEM_write_PKCS8PrivateKey(key.get(), parsed.key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1 &&
              std::fclose(key.release()) == 0,
          "writing the key");
  write_certificates(folder / "cert.pem", parsed.leaf.get(), nullptr);
  write_certificates(folder / "chain.pem", nullptr, parsed.chain.get());
  write_certificates(folder / "fullchain.pem", parsed.leaf.get(), parsed.chain.get());
  FilePtr info(std::fopen((folder / "info.json").c_str(), "wb"));
  require(info && std::fprintf(info.get(), "{\"sha256\":\"%s\"}\n", folder.filename().c_str()) > 0 &&
              std::fclose(info.release()) == 0,
          "writing the facts");
}

std::string first_line(const fs::path& path) {
  char line[256] = "";
  require(std::fgets(line, sizeof line, open_file(path).get()) != nullptr, path);
  return line;
}

AnchorsPtr read_anchors(const fs::path& path) {
  const CertificatePtr root(PEM_read_X509(open_file(path).get(), nullptr, nullptr, nullptr));
  AnchorsPtr anchors(X509_STORE_new());
  require(root && X509_STORE_add_cert(anchors.get(), root.get()) == 1, "X509_STORE_add_cert");
  return anchors;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: pkcs12_parse_pipeline DIR HOME\n");
    return 2;
  }
  const fs::path folder = argv[1];
  const fs::path home = argv[2];
  fs::create_directories(home / "certificates");
  const int home_descriptor = open(home.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::string password = first_line(folder / "password");
  const AnchorsPtr anchors = read_anchors(folder / "root.pem");
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder / "files")) files.push_back(entry.path());
  Database database((home / "store.db").string());

  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    std::vector<Row> rows;
    const auto flush = [&] {
      require(syncfs(home_descriptor) == 0, "syncfs");
      database.add(rows);
      rows.clear();
    };
    for (std::size_t i = next++; i < files.size(); i = next++) {
      const Parsed parsed = parse(files[i], password);
      verify(anchors.get(), parsed);
      rows.push_back({sha256_of(parsed.leaf.get()), der_of(parsed.leaf.get())});
      write_files(home / "certificates" / rows.back().sha256, parsed);
      if (rows.size() == kBatch) flush();
    }
    flush();
  };
  std::thread other(work);
  work();
  other.join();
  close(home_descriptor);
  std::printf("imported %zu\n", files.size());
  return 0;
}
