#include "report/write.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>

#include "report/html.h"
#include "report/json.h"

namespace certferry::report {
namespace {

constexpr unsigned kMode = 0640;

std::unexpected<Error> cannot_write(ErrorKind kind, const std::string& why, std::string fix) {
  return fail(kind, "CF1801", "the report cannot be written: " + why, std::move(fix));
}

Result<> replace(FileSystem& files, const std::string& path, std::string_view text) {
  const auto written = replace_file(files, path, as_bytes(text), kMode);
  if (written) return {};
  return cannot_write(written.error().kind, written.error().message, written.error().fix);
}

// What "/dev/stdout" and its like name. Opened again, a file behind it would be written from its beginning.
std::optional<int> own_descriptor(std::string_view path) {
  if (path == "/dev/stdout" || path == "/proc/self/fd/1") return STDOUT_FILENO;
  if (path == "/dev/stderr" || path == "/proc/self/fd/2") return STDERR_FILENO;
  constexpr std::string_view kNumbered = "/dev/fd/";
  int fd = -1;
  if (!path.starts_with(kNumbered)) return std::nullopt;
  const char* const end = path.data() + path.size();
  const auto [rest, error] = std::from_chars(path.data() + kNumbered.size(), end, fd);
  return error == std::errc() && rest == end && fd >= 0 ? std::optional(fd) : std::nullopt;
}

// Into a pipe, a terminal or a device: it must not be replaced by a file.
Result<> write_into(int fd, const std::string& path, std::string_view text) {
  bool done = fd >= 0;
  while (done && !text.empty()) {
    const ssize_t count = ::write(fd, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    done = count > 0;
    if (done) text.remove_prefix(static_cast<std::size_t>(count));
  }
  if (done) return {};
  const int error = errno;
  return cannot_write(ErrorKind::kFailed, path + ": " + std::strerror(error), "look at the path and its permissions");
}

struct Free {
  void operator()(char* text) const { std::free(text); }
};

// Where the links lead; the path itself where there is nothing.
std::string resolved(const std::string& path) {
  const std::unique_ptr<char, Free> target(::realpath(path.c_str(), nullptr));
  return target ? std::string(target.get()) : path;
}

}  // namespace

Result<> write_report(FileSystem& files, const std::string& path, const Document& document) {
  constexpr std::string_view kHtml = ".html";
  if (const auto fd = own_descriptor(path)) return write_into(*fd, path, to_html(document));
  const std::string target = resolved(path);
  CERTFERRY_ASSIGN(const std::optional<FileStatus> status, files.status(target));
  if (status && status->kind != FileKind::kFile) {
    const int fd = ::open(target.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
    Result<> written = write_into(fd, target, to_html(document));
    if (fd >= 0) ::close(fd);
    return written;
  }
  CERTFERRY_TRY(replace(files, target, to_html(document)));
  const bool html = path.ends_with(kHtml);
  return replace(files, (html ? path.substr(0, path.size() - kHtml.size()) : path) + ".json", to_json(document));
}

}  // namespace certferry::report
