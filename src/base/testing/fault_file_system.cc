#include "base/testing/fault_file_system.h"

#include <cerrno>
#include <stdexcept>

#include "base/file_error.h"

namespace certferry::testing {
namespace {

constexpr int kMaxLinks = 8;

std::string name_of(const std::string& path) { return path.substr(path.find_last_of('/') + 1); }

}  // namespace

FaultFileSystem::FaultFileSystem() : root_(std::make_shared<Node>()) {
  root_->kind = FileKind::kFolder;
  root_->now.mode = root_->durable.mode = 0755;
}

void FaultFileSystem::fail_at(std::uint64_t step, int error) {
  fault_ = step;
  error_ = error;
  killed_ = false;
}

void FaultFileSystem::kill_at(std::uint64_t step) {
  fault_ = step;
  error_ = EIO;
  killed_ = true;
}

void FaultFileSystem::heal() {
  fault_ = kNever;
  steps_ = 0;
  killed_ = false;
}

int FaultFileSystem::step() {
  const std::uint64_t number = steps_++;
  return number == fault_ || (killed_ && number > fault_) ? error_ : 0;
}

void FaultFileSystem::cut_power(Loss loss, std::uint64_t seed) {
  random_.seed(seed);
  std::set<const Node*> seen;
  forget(*root_, loss, seen);
  heal();
}

void FaultFileSystem::forget(Node& node, Loss loss, std::set<const Node*>& seen) {
  if (!seen.insert(&node).second || node.kind == FileKind::kSymlink) return;
  if (loss == Loss::kSome) {
    forget_some(node);
  } else if (node.kind == FileKind::kFolder && loss == Loss::kContent) {
    node.durable = node.now;
  } else {
    node.now = node.durable;
  }
  for (const auto& [name, child] : node.now.entries) forget(*child, loss, seen);
}

void FaultFileSystem::forget_some(Node& node) {
  const auto survives = [this] { return random_() % 2 == 0; };
  if (node.kind != FileKind::kFolder) {
    if (!survives()) node.now = node.durable;
    node.durable = node.now;
    return;
  }
  // What moved within the folder is at one of both names: a rename is one step.
  std::map<const Node*, bool> fates;
  const auto moved = [&](const NodePtr& child) {
    const auto [at, added] = fates.try_emplace(child.get(), false);
    if (added) at->second = survives();
    return at->second;
  };
  std::map<std::string, std::shared_ptr<Node>> entries;
  const auto& before = node.durable.entries;
  const auto& after = node.now.entries;
  for (const auto& [name, child] : before) {
    const auto there = after.find(name);
    if (there == after.end() ? !moved(child) : there->second == child || !moved(there->second)) entries[name] = child;
  }
  for (const auto& [name, child] : after) {
    const auto there = before.find(name);
    if (there != before.end() && there->second == child) continue;
    if (moved(child)) entries[name] = child;
  }
  node.now.entries = node.durable.entries = std::move(entries);
}

FaultFileSystem::NodePtr FaultFileSystem::find(const std::string& path, bool follow) const {
  std::string rest = path;
  for (int links = 0; links < kMaxLinks; ++links) {
    std::vector<NodePtr> above = {root_};
    std::string done;
    std::size_t at = 0;
    bool again = false;
    while (at < rest.size()) {
      const std::size_t slash = std::min(rest.find('/', at), rest.size());
      const std::string part = rest.substr(at, slash - at);
      at = slash + 1;
      if (part.empty() || part == ".") continue;
      if (part == "..") {
        if (above.size() > 1) above.pop_back();
        done = done.substr(0, done.find_last_of('/'));
        continue;
      }
      const auto child = above.back()->now.entries.find(part);
      if (child == above.back()->now.entries.end()) return nullptr;
      if (child->second->kind == FileKind::kSymlink && (follow || at <= rest.size())) {
        const std::string& target = child->second->now.content;
        rest =
            (target.starts_with('/') ? target : done + "/" + target) + (at <= rest.size() ? rest.substr(at - 1) : "");
        again = true;
        break;
      }
      above.push_back(child->second);
      done += "/" + part;
    }
    if (!again) return above.back();
  }
  return nullptr;
}

Result<> FaultFileSystem::insert(const std::string& path, FileKind kind, std::string content, unsigned mode) {
  const NodePtr parent = find(parent_of(path), true);
  if (!parent) return cannot_write(path, ENOENT);
  const auto [at, added] = parent->now.entries.try_emplace(name_of(path));
  if (!added) return cannot_write(path, EEXIST);
  at->second = std::make_shared<Node>();
  Node& node = *at->second;
  node.kind = kind;
  node.number = ++nodes_;
  node.now.mode = node.durable.mode = mode;
  node.now.content = std::move(content);
  if (kind == FileKind::kSymlink) node.durable = node.now;
  return {};
}

Result<std::optional<FileStatus>> FaultFileSystem::status(const std::string& path) {
  const NodePtr node = find(path, false);
  if (!node) return std::optional<FileStatus>();
  FileStatus status;
  status.kind = node->kind;
  status.size = node->now.content.size();
  status.mode = node->now.mode;
  status.owner = node->now.owner;
  status.group = node->now.group;
  status.inode = node->number;
  return std::optional(status);
}

Result<Secret> FaultFileSystem::read(const std::string& path, std::size_t limit) {
  const NodePtr node = find(path, true);
  if (!node) return cannot_read(path, ENOENT);
  if (node->kind != FileKind::kFile) return cannot_read(path, EISDIR);
  if (node->now.content.size() > limit) return cannot_read(path, EFBIG);
  return Secret(std::string_view(node->now.content));
}

Result<> FaultFileSystem::write_new(const std::string& path, ByteView bytes, unsigned mode) {
  const int error = step();
  if (error != 0) {
    // Created, then the disk was full or the process dead.
    if (fault_ + 1 == steps_)
      static_cast<void>(insert(path, FileKind::kFile, std::string(as_text(bytes.first(bytes.size() / 2))), mode));
    return cannot_write(path, error);
  }
  return insert(path, FileKind::kFile, std::string(as_text(bytes)), mode);
}

Result<> FaultFileSystem::sync(const std::string& path) {
  if (const int error = step()) return cannot_write(path, error);
  const NodePtr node = find(path, true);
  if (!node) return cannot_write(path, ENOENT);
  node->durable = node->now;
  return {};
}

Result<> FaultFileSystem::rename(const std::string& from, const std::string& to) {
  if (const int error = step()) return cannot_write(to, error);
  const NodePtr source = find(parent_of(from), true);
  const NodePtr target = find(parent_of(to), true);
  if (!source || !target || !source->now.entries.contains(name_of(from))) return cannot_write(to, ENOENT);
  const NodePtr moved = source->now.entries[name_of(from)];
  const auto there = target->now.entries.find(name_of(to));
  if (there != target->now.entries.end() && there->second->kind == FileKind::kFolder) {
    if (!there->second->now.entries.empty()) return cannot_write(to, ENOTEMPTY);
    if (moved->kind != FileKind::kFolder) return cannot_write(to, EISDIR);
  }
  source->now.entries.erase(name_of(from));
  target->now.entries[name_of(to)] = moved;
  return {};
}

Result<> FaultFileSystem::make_folder(const std::string& path, unsigned mode) {
  if (const int error = step()) return cannot_write(path, error);
  return insert(path, FileKind::kFolder, "", mode);
}

Result<> FaultFileSystem::make_symlink(const std::string& target, const std::string& path) {
  if (const int error = step()) return cannot_write(path, error);
  return insert(path, FileKind::kSymlink, target, 0777);
}

Result<std::string> FaultFileSystem::read_symlink(const std::string& path) {
  const NodePtr node = find(path, false);
  if (!node) return cannot_read(path, ENOENT);
  if (node->kind != FileKind::kSymlink) return cannot_read(path, EINVAL);
  return node->now.content;
}

Result<std::vector<std::string>> FaultFileSystem::list(const std::string& folder) {
  const NodePtr node = find(folder, true);
  if (!node) return cannot_read(folder, ENOENT);
  if (node->kind != FileKind::kFolder) return cannot_read(folder, ENOTDIR);
  std::vector<std::string> names;
  for (const auto& [name, child] : node->now.entries) names.push_back(name);
  return names;
}

Result<> FaultFileSystem::remove(const std::string& path) {
  if (const int error = step()) return cannot_write(path, error);
  const NodePtr parent = find(parent_of(path), true);
  if (!parent || !parent->now.entries.contains(name_of(path))) return {};
  if (!parent->now.entries[name_of(path)]->now.entries.empty()) return cannot_write(path, ENOTEMPTY);
  parent->now.entries.erase(name_of(path));
  return {};
}

Result<> FaultFileSystem::set_mode(const std::string& path, unsigned mode) {
  if (const int error = step()) return cannot_write(path, error);
  const NodePtr node = find(path, true);
  if (!node) return cannot_write(path, ENOENT);
  node->now.mode = mode;
  return {};
}

Result<> FaultFileSystem::set_owner(const std::string& path, unsigned owner, unsigned group) {
  if (const int error = step()) return cannot_write(path, error);
  const NodePtr node = find(path, false);
  if (!node) return cannot_write(path, ENOENT);
  node->now.owner = owner;
  node->now.group = group;
  return {};
}

Result<std::vector<unsigned>> FaultFileSystem::readers(const std::string& path) {
  const NodePtr node = find(path, true);
  if (!node) return cannot_read(path, ENOENT);
  return node->now.readers;
}

Result<> FaultFileSystem::set_readers(const std::string& path, const std::vector<unsigned>& accounts) {
  if (const int error = step()) return cannot_write(path, error);
  const NodePtr node = find(path, true);
  if (!node) return cannot_write(path, ENOENT);
  node->now.readers = accounts;
  node->now.mode = accounts.empty() ? 0600 : 0640;
  return {};
}

void FaultFileSystem::damage(const std::string& path, std::string_view content) {
  const NodePtr node = find(path, true);
  if (!node) throw std::runtime_error("no such file: " + path);
  node->now.content = node->durable.content = std::string(content);
}

std::vector<std::string> FaultFileSystem::dump() const {
  std::vector<std::string> lines;
  dump("", *root_, lines);
  return lines;
}

void FaultFileSystem::dump(const std::string& path, const Node& node, std::vector<std::string>& lines) const {
  static constexpr char kDigits[] = "01234567";
  const std::string mode = {'0', kDigits[(node.now.mode >> 6) & 7], kDigits[(node.now.mode >> 3) & 7],
                            kDigits[node.now.mode & 7]};
  lines.push_back(path + " " + mode + ": " + node.now.content);
  for (const auto& [name, child] : node.now.entries) dump(path + "/" + name, *child, lines);
}

}  // namespace certferry::testing
