#include "store/testing/fault_vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace certferry::store::testing {
namespace {

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

int error_of(FaultVfs::Call call) {
  switch (call) {
    case FaultVfs::Call::kOpen: return SQLITE_CANTOPEN;
    case FaultVfs::Call::kRead: return SQLITE_IOERR_READ;
    case FaultVfs::Call::kWrite: return SQLITE_IOERR_WRITE;
    case FaultVfs::Call::kSync: return SQLITE_IOERR_FSYNC;
    case FaultVfs::Call::kTruncate: return SQLITE_IOERR_TRUNCATE;
    case FaultVfs::Call::kShmMap: return SQLITE_IOERR_SHMMAP;
  }
  return SQLITE_IOERR;
}

bool writes(FaultVfs::Call call) {
  return call == FaultVfs::Call::kWrite || call == FaultVfs::Call::kSync || call == FaultVfs::Call::kTruncate;
}

}  // namespace

std::string_view name_of(FaultVfs::Call call) {
  constexpr std::array<std::string_view, FaultVfs::kCalls> kNames = {"open", "read",     "write",
                                                                     "sync", "truncate", "shm map"};
  return kNames[static_cast<std::size_t>(call)];
}

// The functions that SQLite calls.
struct FaultVfs::Implementation {
  // SQLite allocates it, with room for the real file behind it.
  struct File {
    sqlite3_file base;
    Implementation* owner;
    Disk* disk;  // null: a temporary file without a name
  };

  FaultVfs* faults;
  sqlite3_vfs* real;
  sqlite3_vfs vfs;
  sqlite3_io_methods methods;

  static Implementation& of(sqlite3_vfs* vfs) { return *static_cast<Implementation*>(vfs->pAppData); }
  static FaultVfs& faults_of(sqlite3_file* file) { return *reinterpret_cast<File*>(file)->owner->faults; }
  static Disk* disk_of(sqlite3_file* file) { return reinterpret_cast<File*>(file)->disk; }
  static sqlite3_file* real_of(sqlite3_file* file) {
    return reinterpret_cast<sqlite3_file*>(reinterpret_cast<File*>(file) + 1);
  }

  static int open(sqlite3_vfs* vfs, sqlite3_filename path, sqlite3_file* file, int flags, int* out) {
    Implementation& self = of(vfs);
    auto* wrapper = reinterpret_cast<File*>(file);
    *wrapper = {{nullptr}, &self, path ? &self.faults->disk(path) : nullptr};
    if (const int code = self.faults->step(Call::kOpen)) return code;
    const int result = self.real->xOpen(self.real, path, real_of(file), flags, out);
    if (result == SQLITE_OK) wrapper->base.pMethods = &self.methods;
    return result;
  }
  static int remove(sqlite3_vfs* vfs, const char* path, int sync) {
    of(vfs).faults->disks_.erase(path);
    return of(vfs).real->xDelete(of(vfs).real, path, sync);
  }

  static int close(sqlite3_file* file) { return real_of(file)->pMethods->xClose(real_of(file)); }
  static int read(sqlite3_file* file, void* into, int size, sqlite3_int64 offset) {
    if (const int code = faults_of(file).step(Call::kRead)) return code;
    return real_of(file)->pMethods->xRead(real_of(file), into, size, offset);
  }
  static int write(sqlite3_file* file, const void* from, int size, sqlite3_int64 offset) {
    FaultVfs& faults = faults_of(file);
    const int code = faults.step(Call::kWrite);
    if (code && !(faults.fault_.partly && faults.cut_ == 0)) return code;
    const int kept = code ? size / 2 : size;
    if (Disk* disk = disk_of(file)) {
      const std::string bytes(static_cast<const char*>(from), static_cast<std::size_t>(kept));
      disk->unsynced.push_back({static_cast<std::uint64_t>(offset), bytes, false});
    }
    const int result = real_of(file)->pMethods->xWrite(real_of(file), from, kept, offset);
    return code ? code : result;
  }
  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    if (const int code = faults_of(file).step(Call::kTruncate)) return code;
    if (Disk* disk = disk_of(file)) disk->unsynced.push_back({static_cast<std::uint64_t>(size), "", true});
    return real_of(file)->pMethods->xTruncate(real_of(file), size);
  }
  static int sync(sqlite3_file* file, int) {
    if (const int code = faults_of(file).step(Call::kSync)) return code;
    if (Disk* disk = disk_of(file)) {
      for (const Write& write : disk->unsynced) apply(disk->safe, write, write.bytes.size());
      disk->unsynced.clear();
      disk->there = true;
    }
    return SQLITE_OK;
  }
  static int shm_map(sqlite3_file* file, int page, int size, int extend, void volatile** out) {
    if (const int code = faults_of(file).step(Call::kShmMap)) return code;
    return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, out);
  }

  // The first `size` octets of what was written.
  static void apply(std::string& content, const Write& write, std::size_t size) {
    if (write.truncate) return content.resize(write.offset);
    content.resize(std::max<std::size_t>(content.size(), write.offset + size));
    content.replace(write.offset, size, write.bytes, 0, size);
  }

  template <auto member>
  static constexpr auto passed_on = []<typename... Arguments>(sqlite3_file* file, Arguments... arguments) {
    return (real_of(file)->pMethods->*member)(real_of(file), arguments...);
  };

  explicit Implementation(FaultVfs* owner) : faults(owner), real(sqlite3_vfs_find(nullptr)), vfs(*real), methods{} {
    vfs.pNext = nullptr;
    vfs.zName = "certferry-faults";
    vfs.pAppData = this;
    vfs.szOsFile = static_cast<int>(sizeof(File)) + real->szOsFile;
    vfs.xOpen = open;
    vfs.xDelete = remove;
    methods.iVersion = 2;
    methods.xClose = close;
    methods.xRead = read;
    methods.xWrite = write;
    methods.xTruncate = truncate;
    methods.xSync = sync;
    methods.xFileSize = [](sqlite3_file* f, sqlite3_int64* size) {
      return passed_on<&sqlite3_io_methods::xFileSize>(f, size);
    };
    methods.xLock = [](sqlite3_file* f, int lock) { return passed_on<&sqlite3_io_methods::xLock>(f, lock); };
    methods.xUnlock = [](sqlite3_file* f, int lock) { return passed_on<&sqlite3_io_methods::xUnlock>(f, lock); };
    methods.xCheckReservedLock = [](sqlite3_file* f, int* out) {
      return passed_on<&sqlite3_io_methods::xCheckReservedLock>(f, out);
    };
    methods.xFileControl = [](sqlite3_file* f, int what, void* value) {
      return passed_on<&sqlite3_io_methods::xFileControl>(f, what, value);
    };
    methods.xSectorSize = [](sqlite3_file* f) { return passed_on<&sqlite3_io_methods::xSectorSize>(f); };
    methods.xDeviceCharacteristics = [](sqlite3_file* f) {
      return passed_on<&sqlite3_io_methods::xDeviceCharacteristics>(f);
    };
    methods.xShmMap = shm_map;
    methods.xShmLock = [](sqlite3_file* f, int offset, int count, int flags) {
      return passed_on<&sqlite3_io_methods::xShmLock>(f, offset, count, flags);
    };
    methods.xShmBarrier = [](sqlite3_file* f) { passed_on<&sqlite3_io_methods::xShmBarrier>(f); };
    methods.xShmUnmap = [](sqlite3_file* f, int away) { return passed_on<&sqlite3_io_methods::xShmUnmap>(f, away); };
    sqlite3_vfs_register(&vfs, 1);
  }
  Implementation(const Implementation&) = delete;
  Implementation& operator=(const Implementation&) = delete;
  ~Implementation() {
    sqlite3_vfs_unregister(&vfs);
    sqlite3_vfs_register(real, 1);
  }
};

void FaultVfs::Remove::operator()(Implementation* implementation) const {
  std::default_delete<Implementation>()(implementation);
}

FaultVfs::FaultVfs() : implementation_(std::make_unique<Implementation>(this).release()) {}
FaultVfs::~FaultVfs() = default;

FaultVfs::Disk& FaultVfs::disk(const char* path) {
  const auto [found, fresh] = disks_.try_emplace(path);
  if (fresh && std::filesystem::exists(path)) found->second = {true, content_of(path), {}};
  return found->second;
}

int FaultVfs::step(Call call) {
  const std::uint64_t number = ++counts_[static_cast<std::size_t>(call)];
  if (writes(call)) ++steps_;
  if (cut_ > 0) {
    const bool off = steps_ >= cut_ && writes(call);
    reached_ = reached_ || off;
    return off ? error_of(call) : SQLITE_OK;
  }
  if (!armed_) return SQLITE_OK;
  if (call == fault_.call && number == fault_.number) {
    reached_ = true;
    return fault_.code;
  }
  return reached_ && fault_.lasting && writes(call) ? error_of(call) : SQLITE_OK;
}

void FaultVfs::arm(const Fault& fault) {
  heal();
  disks_.clear();
  fault_ = fault;
  armed_ = true;
}

void FaultVfs::cut_power_at(std::uint64_t step) {
  heal();
  disks_.clear();
  cut_ = step;
}

void FaultVfs::heal() {
  // Open files point to theirs.
  for (auto& [path, disk] : disks_) {
    for (const Write& write : disk.unsynced) Implementation::apply(disk.safe, write, write.bytes.size());
    disk.unsynced.clear();
    disk.there = true;
  }
  fault_ = {};
  armed_ = reached_ = false;
  cut_ = steps_ = 0;
  counts_ = {};
}

void FaultVfs::restart(Loss loss, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  for (auto& [path, disk] : disks_) {
    if (loss == Loss::kNothing || path.ends_with("-shm")) continue;
    std::string content = disk.safe;
    for (const Write& write : disk.unsynced) {
      if (loss == Loss::kEverything || random() % 2 == 0) continue;
      const bool torn = &write == &disk.unsynced.back();
      Implementation::apply(content, write, torn ? random() % (write.bytes.size() + 1) : write.bytes.size());
    }
    if (!disk.there && (loss == Loss::kEverything || content.empty())) {
      std::filesystem::remove(path);
    } else {
      std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
    }
  }
  disks_.clear();
  heal();
}

}  // namespace certferry::store::testing
